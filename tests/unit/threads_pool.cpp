// The pool of threads keeps an executor's promises, awake and asleep.
#include "support/executor_contract.hpp"

#include "uml/threads/pool.hpp"

#include <chrono>
#include <thread>

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
