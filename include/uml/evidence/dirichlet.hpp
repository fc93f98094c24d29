// A Dirichlet distribution over classes, seen through its parameters in the caller's memory, and what it says:
// belief, vacuity, dissonance, probabilities, entropies.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/result.hpp"
#include "uml/evidence/elementary.hpp"
#include "uml/evidence/special.hpp"

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What a row of numbers holds: the parameters alpha of a Dirichlet, or the evidence e = alpha - 1 that gave them.
enum class holds : std::uint8_t { alpha, evidence };

/// View of one Dirichlet over K >= 2 classes. All measures are computed when asked for and allocate nothing; entropies
/// are in nats. Notation: S = sum of alpha, p_k = alpha_k / S, e_k = alpha_k - 1.
template <std::floating_point T> class dirichlet {
public:
    using value_type = T;

    constexpr dirichlet() = default;

    /// Unchecked, for hot paths: `classes` >= 2 numbers, `stride` elements apart, alpha >= 1 (or evidence >= 0),
    /// finite.
    constexpr dirichlet(const T* values, int classes, std::ptrdiff_t stride = 1, holds what = holds::alpha)
        : values_(values), stride_(stride), classes_(classes), offset_(what == holds::evidence ? T(1) : T(0)) {}

    /// Unchecked; the number of classes follows from the size of the span and the stride.
    constexpr explicit dirichlet(std::span<const T> values, std::ptrdiff_t stride = 1, holds what = holds::alpha)
        : dirichlet(values.data(), count(values, stride), stride, what) {}

    /// Unchecked view of evidence e >= 0: alpha = e + 1.
    [[nodiscard]] static constexpr dirichlet from_evidence(std::span<const T> values, std::ptrdiff_t stride = 1) {
        return dirichlet(values, stride, holds::evidence);
    }

    /// Checked view, for numbers that come from outside. Refuses fewer than two classes, a stride below 1, numbers that
    /// are not finite, alpha < 1 or evidence < 0, and a sum that overflows.
    [[nodiscard]] static constexpr result<dirichlet> make(std::span<const T> values, std::ptrdiff_t stride = 1,
                                                          holds what = holds::alpha) {
        if (stride < 1) return fail(errc::invalid_argument, "Dirichlet: the stride must be at least 1");
        const dirichlet d(values, stride, what);
        if (d.classes() < 2)
            return fail(errc::invalid_argument, {"Dirichlet: ", d.classes(), " classes, at least 2 are needed"});
        for (int k = 0; k < d.classes(); ++k) {
            if (!is_finite(d.alpha(k)))
                return fail(errc::not_finite, {"Dirichlet: class ", k, " is not a finite number"});
            if (d.evidence(k) < 0)
                return fail(errc::invalid_argument,
                            {"Dirichlet: the evidence of class ", k, " is negative (alpha must be at least 1)"});
        }
        if (!is_finite(d.strength())) return fail(errc::not_finite, "Dirichlet: the sum of alpha overflows");
        return d;
    }

    [[nodiscard]] constexpr int classes() const { return classes_; }
    [[nodiscard]] constexpr T alpha(int k) const { return value(k) + offset_; }
    [[nodiscard]] constexpr T evidence(int k) const { return value(k) - (1 - offset_); }

    /// S, the sum of alpha; at least K.
    [[nodiscard]] constexpr T strength() const {
        T sum = 0;
        for (int k = 0; k < classes_; ++k) sum += alpha(k);
        return sum;
    }

    /// Belief mass e_k / S, in [0, 1). With the vacuity the masses of all classes sum to 1.
    [[nodiscard]] constexpr T belief(int k) const { return evidence(k) / strength(); }

    /// K / S, in (0, 1]: the share of belief that no evidence supports. 1 when nothing is known.
    [[nodiscard]] constexpr T vacuity() const { return static_cast<T>(classes_) / strength(); }

    /// Expected probability alpha_k / S.
    [[nodiscard]] constexpr T probability(int k) const { return alpha(k) / strength(); }

    /// Variance of the probability of class k: p_k (1 - p_k) / (S + 1), with 1 - p_k as the share of the other classes,
    /// which keeps its digits when one class dominates.
    [[nodiscard]] constexpr T variance(int k) const {
        const wide others = others_than(k);
        const wide s = others + static_cast<wide>(alpha(k));
        return static_cast<T>(static_cast<wide>(alpha(k)) / s * (others / s) / (s + 1));
    }

    /// Conflict between the beliefs, in [0, 1): high when strong evidence speaks for several classes alike.
    /// sum_k b_k sum_{j != k} b_j Bal(b_j, b_k) / sum_{j != k} b_j with Bal(x, y) = 1 - |x - y| / (x + y)
    /// (Josang, Cho and Chen 2018, "Uncertainty characteristics of subjective opinions").
    [[nodiscard]] constexpr T dissonance() const {
        T sum = 0;
        for (int k = 0; k < classes_; ++k) {
            const T own = evidence(k);
            T balanced = 0;
            T others = 0;
            for (int j = 0; j < classes_; ++j) {
                const T other = evidence(j);
                if (j == k || other == 0) continue;
                others += other;
                balanced += other * (2 * (own < other ? own : other) / (own + other));
            }
            if (others > 0) sum += own * (balanced / others);
        }
        return sum / strength();
    }

    /// Entropy of the expected probabilities, total uncertainty: -sum p_k log p_k, in [0, log K]. Of a class with more
    /// than half the sum -log p_k = log1p(others / alpha_k), which keeps its digits when one class dominates.
    [[nodiscard]] constexpr T entropy() const {
        return expect([](wide a, wide others) { return elementary::log1p(others / a); });
    }

    /// Expected entropy, data uncertainty: -sum p_k (digamma(alpha_k + 1) - digamma(S + 1)). The difference of digammas
    /// is taken as a step from alpha_k by the other classes, for the same reason.
    [[nodiscard]] constexpr T expected_entropy() const {
        return expect([](wide a, wide others) { return digamma_step(a + 1, others); });
    }

    /// Mutual information between the class and the probabilities, knowledge uncertainty: entropy() minus
    /// expected_entropy(), computed as sum p_k (g(alpha_k) - g(S)), g(x) = digamma(x + 1) - log(x), where nothing
    /// cancels.
    [[nodiscard]] constexpr T mutual_information() const {
        const auto gap = [](wide x) { return 1 / x + digamma_minus_log(x); };
        return expect([&](wide a, wide others) { return gap(a) - gap(a + others); });
    }

    /// The most probable class; the first of equals.
    [[nodiscard]] constexpr int predicted() const {
        int best = 0;
        for (int k = 1; k < classes_; ++k)
            if (value(k) > value(best)) best = k;
        return best;
    }

    /// Expected probability of the most probable class, in [1/K, 1).
    [[nodiscard]] constexpr T max_probability() const { return probability(predicted()); }

    /// exp(alpha_k) / sum_j exp(alpha_j): what the evaluation script of the method's authors reports as probability.
    /// Not the expectation under the Dirichlet; use probability() unless you compare with published figures.
    [[nodiscard]] T softmax_of_alpha(int k) const {
        const T largest = value(predicted());
        T sum = 0;
        for (int j = 0; j < classes_; ++j) sum += std::exp(value(j) - largest);
        return std::exp(value(k) - largest) / sum;
    }

private:
    using wide = elementary::wide<T>;

    /// Sum of alpha over the classes but k.
    [[nodiscard]] constexpr wide others_than(int k) const {
        wide sum = 0;
        for (int j = 0; j < classes_; ++j)
            if (j != k) sum += static_cast<wide>(alpha(j));
        return sum;
    }

    /// sum_k p_k f(alpha_k, S - alpha_k). The rest S - alpha_k of the largest class is summed, not subtracted: it may
    /// be far below S's rounding. Those of the others are at least S / 2.
    template <class F> [[nodiscard]] constexpr T expect(F f) const {
        const int top = predicted();
        const wide rest = others_than(top);
        const wide s = static_cast<wide>(alpha(top)) + rest;
        wide sum = 0;
        for (int k = 0; k < classes_; ++k) {
            const auto a = static_cast<wide>(alpha(k));
            sum += a / s * f(a, k == top ? rest : s - a);
        }
        return static_cast<T>(sum);
    }

    static constexpr int count(std::span<const T> values, std::ptrdiff_t stride) {
        return static_cast<int>((static_cast<std::ptrdiff_t>(values.size()) + stride - 1) / stride);
    }
    [[nodiscard]] constexpr T value(int k) const { return values_[k * stride_]; }

    const T* values_ = nullptr;
    std::ptrdiff_t stride_ = 1;
    int classes_ = 0;
    T offset_ = 0; ///< what turns a stored number into alpha
};

template <class C>
explicit dirichlet(const C&, std::ptrdiff_t = 1, holds = holds::alpha)
    -> dirichlet<std::remove_cv_t<std::remove_pointer_t<decltype(std::data(std::declval<const C&>()))>>>;

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
