// Calibration: whether answers given with confidence p are right in the share p of cases.
#pragma once

#include "uml/metrics/sequence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

/// The answers whose confidence lies in one bin.
struct reliability_bin {
    std::size_t count = 0;
    double confidence = 0; ///< mean confidence; 0 in an empty bin
    double accuracy = 0;   ///< share of right answers; 0 in an empty bin
};

/// Bins of equal width: bin b holds confidences in (b / bins, (b + 1) / bins], the first one 0 too. The data of a
/// reliability diagram. Empty when sizes differ or a confidence lies outside [0, 1].
template <sequence_of<double> C, sequence_of<bool> R>
[[nodiscard]] std::vector<reliability_bin> reliability(const C& confidence, const R& right, int bins = 15) {
    if (confidence.size() != right.size() || bins < 1) return {};
    std::vector<reliability_bin> result(static_cast<std::size_t>(bins));
    for (std::size_t i = 0; i < confidence.size(); ++i) {
        const auto p = static_cast<double>(confidence[i]);
        if (!(p >= 0 && p <= 1)) return {};
        std::size_t b = 0;
        while (b + 1 < result.size() && p > static_cast<double>(b + 1) / bins) ++b;
        ++result[b].count;
        result[b].confidence += p;
        result[b].accuracy += static_cast<bool>(right[i]) ? 1 : 0;
    }
    for (reliability_bin& bin : result) {
        if (bin.count == 0) continue;
        bin.confidence /= static_cast<double>(bin.count);
        bin.accuracy /= static_cast<double>(bin.count);
    }
    return result;
}

/// Expected calibration error: mean over the answers of |accuracy - confidence| of their bin (Guo et al. 2017).
template <sequence_of<double> C, sequence_of<bool> R>
[[nodiscard]] double ece(const C& confidence, const R& right, int bins = 15) {
    if (confidence.size() == 0) return undefined;
    const std::vector<reliability_bin> table = reliability(confidence, right, bins);
    if (table.empty()) return undefined;
    double sum = 0;
    for (const reliability_bin& bin : table)
        sum += static_cast<double>(bin.count) * std::abs(bin.accuracy - bin.confidence);
    return sum / static_cast<double>(confidence.size());
}

/// The same without much of the bias that makes ece() large on few images even where calibration is perfect: of each
/// bin's |d|, d = accuracy - confidence, the mean excess E|d + noise| - |d| is taken off, for normal noise of variance
/// accuracy (1 - accuracy) / count (Kumar, Liang and Ma 2019, section 5, with the expectation in closed form). Never
/// below 0. A bin of one answer has no such variance and keeps its bias.
template <sequence_of<double> C, sequence_of<bool> R>
[[nodiscard]] double ece_debiased(const C& confidence, const R& right, int bins = 15) {
    if (confidence.size() == 0) return undefined;
    const std::vector<reliability_bin> table = reliability(confidence, right, bins);
    if (table.empty()) return undefined;
    double sum = 0;
    for (const reliability_bin& bin : table) {
        const auto count = static_cast<double>(bin.count);
        const double d = std::abs(bin.accuracy - bin.confidence);
        double expected = d;
        if (const double variance = bin.count > 0 ? bin.accuracy * (1 - bin.accuracy) / count : 0; variance > 0) {
            constexpr double two_over_pi = 0.63661977236758134308;
            expected = std::sqrt(variance * two_over_pi) * std::exp(-d * d / (2 * variance)) +
                       d * std::erf(d / std::sqrt(2 * variance));
        }
        sum += count * (2 * d - expected);
    }
    return sum > 0 ? sum / static_cast<double>(confidence.size()) : 0;
}

/// Calibration error of all probabilities, not of the largest one alone: mean over the classes of ece() of p_k against
/// "the label is k" (Kull et al. 2019). `probability` holds n rows of `classes`.
template <sequence_of<int> L, sequence_of<double> P>
[[nodiscard]] double ece_classwise(const L& labels, const P& probability, int classes, int bins = 15) {
    if (!are_rows(labels, probability, classes)) return undefined;
    const auto k = static_cast<std::size_t>(classes);
    std::vector<double> all, score(labels.size());
    std::vector<bool> hit(labels.size());
    for (std::size_t c = 0; c < k; ++c) {
        for (std::size_t i = 0; i < labels.size(); ++i) {
            score[i] = static_cast<double>(probability[i * k + c]);
            hit[i] = static_cast<std::size_t>(labels[i]) == c;
        }
        all.push_back(ece(score, hit, bins));
    }
    return mean(all);
}

/// Expected calibration error with bins of equal count, cut as numpy.array_split does (Nguyen and O'Connor 2015; Nixon
/// et al. 2019). Answers of equal confidence all count with the share of right ones among them, so that their order
/// does not matter.
template <sequence_of<double> C, sequence_of<bool> R>
[[nodiscard]] double ece_adaptive(const C& confidence, const R& right, int bins = 15) {
    struct item {
        double confidence, right;
    };
    if (confidence.size() != right.size() || confidence.size() == 0 || bins < 1) return undefined;
    std::vector<item> items;
    for (std::size_t i = 0; i < confidence.size(); ++i) {
        items.push_back({static_cast<double>(confidence[i]), static_cast<bool>(right[i]) ? 1.0 : 0.0});
        if (!(items.back().confidence >= 0 && items.back().confidence <= 1)) return undefined;
    }
    std::sort(items.begin(), items.end(), [](const item& a, const item& b) { return a.confidence < b.confidence; });
    for (std::size_t begin = 0, end = 0; begin < items.size(); begin = end) {
        double sum = 0;
        for (; end < items.size() && items[end].confidence == items[begin].confidence; ++end) sum += items[end].right;
        for (std::size_t i = begin; i < end; ++i) items[i].right = sum / static_cast<double>(end - begin);
    }
    const std::size_t n = items.size();
    const auto parts = static_cast<std::size_t>(bins);
    double error = 0;
    for (std::size_t b = 0, i = 0; b < parts; ++b) {
        double difference = 0;
        for (const std::size_t end = i + n / parts + (b < n % parts ? 1 : 0); i < end; ++i)
            difference += items[i].right - items[i].confidence;
        error += std::abs(difference);
    }
    return error / static_cast<double>(n);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
