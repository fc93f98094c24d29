// Whether many numbers stay within a bound, NaN and infinity included, in a loop that every compiler makes a vector
// loop.
#pragma once

#include "uml/version.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// |numbers[i] - centre| <= most for all of them; false for NaN. By bits, so that it holds under -ffast-math too.
template <class T> [[nodiscard]] bool all_within(const T* numbers, std::int64_t count, T centre, T most) {
    using bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    static_assert(sizeof(T) == sizeof(bits) && std::numeric_limits<T>::is_iec559);
    constexpr bits sign = bits{1} << (8 * sizeof(bits) - 1);
    const bits limit = std::bit_cast<bits>(most);
    // Magnitudes of floats are ordered as their bits are; one that is larger than the limit leaves the sign's bit.
    const auto excess = [&](T x) { return limit - (std::bit_cast<bits>(static_cast<T>(x - centre)) & (sign - 1)); };
    constexpr int lanes = 8;
    bits found[lanes]{};
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes)
        for (int k = 0; k < lanes; ++k) found[k] |= excess(numbers[i + k]);
    for (; i < count; ++i) found[0] |= excess(numbers[i]);
    bits any = 0;
    for (const bits b : found) any |= b;
    return (any & sign) == 0;
}

/// Neither NaN nor infinity among them.
template <class T> [[nodiscard]] bool all_finite(const T* numbers, std::int64_t count) {
    return all_within(numbers, count, T(0), std::numeric_limits<T>::max());
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
