// How good the predicted classes and probabilities are: accuracy, F1, Brier score.
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

/// Mean over the images of sum_k (p_k - [k is the true class])^2, in [0, 2]. `probability` holds n rows of `classes`.
template <sequence_of<int> L, sequence_of<double> P>
[[nodiscard]] double brier(const L& labels, const P& probability, int classes) {
    if (labels.size() == 0 || classes < 2 || probability.size() != labels.size() * static_cast<std::size_t>(classes))
        return undefined;
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const int label = static_cast<int>(labels[i]);
        if (label < 0 || label >= classes) return undefined;
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
