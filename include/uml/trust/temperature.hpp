// The temperature at which expected probabilities fit labelled cases best.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/result.hpp"
#include "uml/evidence/temperature.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// The range that is searched.
inline constexpr double least_temperature = 0.01, most_temperature = 100;

/// Mean negative log likelihood of the labels, in nats, with the evidence tempered (see tempered_probability()).
/// `evidence` holds n rows of `classes`.
template <class E>
[[nodiscard]] double tempered_nll(std::span<const E> evidence, int classes, std::span<const int> labels,
                                  double temperature) {
    const auto k = static_cast<std::size_t>(classes);
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        double total = 0;
        for (std::size_t j = 0; j < k; ++j) total += static_cast<double>(evidence[i * k + j]);
        const auto own = static_cast<double>(evidence[i * k + static_cast<std::size_t>(labels[i])]);
        sum += std::log(total + static_cast<double>(classes) * temperature) - std::log(own + temperature);
    }
    return sum / static_cast<double>(labels.size());
}

/// The temperature in [0.01, 100] with the least tempered_nll(): a proper score, so in the limit of many cases the best
/// probabilities of this family (Guo et al. 2017 fit the temperature of a softmax so). A prior, log T normal with mean
/// 0 and standard deviation 1, counts like one case: without it few cases, all answered rightly, would ask for
/// certainty. A fit and no promise: how well calibrated the result is must be measured on other cases. Assumes cases
/// from the same distribution as those to come; patients with many slices weigh more. Fails when sizes do not fit, on a
/// label out of range, and on evidence that is negative or not finite.
template <class E>
[[nodiscard]] result<double> fit_temperature(std::span<const E> evidence, int classes, std::span<const int> labels) {
    if (classes < 2 || labels.empty() || evidence.size() != labels.size() * static_cast<std::size_t>(classes))
        return fail(errc::invalid_argument,
                    {"temperature: ", static_cast<std::uint64_t>(evidence.size()), " numbers do not fit ",
                     std::uint64_t{labels.size()}, " labels of ", classes, " classes"});
    for (const int label : labels)
        if (label < 0 || label >= classes)
            return fail(errc::invalid_argument, {"temperature: label ", label, " is no class"});
    for (const E e : evidence)
        if (!is_finite(e) || e < 0)
            return fail(errc::not_finite, "temperature: there is evidence that is no number from 0 up");
    const auto n = static_cast<double>(labels.size());
    const auto loss = [&](double log_t) {
        return tempered_nll(evidence, classes, labels, std::exp(log_t)) + log_t * log_t / (2 * n);
    };
    // The best of a grid, then golden section around it: the loss may have more than one valley.
    constexpr int steps = 60;
    const double low_end = std::log(least_temperature);
    const double step = (std::log(most_temperature) - low_end) / steps;
    int best = 0;
    double least = loss(low_end);
    for (int i = 1; i <= steps; ++i)
        if (const double l = loss(low_end + i * step); l < least) least = l, best = i;
    double low = low_end + (best > 0 ? best - 1 : best) * step;
    double high = low_end + (best < steps ? best + 1 : best) * step;
    constexpr double golden = 0.61803398874989484820;
    double a = high - golden * (high - low);
    double b = low + golden * (high - low);
    double at_a = loss(a);
    double at_b = loss(b);
    for (int i = 0; i < 40; ++i) {
        if (at_a <= at_b) {
            high = b, b = a, at_b = at_a;
            at_a = loss(a = high - golden * (high - low));
        } else {
            low = a, a = b, at_a = at_b;
            at_b = loss(b = low + golden * (high - low));
        }
    }
    return std::exp((low + high) / 2);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
