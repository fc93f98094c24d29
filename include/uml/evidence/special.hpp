// The digamma function.
#pragma once

#include "uml/version.hpp"

#include <cmath>
#include <concepts>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// digamma(x) - log(x) for x > 0, a number between -1/x and -1/(2x). Precise also for large x, where the two terms
/// cancel: recurrence up to x >= 10, then the asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18).
template <std::floating_point T> [[nodiscard]] inline T digamma_minus_log(T x) {
    constexpr T large_enough = 10;
    T y = x;
    T reciprocals = 0;
    for (; y < large_enough; y += 1) reciprocals += 1 / y;
    const T shift = y == x ? T(0) : std::log(y / x) - reciprocals;
    const T z = 1 / (y * y);
    // Bernoulli numbers B(2n) / (2n), n = 1..7.
    const T series =
        z * (T(1) / 12 -
             z * (T(1) / 120 - z * (T(1) / 252 - z * (T(1) / 240 - z * (T(1) / 132 - z * (T(691) / 32760 - z / 12))))));
    return shift - 1 / (2 * y) - series;
}

/// The digamma function, derivative of log Gamma, for x > 0; absolute error a few units of rounding.
template <std::floating_point T> [[nodiscard]] inline T digamma(T x) { return std::log(x) + digamma_minus_log(x); }

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
