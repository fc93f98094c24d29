// OpenMP's team keeps an executor's promises and gives the bits of one thread.
#include "support/edge.hpp"
#include "support/executor_contract.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/threads/openmp.hpp"

#if defined(__unix__)
    #include <sys/wait.h>
    #include <unistd.h>
#endif

TEST_CASE("teams of any width run every job once") {
    for (const int width : {1, 2, 3, 7}) {
        CAPTURE(width);
        const uml::executor e = uml::openmp(width);
        CHECK(e.width == width);
        uml_test::check_contract(e);
    }
    CHECK(uml::openmp(0).width == 1);
}

#if defined(__unix__)
TEST_CASE("in a forked process the caller does all jobs of a team") {
    const uml::executor e = uml::openmp(3);
    std::atomic<int> sum{0};
    auto job = [&](int j, int) { sum += j; };
    e.for_each(100, job);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        alarm(20); // ends a child that waits for threads that it has not
        int done = 0, others = 0;
        auto alone = [&](int, int thread) {
            ++done;
            others += thread == 0 ? 0 : 1;
        };
        for (int round = 0; round < 50; ++round) e.for_each(20, alone);
        uml::openmp(2).for_each(20, alone);
        _exit(done == 1020 && others == 0 ? 0 : 1);
    }
    int status = 1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    sum = 0;
    e.for_each(100, job); // the parent's is as before
    CHECK(sum == 4950);
}
#endif

TEST_CASE("cpu: a team of any width gives the bits of one thread") {
    const auto m = uml_test::load_edge(uml::cpu{.threads = 7});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto p = uml_test::pixels(64, 64, 1);
    const auto answer = [&](const uml::executor& e) {
        auto w = m->make_workspace(e);
        REQUIRE(w);
        const auto f = m->run(uml::image_view(p.data(), 64, 64, 1), *w);
        REQUIRE(f);
        return uml_test::numbers_of(*f);
    };
    const auto expected = answer({});
    for (const int width : {1, 2, 3, 7}) {
        CAPTURE(width);
        CHECK(answer(uml::openmp(width)) == expected);
    }
}
