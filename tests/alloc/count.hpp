// The heap of this program, counted and able to refuse. Only where the C library is glibc and no sanitizer has replaced
// the heap already.
#pragma once

#include <atomic>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    #define UML_TEST_SANITIZED
#elif defined(__has_feature)
    #if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
        #define UML_TEST_SANITIZED
    #endif
#endif

namespace heap {

#if defined(__GLIBC__) && !defined(UML_TEST_SANITIZED)
inline constexpr bool counted = true;
    #define UML_TEST_COUNTS_HEAP
#else
inline constexpr bool counted = false;
#endif

inline std::atomic<long> allocations{0}; ///< since the start, of all threads
inline std::atomic<long> alive{0};       ///< not yet freed
inline std::atomic<long> left{-1};       ///< how many more will succeed; negative: all

} // namespace heap
