// How good the predicted classes and probabilities are: accuracy, F1, MCC, Brier score, likelihood.
#pragma once

#include "uml/metrics/sequence.hpp"

#include <cstddef>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

/// Counts of (true class, predicted class), classes * classes of them, row = true class. Empty when sizes differ or a
/// class lies outside [0, classes).
template <sequence_of<int> L, sequence_of<int> P>
[[nodiscard]] std::vector<std::size_t> confusion(const L& labels, const P& predicted, int classes) {
    if (labels.size() != predicted.size() || classes < 1) return {};
    const auto k = static_cast<std::size_t>(classes);
    std::vector<std::size_t> counts(k * k);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto row = static_cast<std::size_t>(labels[i]);
        const auto column = static_cast<std::size_t>(predicted[i]);
        if (row >= k || column >= k) return {};
        ++counts[row * k + column];
    }
    return counts;
}

/// Share of the predictions that are right.
template <sequence_of<int> L, sequence_of<int> P> [[nodiscard]] double accuracy(const L& labels, const P& predicted) {
    if (labels.size() != predicted.size() || labels.size() == 0) return undefined;
    std::size_t right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
        right += static_cast<int>(labels[i]) == static_cast<int>(predicted[i]) ? 1u : 0u;
    return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// Mean of the classes' F1 = 2 TP / (2 TP + FP + FN), weighted by how often each class is the true one (scikit-learn:
/// f1_score, average="weighted").
template <sequence_of<int> L, sequence_of<int> P>
[[nodiscard]] double f1_weighted(const L& labels, const P& predicted, int classes) {
    const std::vector<std::size_t> counts = confusion(labels, predicted, classes);
    if (counts.empty() || labels.size() == 0) return undefined;
    const auto k = static_cast<std::size_t>(classes);
    double sum = 0;
    for (std::size_t c = 0; c < k; ++c) {
        std::size_t support = 0;
        std::size_t claimed = 0;
        for (std::size_t j = 0; j < k; ++j) {
            support += counts[c * k + j];
            claimed += counts[j * k + c];
        }
        if (support == 0) continue;
        sum += static_cast<double>(support) * 2 * static_cast<double>(counts[c * k + c]) /
               static_cast<double>(support + claimed);
    }
    return sum / static_cast<double>(labels.size());
}

/// Mean of the F1 of the classes that are true or predicted somewhere (scikit-learn: f1_score, average="macro").
template <sequence_of<int> L, sequence_of<int> P>
[[nodiscard]] double f1_macro(const L& labels, const P& predicted, int classes) {
    const std::vector<std::size_t> counts = confusion(labels, predicted, classes);
    const auto k = static_cast<std::size_t>(classes < 0 ? 0 : classes);
    std::vector<double> all;
    for (std::size_t c = 0; !counts.empty() && c < k; ++c) {
        std::size_t both = 0;
        for (std::size_t j = 0; j < k; ++j) both += counts[c * k + j] + counts[j * k + c];
        if (both > 0) all.push_back(2 * static_cast<double>(counts[c * k + c]) / static_cast<double>(both));
    }
    return mean(all);
}

/// Mean over the classes that occur of the share of their images that are recognised (scikit-learn:
/// balanced_accuracy_score).
template <sequence_of<int> L, sequence_of<int> P>
[[nodiscard]] double balanced_accuracy(const L& labels, const P& predicted, int classes) {
    const std::vector<std::size_t> counts = confusion(labels, predicted, classes);
    const auto k = static_cast<std::size_t>(classes < 0 ? 0 : classes);
    std::vector<double> all;
    for (std::size_t c = 0; !counts.empty() && c < k; ++c) {
        std::size_t support = 0;
        for (std::size_t j = 0; j < k; ++j) support += counts[c * k + j];
        if (support > 0) all.push_back(static_cast<double>(counts[c * k + c]) / static_cast<double>(support));
    }
    return mean(all);
}

/// Matthews' correlation coefficient for any number of classes, in [-1, 1] (Gorodkin 2004; scikit-learn:
/// matthews_corrcoef, which says 0 where it is undefined: only one class is true, or predicted).
template <sequence_of<int> L, sequence_of<int> P>
[[nodiscard]] double matthews(const L& labels, const P& predicted, int classes) {
    const std::vector<std::size_t> counts = confusion(labels, predicted, classes);
    if (counts.empty()) return undefined;
    const auto k = static_cast<std::size_t>(classes);
    const auto n = static_cast<double>(labels.size());
    double right = 0, agreement = 0, claimed_squared = 0, true_squared = 0;
    for (std::size_t c = 0; c < k; ++c) {
        double support = 0, claimed = 0;
        for (std::size_t j = 0; j < k; ++j) {
            support += static_cast<double>(counts[c * k + j]);
            claimed += static_cast<double>(counts[j * k + c]);
        }
        right += static_cast<double>(counts[c * k + c]);
        agreement += support * claimed;
        claimed_squared += claimed * claimed;
        true_squared += support * support;
    }
    const double spread = (n * n - claimed_squared) * (n * n - true_squared);
    return spread > 0 ? (right * n - agreement) / std::sqrt(spread) : undefined;
}

/// Mean negative logarithm of the true class's probability, in nats; infinite if one is 0 (scikit-learn: log_loss,
/// which clips). `probability` holds n rows of `classes`.
template <sequence_of<int> L, sequence_of<double> P>
[[nodiscard]] double negative_log_likelihood(const L& labels, const P& probability, int classes) {
    if (labels.size() == 0 || !are_rows(labels, probability, classes)) return undefined;
    const auto k = static_cast<std::size_t>(classes);
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
        sum -= std::log(static_cast<double>(probability[i * k + static_cast<std::size_t>(labels[i])]));
    return sum / static_cast<double>(labels.size());
}

/// Mean over the images of sum_k (p_k - [k is the true class])^2, in [0, 2]. `probability` holds n rows of `classes`.
template <sequence_of<int> L, sequence_of<double> P>
[[nodiscard]] double brier(const L& labels, const P& probability, int classes) {
    if (labels.size() == 0 || !are_rows(labels, probability, classes)) return undefined;
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const int label = static_cast<int>(labels[i]);
        for (int k = 0; k < classes; ++k) {
            const double p =
                static_cast<double>(probability[i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(k)]);
            const double miss = p - (k == label ? 1 : 0);
            sum += miss * miss;
        }
    }
    return sum / static_cast<double>(labels.size());
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
