// Receiver operating characteristic: how well a score ranks positives above negatives.
#pragma once

#include "uml/metrics/sequence.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

/// A point of the curve: shares of the negatives and of the positives with a score of at least `threshold`.
struct roc_point {
    double threshold;
    double false_positive_rate;
    double true_positive_rate;
};

/// The curve from (0, 0) to (1, 1), one point per distinct score. Empty when sizes differ, a score is NaN, or there is
/// no positive or no negative.
template <sequence_of<double> S, sequence_of<bool> P>
[[nodiscard]] std::vector<roc_point> roc_curve(const S& score, const P& positive) {
    struct item {
        double score;
        bool positive;
    };
    if (score.size() != positive.size()) return {};
    std::vector<item> items;
    items.reserve(score.size());
    std::size_t positives = 0;
    for (std::size_t i = 0; i < score.size(); ++i) {
        items.push_back({static_cast<double>(score[i]), static_cast<bool>(positive[i])});
        if (std::isnan(items.back().score)) return {};
        positives += items.back().positive ? 1u : 0u;
    }
    const std::size_t negatives = items.size() - positives;
    if (positives == 0 || negatives == 0) return {};
    std::sort(items.begin(), items.end(), [](const item& a, const item& b) { return a.score > b.score; });

    std::vector<roc_point> curve{{std::numeric_limits<double>::infinity(), 0, 0}};
    std::size_t above = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        above += items[i].positive ? 1u : 0u;
        if (i + 1 < items.size() && items[i + 1].score == items[i].score) continue;
        curve.push_back({items[i].score, static_cast<double>(i + 1 - above) / static_cast<double>(negatives),
                         static_cast<double>(above) / static_cast<double>(positives)});
    }
    return curve;
}

/// Area under the curve: the probability that a positive scores higher than a negative, ties counting half
/// (scikit-learn: roc_auc_score). With the uncertainty as score and the wrong answers as positives this is how well
/// errors are detected.
template <sequence_of<double> S, sequence_of<bool> P> [[nodiscard]] double auroc(const S& score, const P& positive) {
    const std::vector<roc_point> curve = roc_curve(score, positive);
    if (curve.empty()) return undefined;
    double area = 0;
    for (std::size_t i = 1; i < curve.size(); ++i)
        area += (curve[i].false_positive_rate - curve[i - 1].false_positive_rate) *
                (curve[i].true_positive_rate + curve[i - 1].true_positive_rate) / 2;
    return area;
}

/// Mean over the classes of the area of "this class against the rest" by its probability (scikit-learn: roc_auc_score,
/// multi_class="ovr", average="macro"; for two classes that of class 1). `probability` holds n rows of `classes`.
/// Classes that no image or every image has are left out; undefined when none is left, or where a number is NaN.
template <sequence_of<int> L, sequence_of<double> P>
[[nodiscard]] double auc(const L& labels, const P& probability, int classes) {
    constexpr double all = std::numeric_limits<double>::infinity();
    if (!are_rows(labels, probability, classes, -all, all)) return undefined;
    const auto k = static_cast<std::size_t>(classes);
    std::vector<double> areas;
    std::vector<double> score(labels.size());
    std::vector<bool> positive(labels.size());
    for (std::size_t c = k == 2 ? 1 : 0; c < k; ++c) {
        for (std::size_t i = 0; i < labels.size(); ++i) {
            score[i] = static_cast<double>(probability[i * k + c]);
            positive[i] = static_cast<std::size_t>(labels[i]) == c;
        }
        areas.push_back(auroc(score, positive));
    }
    return mean(areas);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
