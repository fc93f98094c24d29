// Logarithms that constant expressions may use, and the types that sums of evidence are taken in.
#pragma once

#include "uml/version.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {
namespace elementary {

/// What sums over many numbers of type T are taken in: double for float.
template <std::floating_point T> using wide = std::conditional_t<(sizeof(T) < sizeof(double)), double, T>;

/// 2 atanh(t) = log((1 + t) / (1 - t)) by its series, for |t| up to 0.2.
template <std::floating_point T> [[nodiscard]] constexpr T twice_atanh(T t) {
    const T square = t * t;
    T power = t;
    T sum = 0;
    for (int n = 1; n < 60; n += 2) {
        sum += power / static_cast<T>(n);
        power *= square;
        if (power == 0) break;
    }
    return 2 * sum;
}

/// log(x) as std::log gives it when the program runs. In constant expressions, where that is not allowed, by halving
/// and a series: x > 0 and finite, to a few units of rounding.
template <std::floating_point T> [[nodiscard]] constexpr T log(T x) {
    if (!std::is_constant_evaluated()) return std::log(x);
    constexpr T root_half = static_cast<T>(0.70710678118654752440L);
    int exponent = 0;
    for (; x > 2 * root_half; x /= 2) ++exponent;
    for (; x < root_half; x *= 2) --exponent;
    // log 2 in two parts, the first with few enough bits that a product with the exponent is exact.
    constexpr T coarse = static_cast<T>(0.693145751953125L);
    constexpr T fine = static_cast<T>(1.428606820309417232e-6L);
    const T e = static_cast<T>(exponent);
    return e * coarse + (e * fine + twice_atanh((x - 1) / (x + 1)));
}

/// log(1 + x) for x > -1, without loss for small x; as log() above.
template <std::floating_point T> [[nodiscard]] constexpr T log1p(T x) {
    if (!std::is_constant_evaluated()) return std::log1p(x);
    if (x > static_cast<T>(-0.25) && x < static_cast<T>(0.25)) return twice_atanh(x / (2 + x));
    return log(1 + x);
}

} // namespace elementary
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
