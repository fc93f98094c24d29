// Selective prediction: how the error falls when the most uncertain cases are left to a human, for images and for
// pixels.
#pragma once

#include "uml/core/share.hpp"
#include "uml/metrics/sequence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

/// Risk-coverage curve: element m - 1 is the mean loss of the m most certain cases, m = 1..n; the loss is 1 for a wrong
/// answer and 0 for a right one, or any number. Cases of equal uncertainty all count with their mean loss, so the order
/// of the data does not matter. Empty when sizes differ or a number is NaN.
template <sequence_of<double> U, sequence_of<double> L>
[[nodiscard]] std::vector<double> risk_coverage(const U& uncertainty, const L& loss) {
    struct item {
        double uncertainty;
        double loss;
    };
    if (uncertainty.size() != loss.size()) return {};
    std::vector<item> items;
    items.reserve(uncertainty.size());
    for (std::size_t i = 0; i < uncertainty.size(); ++i) {
        items.push_back({static_cast<double>(uncertainty[i]), static_cast<double>(loss[i])});
        if (std::isnan(items.back().uncertainty) || std::isnan(items.back().loss)) return {};
    }
    std::sort(items.begin(), items.end(), [](const item& a, const item& b) { return a.uncertainty < b.uncertainty; });

    std::vector<double> risk;
    risk.reserve(items.size());
    double before = 0;
    for (std::size_t begin = 0; begin < items.size();) {
        std::size_t end = begin;
        double tied = 0;
        for (; end < items.size() && items[end].uncertainty == items[begin].uncertainty; ++end) tied += items[end].loss;
        for (std::size_t m = begin + 1; m <= end; ++m)
            risk.push_back((before + tied * static_cast<double>(m - begin) / static_cast<double>(end - begin)) /
                           static_cast<double>(m));
        before += tied;
        begin = end;
    }
    return risk;
}

/// Area under the risk-coverage curve: the mean of its n values (Geifman and El-Yaniv 2017). Lower is better.
template <sequence_of<double> U, sequence_of<double> L> [[nodiscard]] double aurc(const U& uncertainty, const L& loss) {
    return mean(risk_coverage(uncertainty, loss));
}

/// Area under the generalised risk-coverage curve: the mean over the coverages of the share of all cases that are both
/// accepted and wrong (Traub et al. 2024), by trapezoids. Unlike aurc() it does not weigh the most certain cases most.
/// For losses of 0 and 1 with mean w it is (1 - auroc) w (1 - w) + w^2 / 2. Lower is better.
template <sequence_of<double> U, sequence_of<double> L>
[[nodiscard]] double augrc(const U& uncertainty, const L& loss) {
    const std::vector<double> risk = risk_coverage(uncertainty, loss);
    if (risk.empty()) return undefined;
    const auto n = static_cast<double>(risk.size());
    double area = 0;
    double before = 0;
    for (std::size_t m = 1; m <= risk.size(); ++m) {
        const double now = risk[m - 1] * static_cast<double>(m) / n;
        area += (before + now) / 2 / n;
        before = now;
    }
    return area;
}

/// Mean loss of the ceil(coverage * n) most certain cases; coverage in (0, 1]. Where that number ends inside cases of
/// equal uncertainty it is the expectation for a random choice among them: see accept_share() for what a threshold
/// does.
template <sequence_of<double> U, sequence_of<double> L>
[[nodiscard]] double risk_at_coverage(const U& uncertainty, const L& loss, double coverage) {
    const std::vector<double> risk = risk_coverage(uncertainty, loss);
    if (risk.empty() || !(coverage > 0 && coverage <= 1)) return undefined;
    const auto accepted = static_cast<std::size_t>(count_of_share(coverage, static_cast<double>(risk.size())));
    return risk[accepted > 0 ? accepted - 1 : 0];
}

/// What a threshold on the uncertainty gives.
struct accepted_share {
    double threshold = undefined; ///< largest uncertainty that is accepted
    double coverage = undefined;  ///< share of the cases that are
    double risk = undefined;      ///< their mean loss
};

/// The strictest threshold that accepts at least the share `coverage`, in (0, 1], of the cases: those of equal
/// uncertainty are accepted together, as screening does.
template <sequence_of<double> U, sequence_of<double> L>
[[nodiscard]] accepted_share accept_share(const U& uncertainty, const L& loss, double coverage) {
    const std::vector<double> risk = risk_coverage(uncertainty, loss);
    if (risk.empty() || !(coverage > 0 && coverage <= 1)) return {};
    std::vector<double> sorted;
    for (std::size_t i = 0; i < risk.size(); ++i) sorted.push_back(static_cast<double>(uncertainty[i]));
    std::sort(sorted.begin(), sorted.end());
    const auto n = static_cast<double>(risk.size());
    const auto least = static_cast<std::size_t>(count_of_share(coverage, n));
    std::size_t accepted = least > 0 ? least : 1;
    while (accepted < sorted.size() && sorted[accepted] == sorted[accepted - 1]) ++accepted;
    return {sorted[accepted - 1], static_cast<double>(accepted) / n, risk[accepted - 1]};
}

/// The largest share of the cases that can be accepted, in order of uncertainty, while at least the share `accuracy` of
/// the accepted ones is right: m / n for the largest m with a risk of at most 1 - accuracy. 0 when there is none.
template <sequence_of<double> U, sequence_of<double> L>
[[nodiscard]] double coverage_at_accuracy(const U& uncertainty, const L& wrong, double accuracy) {
    const std::vector<double> risk = risk_coverage(uncertainty, wrong);
    if (risk.empty()) return undefined;
    std::size_t accepted = risk.size();
    while (accepted > 0 && !is_within_share(risk[accepted - 1], 1, 1 - accuracy)) --accepted;
    return static_cast<double>(accepted) / static_cast<double>(risk.size());
}

/// Area under the sparsification error (Ilg et al. 2018), for the pixels of one image: the area between the
/// risk-coverage curve by predicted uncertainty and the one by the errors themselves (the best order possible), over
/// the mean error. 0 is perfect, an uncertainty that knows nothing of the errors gets about 1 for rare errors.
/// Undefined without errors.
template <sequence_of<double> U, sequence_of<double> L>
[[nodiscard]] double ause(const U& uncertainty, const L& error) {
    const double total = mean(error);
    if (!(total > 0)) return undefined;
    return (aurc(uncertainty, error) - aurc(error, error)) / total;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
