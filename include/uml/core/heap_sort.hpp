// Sorting in place without recursion and without <algorithm>, which would cost every user a tenth of a second to
// compile.
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace heap_sort_detail {

/// Elements of any type, so that what sorts them is compiled once.
struct elements {
    unsigned char* first;
    std::size_t count, bytes; ///< bytes of each
    bool (*less)(const void*, const void*);

    [[nodiscard]] bool ordered(std::size_t a, std::size_t b) const {
        return less(first + a * bytes, first + b * bytes);
    }
    /// Of two different ones.
    void swap(std::size_t a, std::size_t b) const {
        unsigned char some[32];
        for (std::size_t at = 0; at < bytes; at += sizeof some) {
            const std::size_t n = bytes - at < sizeof some ? bytes - at : sizeof some;
            std::memcpy(some, first + a * bytes + at, n);
            std::memcpy(first + a * bytes + at, first + b * bytes + at, n);
            std::memcpy(first + b * bytes + at, some, n);
        }
    }
    void sift(std::size_t root, std::size_t end) const {
        for (std::size_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
            if (child + 1 < end && ordered(child, child + 1)) ++child;
            if (!ordered(root, child)) return;
            swap(root, child);
            root = child;
        }
    }
};

inline void sort(const elements& a) {
    bool sorted = true;
    for (std::size_t i = 1; sorted && i < a.count; ++i) sorted = !a.ordered(i, i - 1);
    if (sorted) return;
    for (std::size_t i = a.count / 2; i-- > 0;) a.sift(i, a.count);
    for (std::size_t end = a.count; end-- > 1;) {
        a.swap(0, end);
        a.sift(0, end);
    }
}

} // namespace heap_sort_detail

/// Sorts so that `less(b, a)` holds for no a before b; `less` captures nothing. O(n log n) for any input, O(n) if
/// sorted already; not stable.
template <class T, class Less> void heap_sort(T* first, std::size_t count, Less) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_empty_v<Less>);
    heap_sort_detail::sort(
        {reinterpret_cast<unsigned char*>(first), count, sizeof(T),
         [](const void* a, const void* b) { return Less{}(*static_cast<const T*>(a), *static_cast<const T*>(b)); }});
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
