// How far one Dirichlet is from another, and its differential entropy.
#pragma once

#include "uml/core/result.hpp"
#include "uml/evidence/dirichlet.hpp"
#include "uml/evidence/special.hpp"

#include <concepts>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace divergence_detail {

/// (1 + t) log(1 + t) - t for t > -1, at least 0: by its series t^2/2 - t^3/6 + t^4/12 - ... where the terms cancel.
template <std::floating_point T> constexpr T excess(T t) {
    constexpr T small = static_cast<T>(0.05);
    if (t > -small && t < small) {
        T power = t * t;
        T sum = 0;
        for (int n = 2; n < 20; ++n) {
            sum += power / static_cast<T>(n * (n - 1));
            power *= -t;
        }
        return sum;
    }
    return t > -1 ? (1 + t) * elementary::log1p(t) - t : -t;
}

/// KL(Dir(a) || Dir(b)) in nats; a(k), b(k) > 0 are numbers of type W. With Stirling's formula for every log Gamma the
/// large terms cancel on paper:
///   B sum_k p_k excess(q_k / p_k - 1) - (sum_k log(b_k / a_k) - log(B / A)) / 2
///   + sum_k h(a_k, b_k) - h(A, B),  h(a, b) = r(b) - r(a) - (b - a) (digamma(a) - log(a)),
/// A and B the sums, p = a / A, q = b / B, r the remainder of Stirling's formula.
template <std::floating_point W, class F, class G> constexpr W kl(int classes, F a, G b) {
    W sum_a = 0;
    W sum_b = 0;
    for (int k = 0; k < classes; ++k) sum_a += a(k), sum_b += b(k);
    const auto rest = [](W x, W y) {
        return special::stirling_remainder(y) - special::stirling_remainder(x) - (y - x) * digamma_minus_log(x);
    };
    W categorical = 0;
    W local = elementary::log(sum_b / sum_a) / 2 - rest(sum_a, sum_b);
    for (int k = 0; k < classes; ++k) {
        const W p = a(k) / sum_a;
        categorical += p * excess((b(k) / sum_b - p) / p);
        local += rest(a(k), b(k)) - elementary::log(b(k) / a(k)) / 2;
    }
    const W total = sum_b * categorical + local;
    return total > 0 ? total : W(0);
}

} // namespace divergence_detail

/// Kullback-Leibler divergence of `b` from `a`, KL(a || b) in nats: log B(beta) - log B(alpha) + sum_k (alpha_k -
/// beta_k) (digamma(alpha_k) - digamma(A)). At least 0. Both over the same classes (not checked). Absolute error some
/// units of double's rounding, also for evidence of 1e8 where the terms of the formula as it stands cancel.
template <std::floating_point T> [[nodiscard]] constexpr T kl_divergence(const dirichlet<T>& a, const dirichlet<T>& b) {
    using W = elementary::wide<T>;
    return static_cast<T>(divergence_detail::kl<W>(
        a.classes(), [&](int k) { return static_cast<W>(a.alpha(k)); },
        [&](int k) { return static_cast<W>(b.alpha(k)); }));
}

/// KL(d || Dir(1, ..., 1)): what training takes for the evidence of the wrong classes (Sensoy, Kaplan and Kandemir
/// 2018, equation 5). 0 without evidence.
template <std::floating_point T> [[nodiscard]] constexpr T kl_to_uniform(const dirichlet<T>& d) {
    using W = elementary::wide<T>;
    return static_cast<T>(divergence_detail::kl<W>(
        d.classes(), [&](int k) { return static_cast<W>(d.alpha(k)); }, [](int) { return W(1); }));
}

/// Differential entropy over the simplex, in nats: log B(alpha) + (S - K) digamma(S) - sum_k (alpha_k - 1)
/// digamma(alpha_k). Largest, -log Gamma(K), without evidence; falls without bound as evidence grows.
template <std::floating_point T> [[nodiscard]] constexpr T differential_entropy(const dirichlet<T>& d) {
    using W = elementary::wide<T>;
    W log_factorial = 0; // log Gamma(K)
    for (int k = 2; k < d.classes(); ++k) log_factorial += elementary::log(static_cast<W>(k));
    const W divergence = divergence_detail::kl<W>(
        d.classes(), [&](int k) { return static_cast<W>(d.alpha(k)); }, [](int) { return W(1); });
    return static_cast<T>(-log_factorial - divergence);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
