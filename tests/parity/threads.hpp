// The number of threads that the caller asked for.
#pragma once

#include "uml/threads/pool.hpp"

#include <algorithm>

namespace parity {

inline constexpr int most_threads = 16;

template <class F> auto with_threads(int count, F f) {
    uml::thread_pool pool(std::min(count, most_threads));
    return f(pool);
}

} // namespace parity
