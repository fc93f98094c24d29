// What an executor promises, as a test for any of them.
#pragma once

#include "uml/core/executor.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <vector>

namespace uml_test {

/// Every job exactly once, on a thread index below the width that no other job uses at that moment; all done on return.
inline void check_contract(const uml::executor& e) {
    const auto width = static_cast<std::size_t>(e.width);
    for (int round = 0; round < 40; ++round)
        for (const int count : {0, 1, 2, 3, 7, 64, 500}) {
            std::vector<int> done(static_cast<std::size_t>(count)); // not atomic: a lost or late job is a data race
            const auto busy = std::make_unique<std::atomic<int>[]>(width);
            std::atomic<int> wrong{0};
            auto job = [&](int j, int thread) {
                if (j < 0 || j >= count || thread < 0 || thread >= e.width) {
                    ++wrong;
                    return;
                }
                if (++busy[static_cast<std::size_t>(thread)] != 1) ++wrong;
                ++done[static_cast<std::size_t>(j)];
                --busy[static_cast<std::size_t>(thread)];
            };
            e.for_each(count, job);
            CHECK(wrong == 0);
            bool once = true;
            for (const int d : done) once = once && d == 1;
            CHECK(once);
        }
}

} // namespace uml_test
