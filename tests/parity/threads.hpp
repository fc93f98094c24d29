// The number of threads that the caller asked for.
#pragma once

#include "uml/threads/pool.hpp"

namespace parity {

template <class F> auto with_threads(int count, F f) {
    uml::thread_pool pool(count);
    return f(pool);
}

} // namespace parity
