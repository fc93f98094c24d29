// The digamma function and the remainder of Stirling's formula, also in constant expressions.
#pragma once

#include "uml/evidence/elementary.hpp"

#include <concepts>
#include <limits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace special {

/// From here on seven terms of the asymptotic series are exact to the rounding of the type.
template <class T> inline constexpr T large_enough = std::numeric_limits<T>::digits > 53 ? 24 : 10;

/// log(x) - 1 / (2 x) - digamma(x) for x >= large_enough: the sum of B(2n) / (2n x^2n) (Abramowitz and Stegun 6.3.18).
template <std::floating_point T> [[nodiscard]] constexpr T digamma_series(T x) {
    const T z = 1 / x / x;
    return z *
           (T(1) / 12 -
            z * (T(1) / 120 - z * (T(1) / 252 - z * (T(1) / 240 - z * (T(1) / 132 - z * (T(691) / 32760 - z / 12))))));
}

/// log Gamma(x) - ((x - 1/2) log(x) - x + log(2 pi) / 2) for x > 0, between 0 and 1 / (12 x): the asymptotic series
/// (Abramowitz and Stegun 6.1.41), for small x carried down by r(x) = r(x + 1) + (x + 1/2) log(1 + 1/x) - 1.
template <std::floating_point T> [[nodiscard]] constexpr T stirling_remainder(T x) {
    T steps = 0;
    for (; x < large_enough<T>; x += 1) steps += (x + T(1) / 2) * elementary::log1p(1 / x) - 1;
    const T z = 1 / x / x;
    const T series =
        (T(1) / 12 - z * (T(1) / 360 - z * (T(1) / 1260 -
                                            z * (T(1) / 1680 - z * (T(1) / 1188 - z * (T(691) / 360360 - z / 156)))))) /
        x;
    return steps + series;
}

} // namespace special

/// digamma(x) - log(x) for x > 0, a number between -1/x and -1/(2x). Precise also for large x, where the two terms
/// cancel: recurrence, then the asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18).
template <std::floating_point T> [[nodiscard]] constexpr T digamma_minus_log(T x) {
    T y = x;
    T reciprocals = 0;
    for (; y < special::large_enough<T>; y += 1) reciprocals += 1 / y;
    constexpr T tiny = static_cast<T>(1e-3); // y / x overflows for the smallest x
    T shift = -reciprocals;
    if (y != x) shift += x < tiny ? elementary::log(y) - elementary::log(x) : elementary::log(y / x);
    return shift - 1 / (2 * y) - special::digamma_series(y);
}

/// The digamma function, derivative of log Gamma, for x > 0; absolute error a few units of rounding, -infinity where
/// -1 / x is beyond the type's range. long double to 1e-18.
template <std::floating_point T> [[nodiscard]] constexpr T digamma(T x) {
    T reciprocals = 0;
    for (; x < special::large_enough<T>; x += 1) reciprocals += 1 / x;
    return elementary::log(x) - 1 / (2 * x) - special::digamma_series(x) - reciprocals;
}

/// digamma(x + d) - digamma(x) for x >= 1, d >= 0, without loss where d is small beside x.
template <std::floating_point T> [[nodiscard]] constexpr T digamma_step(T x, T d) {
    return elementary::log1p(d / x) + (digamma_minus_log(x + d) - digamma_minus_log(x));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
