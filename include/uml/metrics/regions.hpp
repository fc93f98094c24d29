// One region of a mask against the same region of the true one: pixels counted, and lesions.
#pragma once

#include "uml/metrics/sequence.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

/// Shares of pixels, in [0, 1]. Dice and IoU are 1 when the region is in neither mask; the others are undefined where
/// nothing is to be counted.
struct region_overlap {
    double dice = undefined;        ///< 2 TP / (2 TP + FP + FN)
    double iou = undefined;         ///< TP / (TP + FP + FN)
    double sensitivity = undefined; ///< TP / (TP + FN): share of the true pixels that are found
    double specificity = undefined; ///< TN / (TN + FP): share of the other pixels that are left alone
    double ppv = undefined;         ///< TP / (TP + FP): share of the found pixels that are true
};

/// Region `label` of two label maps with an element a pixel.
template <sequence_of<int> A, sequence_of<int> B>
[[nodiscard]] region_overlap overlap_of_region(const A& predicted, const B& truth, int label) {
    if (predicted.size() != truth.size() || truth.size() == 0) return {};
    std::size_t both = 0, only_predicted = 0, only_true = 0;
    for (std::size_t p = 0; p < truth.size(); ++p) {
        const bool a = static_cast<int>(predicted[p]) == label;
        const bool b = static_cast<int>(truth[p]) == label;
        both += a && b ? 1u : 0u;
        only_predicted += a && !b ? 1u : 0u;
        only_true += b && !a ? 1u : 0u;
    }
    const auto share = [](std::size_t part, std::size_t whole, double otherwise) {
        return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : otherwise;
    };
    const std::size_t neither = truth.size() - both - only_predicted - only_true;
    return {share(2 * both, 2 * both + only_predicted + only_true, 1),
            share(both, both + only_predicted + only_true, 1), share(both, both + only_true, undefined),
            share(neither, neither + only_predicted, undefined), share(both, both + only_predicted, undefined)};
}

/// Numbers the sets of pixels of region `label` that hang together, corners included, from 1 on in the order of their
/// first pixels; 0 elsewhere. Empty when sizes do not fit.
template <sequence_of<int> M>
[[nodiscard]] std::vector<int> lesions(const M& mask, int height, int width, int label, int* count = nullptr) {
    if (height < 1 || width < 1 || mask.size() != static_cast<std::size_t>(height) * static_cast<std::size_t>(width))
        return {};
    std::vector<int> number(mask.size());
    std::vector<std::size_t> waiting;
    int found = 0;
    const auto w = static_cast<std::size_t>(width);
    const auto reach = [&](std::size_t p) {
        if (number[p] == 0 && static_cast<int>(mask[p]) == label) {
            number[p] = found;
            waiting.push_back(p);
        }
    };
    for (std::size_t start = 0; start < number.size(); ++start) {
        if (number[start] != 0 || static_cast<int>(mask[start]) != label) continue;
        ++found;
        reach(start);
        while (!waiting.empty()) {
            const std::size_t p = waiting.back();
            waiting.pop_back();
            const std::size_t y = p / w, x = p % w;
            for (std::size_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < static_cast<std::size_t>(height); ++v)
                for (std::size_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < w; ++u) reach(v * w + u);
        }
    }
    if (count != nullptr) *count = found;
    return number;
}

/// Lesions found, missed and invented.
struct lesion_match {
    int found = 0;    ///< true lesions that a predicted one matches
    int missed = 0;   ///< true lesions without one
    int invented = 0; ///< predicted lesions that match none

    /// 2 found / (2 found + missed + invented); undefined where there is no lesion at all.
    [[nodiscard]] double f1() const {
        const int all = 2 * found + missed + invented;
        return all > 0 ? 2.0 * found / all : undefined;
    }
};

/// Pairs lesions of region `label` one to one, those with the largest IoU first (of equals the first true, then the
/// first predicted one), down to `least_iou` (Maier-Hein et al. 2024, section "localization").
template <sequence_of<int> A, sequence_of<int> B>
[[nodiscard]] lesion_match match_lesions(const A& predicted, const B& truth, int height, int width, int label,
                                         double least_iou = 0.1) {
    int claimed = 0, real = 0;
    const std::vector<int> a = lesions(predicted, height, width, label, &claimed);
    const std::vector<int> b = lesions(truth, height, width, label, &real);
    if (a.empty() || b.size() != a.size()) return {};
    std::vector<std::size_t> size_a(static_cast<std::size_t>(claimed) + 1), size_b(static_cast<std::size_t>(real) + 1);
    std::vector<std::size_t> both(size_a.size() * size_b.size());
    for (std::size_t p = 0; p < a.size(); ++p) {
        const auto i = static_cast<std::size_t>(a[p]), j = static_cast<std::size_t>(b[p]);
        ++size_a[i], ++size_b[j], ++both[j * size_a.size() + i];
    }
    struct pair {
        double iou;
        std::size_t truth, predicted;
    };
    std::vector<pair> pairs;
    for (std::size_t j = 1; j < size_b.size(); ++j)
        for (std::size_t i = 1; i < size_a.size(); ++i)
            if (const std::size_t n = both[j * size_a.size() + i]; n > 0)
                pairs.push_back({static_cast<double>(n) / static_cast<double>(size_a[i] + size_b[j] - n), j, i});
    std::stable_sort(pairs.begin(), pairs.end(), [](const pair& x, const pair& y) { return x.iou > y.iou; });
    std::vector<bool> taken_a(size_a.size()), taken_b(size_b.size());
    lesion_match match;
    for (const pair& p : pairs) {
        if (p.iou < least_iou || taken_a[p.predicted] || taken_b[p.truth]) continue;
        taken_a[p.predicted] = taken_b[p.truth] = true;
        ++match.found;
    }
    match.missed = real - match.found;
    match.invented = claimed - match.found;
    return match;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
