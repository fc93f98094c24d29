// Sorting in place without recursion and without <algorithm>, which would cost every user a tenth of a second to
// compile.
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <span>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Sorts so that `less(b, a)` holds for no a before b. O(n log n) for any input, O(n) if sorted already; not stable.
template <class T, class Less> constexpr void heap_sort(std::span<T> a, Less less) {
    bool sorted = true;
    for (std::size_t i = 1; sorted && i < a.size(); ++i) sorted = !less(a[i], a[i - 1]);
    if (sorted) return;
    const auto sift = [&](std::size_t root, std::size_t count) {
        for (std::size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
            if (child + 1 < count && less(a[child], a[child + 1])) ++child;
            if (!less(a[root], a[child])) return;
            std::swap(a[root], a[child]);
            root = child;
        }
    };
    for (std::size_t i = a.size() / 2; i-- > 0;) sift(i, a.size());
    for (std::size_t count = a.size(); count-- > 1;) {
        std::swap(a[0], a[count]);
        sift(0, count);
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
