// Calibration: whether answers given with confidence p are right in the share p of cases.
#pragma once

#include "uml/metrics/sequence.hpp"

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

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
