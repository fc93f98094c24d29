// Whether a process was forked off one that had started threads: they are not there.
#pragma once

#include "uml/version.hpp"

#include <atomic>
#include <cstdint>

#if __has_include(<pthread.h>)
    #include <pthread.h>
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::threads_detail {

/// How many forks lie between the first process and this one, counted from the first call of watch_forks() on.
inline std::atomic<unsigned> forks{0};

inline void watch_forks() {
#if defined(__unix__) || defined(__APPLE__)
    static std::atomic<bool> watched{false};
    if (!watched.exchange(true))
        pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
#endif
}

/// Whether OpenMP may be asked for a team in this process; if so, it counts as the one that has teams. In a process
/// that is forked off it, OpenMP would wait for ever for the team's threads.
[[nodiscard]] inline bool teams_come() {
    static std::atomic<std::int64_t> with_teams{-1}; // a process, by its number of forks
    watch_forks();
    const std::int64_t own = forks.load(std::memory_order_relaxed);
    std::int64_t first = with_teams.load(std::memory_order_relaxed);
    return first == own || (first < 0 && (with_teams.compare_exchange_strong(first, own) || first == own));
}

} // namespace uml::inline UML_VERSION_NAMESPACE::threads_detail

#include "uml/core/end.inc"
