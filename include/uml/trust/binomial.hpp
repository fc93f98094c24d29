// The binomial distribution and what it says about a share that was counted.
#pragma once

#include "uml/evidence/special.hpp"

#include <cmath>
#include <cstdint>

/// Promises about new cases, made from labelled ones that nothing was trained or chosen on. Each function states what
/// it promises and under which assumptions; docs/trust-statistics.md has them side by side, with simulations.
#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

namespace detail {

inline double log_gamma(double x) {
    constexpr double half_log_two_pi = 0.91893853320467274178;
    return (x - 0.5) * std::log(x) - x + half_log_two_pi + special::stirling_remainder(x);
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8) by Lentz's method, for
/// x < (a + 1) / (a + b + 2).
inline double beta_fraction(double x, double a, double b) {
    constexpr double tiny = 1e-300;
    const auto safe = [](double v) { return std::fabs(v) < tiny ? tiny : v; };
    double c = 1;
    double d = 1 / safe(1 - (a + b) * x / (a + 1));
    double value = d;
    for (int m = 1; m < 10000; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / safe(1 + even * d);
        c = safe(1 + even / c);
        value *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / safe(1 + odd * d);
        c = safe(1 + odd / c);
        value *= d * c;
        if (std::fabs(d * c - 1) < 1e-15) break;
    }
    return value;
}

/// The p in (0, 1) at which a decreasing function of it falls to `level`.
template <class F> double where_it_falls_to(double level, F f) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 80; ++i) {
        const double middle = (low + high) / 2;
        (f(middle) > level ? low : high) = middle;
    }
    return (low + high) / 2;
}

} // namespace detail

/// The regularised incomplete beta function I_x(a, b), a, b > 0, x in [0, 1].
[[nodiscard]] inline double incomplete_beta(double x, double a, double b) {
    if (!(x > 0)) return 0;
    if (!(x < 1)) return 1;
    const double front = std::exp(detail::log_gamma(a + b) - detail::log_gamma(a) - detail::log_gamma(b) +
                                  a * std::log(x) + b * std::log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * detail::beta_fraction(x, a, b) / a;
    return 1 - front * detail::beta_fraction(1 - x, b, a) / b;
}

/// P(X <= k) for X of n trials with success probability p.
[[nodiscard]] inline double binomial_cdf(std::uint64_t k, std::uint64_t n, double p) {
    if (k >= n) return 1;
    return incomplete_beta(1 - p, static_cast<double>(n - k), static_cast<double>(k) + 1);
}

/// A share, from low to high.
struct share_interval {
    double low = 0;
    double high = 1;
};

/// The interval of Clopper and Pearson (1934) for the share behind k of n: holds it with at least `confidence`, in
/// (0, 1), whatever the share. Assumes independent cases: for slices of the same patients use a bootstrap by group. 0
/// to 1 for n = 0.
[[nodiscard]] inline share_interval clopper_pearson(std::uint64_t k, std::uint64_t n, double confidence = 0.95) {
    if (n == 0 || k > n) return {};
    const double tail = (1 - confidence) / 2;
    share_interval i;
    if (k > 0) i.low = detail::where_it_falls_to(1 - tail, [&](double p) { return binomial_cdf(k - 1, n, p); });
    if (k < n) i.high = detail::where_it_falls_to(tail, [&](double p) { return binomial_cdf(k, n, p); });
    return i;
}

/// One-sided: the share behind k of n is at most this with at least `confidence`. 1 for n = 0.
[[nodiscard]] inline double binomial_upper(std::uint64_t k, std::uint64_t n, double confidence) {
    if (k >= n) return 1;
    return detail::where_it_falls_to(1 - confidence, [&](double p) { return binomial_cdf(k, n, p); });
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
