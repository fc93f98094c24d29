// The pool of threads keeps an executor's promises, awake and asleep.
#include "support/executor_contract.hpp"

#include "uml/threads/pool.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>
#if defined(__linux__)
    #include <sys/resource.h>
    #include <sys/wait.h>
    #include <unistd.h>
#endif

// A job that may throw is no body of an executor: threads would be left with pointers into a frame that is gone.
static_assert(std::is_convertible_v<void (*)(void*, int, int) noexcept, uml::executor::body>);
static_assert(!std::is_convertible_v<void (*)(void*, int, int), uml::executor::body>);

TEST_CASE("without threads the jobs run in order") {
    const uml::executor serial;
    CHECK(serial.width == 1);
    int next = 0;
    auto job = [&](int j, int thread) {
        CHECK(j == next);
        CHECK(thread == 0);
        ++next;
    };
    serial.for_each(5, job);
    CHECK(next == 5);
    uml_test::check_contract(serial);
}

TEST_CASE("pools of any width run every job once") {
    for (const int width : {1, 2, 3, 7}) {
        CAPTURE(width);
        uml::thread_pool pool(width);
        CHECK(pool.width() == width);
        const uml::executor e = pool;
        CHECK(e.width == width);
        uml_test::check_contract(e);
    }
    CHECK(uml::thread_pool(0).width() == 1);
    CHECK(uml::thread_pool(-3).width() == 1);
}

TEST_CASE("no jobs, and fewer than none, are none") {
    uml::thread_pool pool(3);
    const uml::executor e = pool;
    std::atomic<int> done{0};
    auto job = [&](int, int) { ++done; };
    for (const int count : {0, -1, std::numeric_limits<int>::min()}) {
        e.for_each(count, job);
        uml::executor{}.for_each(count, job);
    }
    CHECK(done == 0);
    e.for_each(1, job);
    CHECK(done == 1);
}

namespace {

/// Uses a pool when its thread, or the program, ends.
struct last_call {
    uml::executor on;
    std::atomic<int>* sum;
    ~last_call() {
        auto job = [this](int j, int) { *sum += j; };
        on.for_each(100, job);
    }
};

} // namespace

TEST_CASE("a pool is used from the destructor of a thread's own object, and of one that an ending pool's job leaves") {
    std::atomic<int> sum{0};
    uml::thread_pool pool(3);
    std::thread other([&] { thread_local const last_call on_exit{pool, &sum}; });
    other.join();
    CHECK(sum == 4950);
    {
        uml::thread_pool inner(2);
        const uml::executor e = inner;
        auto job = [&](int, int) { const last_call on_return{pool, &sum}; };
        e.for_each(4, job);
    }
    CHECK(sum == 5 * 4950);
}

TEST_CASE("threads that have gone to sleep wake up") {
    uml::thread_pool pool(3);
    const uml::executor e = pool;
    for (int round = 0; round < 5; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // much longer than they spin
        std::atomic<int> sum{0};
        auto job = [&](int j, int) { sum += j; };
        e.for_each(100, job);
        CHECK(sum == 4950);
    }
}

TEST_CASE("several threads work at the same time") {
    uml::thread_pool pool(2);
    const uml::executor e = pool;
    std::atomic<int> inside{0};
    auto job = [&](int, int) { // each waits for the other
        ++inside;
        while (inside < 2) std::this_thread::yield();
    };
    e.for_each(2, job);
    CHECK(inside == 2);
}

TEST_CASE("a run ends when its last job has, whichever thread does it") {
    uml::thread_pool pool(2);
    const uml::executor e = pool;
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> inside{0}, done{0};
        auto job = [&](int, int thread) {
            ++inside;
            while (inside < 2) std::this_thread::yield();
            if (thread != 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
            ++done;
        };
        e.for_each(2, job);
        CHECK(done == 2);
    }
}

TEST_CASE("pools come and go, used or not, side by side") {
    for (int i = 0; i < 20; ++i) {
        uml::thread_pool unused(4), first(2), second(3);
        std::atomic<int> sum{0};
        auto job = [&](int j, int) { sum += j; };
        const uml::executor a = first, b = second;
        std::thread other([&] { b.for_each(50, job); });
        a.for_each(50, job);
        other.join();
        CHECK(sum == 2 * 1225);
    }
}

TEST_CASE("a job that calls its own pool does those jobs itself, as the thread it runs on") {
    for (const int width : {1, 2, 3}) {
        CAPTURE(width);
        uml::thread_pool pool(width), other(2);
        const uml::executor e = pool, second = other;
        std::vector<int> done(8 * 64);
        std::atomic<int> wrong{0};
        auto outer = [&](int i, int thread) {
            const auto here = std::this_thread::get_id();
            int next = 0;
            auto inner = [&](int j, int t) {
                if (t != thread || j != next++ || std::this_thread::get_id() != here) ++wrong;
                ++done[static_cast<std::size_t>(i * 64 + j)];
            };
            e.for_each(64, inner);
        };
        e.for_each(8, outer);
        for (const int d : done) CHECK(d == 1);
        // Through another pool, whose jobs run on this thread too, and after a nested call as before it.
        std::atomic<int> sum{0};
        auto add = [&](int j, int) { sum += j; };
        auto through = [&](int, int) {
            e.for_each(3, add);
            second.for_each(1, add);
            e.for_each(3, add);
        };
        e.for_each(4, through);
        CHECK(sum == 4 * 6);
        CHECK(wrong == 0);
    }
}

TEST_CASE("callers of one pool take turns, and each finds its jobs done") {
    for (const int width : {1, 2, 3}) {
        CAPTURE(width);
        uml::thread_pool pool(width);
        const uml::executor e = pool;
        constexpr int callers = 4, rounds = 200, count = 50;
        std::vector<std::atomic<int>> busy(static_cast<std::size_t>(width)); // of all callers together
        std::atomic<int> wrong{0};
        std::vector<std::thread> threads;
        for (int c = 0; c < callers; ++c)
            threads.emplace_back([&] {
                for (int r = 0; r < rounds; ++r) {
                    std::vector<int> done(count); // not atomic: a lost or late job is a data race
                    auto job = [&](int j, int thread) {
                        if (++busy[static_cast<std::size_t>(thread)] != 1) ++wrong;
                        ++done[static_cast<std::size_t>(j)];
                        --busy[static_cast<std::size_t>(thread)];
                    };
                    e.for_each(r % 5 == 0 ? 1 : count, job);
                    for (std::size_t j = 0; j < count; ++j) wrong += done[j] != (r % 5 == 0 ? j == 0 : 1) ? 1 : 0;
                }
            });
        for (std::thread& t : threads) t.join();
        CHECK(wrong == 0);
    }
}

TEST_CASE("nobody waits for a thread that does not come") {
    uml::thread_pool pool(2);
    const uml::executor e = pool;
    const auto caller = std::this_thread::get_id();
    std::atomic<int> inside{0};
    auto slow = [&](int, int thread) { // both threads have one, and the worker is late with it: it rests afterwards
        ++inside;
        while (inside < 2) std::this_thread::yield();
        if (thread != 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    };
    e.for_each(2, slow);
    std::atomic<bool> alone{true};
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> done{0};
        auto job = [&](int, int) {
            if (std::this_thread::get_id() != caller) alone = false;
            std::this_thread::sleep_for(std::chrono::microseconds(200)); // time for the other to come
            ++done;
        };
        e.for_each(8, job);
        CHECK(done == 8);
    }
    // On a machine that stops this thread for longer than the rest the worker may be back.
    if (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(40)) CHECK(alone);
    // It comes back.
    inside = 0;
    auto meet = [&](int, int) {
        ++inside;
        while (inside < 2) std::this_thread::yield();
    };
    e.for_each(2, meet);
    CHECK(inside == 2);
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    #if !defined(__has_feature)
        #define __has_feature(x) 0
    #endif
    #if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
TEST_CASE("more threads than there can be: as many as there are, at most 4096") {
    for (const int width : {std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
        uml::thread_pool pool(width);
        CHECK(pool.width() >= 1);
        CHECK(pool.width() <= 4096);
        const uml::executor e = pool;
        std::atomic<int> sum{0};
        auto job = [&](int j, int) { sum += j; };
        e.for_each(100, job);
        CHECK(sum == 4950);
    }
}

TEST_CASE("in a forked process the caller does all jobs, the pool ends, and another one has threads") {
    for (const bool asleep : {true, false}) {
        auto pool = std::make_unique<uml::thread_pool>(3);
        const uml::executor e = *pool;
        std::atomic<int> sum{0};
        auto job = [&](int j, int) { sum += j; };
        e.for_each(100, job);
        if (asleep) std::this_thread::sleep_for(std::chrono::milliseconds(20)); // longer than they spin
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            alarm(20); // ends a child that waits for threads that it has not
            int done = 0, others = 0;
            auto alone = [&](int, int thread) {
                ++done;
                others += thread == 0 ? 0 : 1;
                e.for_each(2, job);
            };
            for (int round = 0; round < 50; ++round) e.for_each(20, alone);
            uml::thread_pool own(2);
            std::atomic<int> inside{0};
            auto meet = [&](int, int) {
                ++inside;
                while (inside < 2) std::this_thread::yield();
            };
            const uml::executor f = own;
            f.for_each(2, meet);
            const pid_t grandchild = fork(); // of a process with both kinds
            if (grandchild == 0) {
                alarm(10);
                f.for_each(100, job);
                e.for_each(100, job);
                _exit(0);
            }
            int status = 1;
            waitpid(grandchild, &status, 0);
            pool.reset();
            _exit(done == 1000 && others == 0 && inside == 2 && status == 0 ? 0 : 1);
        }
        int status = 0;
        REQUIRE(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
        sum = 0;
        e.for_each(100, job); // the parent's is as before
        CHECK(sum == 4950);
    }
}

TEST_CASE("threads that cannot be started are done without") {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) { // a process with memory for a few stacks only
        const rlimit little{256u << 20, 256u << 20};
        if (setrlimit(RLIMIT_AS, &little) != 0) _exit(2);
        uml::thread_pool pool(200);
        const uml::executor e = pool;
        std::atomic<int> sum{0};
        auto job = [&](int j, int) { sum += j; };
        for (int round = 0; round < 50; ++round) e.for_each(100, job);
        _exit(pool.width() >= 1 && pool.width() < 200 && e.width == pool.width() && sum == 50 * 4950 ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
    #endif
#endif
