// OpenMP's team keeps an executor's promises and gives the bits of one thread.
#include "support/edge.hpp"
#include "support/executor_contract.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/threads/openmp.hpp"

TEST_CASE("teams of any width run every job once") {
    for (const int width : {1, 2, 3, 7}) {
        CAPTURE(width);
        const uml::executor e = uml::openmp(width);
        CHECK(e.width == width);
        uml_test::check_contract(e);
    }
    CHECK(uml::openmp(0).width == 1);
}

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
