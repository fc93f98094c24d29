// Masks that miss at most so much of what they look for: a lower threshold on the foreground's probability.
#pragma once

#include "uml/core/result.hpp"
#include "uml/trust/mask_rule.hpp"
#include "uml/trust/risk_control.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// The settings from safest to boldest: thresholds 0, 1 / mask_levels, ..., 1. Fixed, so that they do not depend on
/// data.
inline constexpr std::size_t mask_levels = 1000;

/// Adds one image to its unit's curve: curve[j] += weight * share of the true foreground pixels whose probability is
/// below threshold j / mask_levels. An image without foreground misses nothing. `weight` is 1 / number of images of the
/// patient; `curve` has mask_levels + 1 elements. `foreground` and `truth` (true for foreground) have a value a pixel.
template <class F, class M>
void add_missed(std::span<double> curve, const F& foreground, const M& truth, double weight) {
    std::size_t count = 0;
    for (std::size_t p = 0; p < foreground.size(); ++p) count += static_cast<bool>(truth[p]) ? 1u : 0u;
    if (count == 0) return;
    const double unit = weight / static_cast<double>(count);
    for (std::size_t p = 0; p < foreground.size(); ++p) {
        if (!static_cast<bool>(truth[p])) continue;
        // Missed from the first threshold on that is above its probability.
        const auto score = static_cast<double>(foreground[p]);
        auto first = static_cast<std::size_t>(score * static_cast<double>(mask_levels));
        while (static_cast<double>(first) / static_cast<double>(mask_levels) <= score) ++first;
        if (first < curve.size()) curve[first] += unit;
    }
}

/// The largest threshold at which a new image's mask misses at most the share `miss`, in (0, 1), of its true
/// foreground, in expectation: conformal risk control on the false-negative rate. Promise and assumptions are those of
/// control_risk(); unit is the patient. Nothing is promised for one image, nor about what the mask holds too much.
/// `sum` is what add_missed() made of all images; it is accumulated in place. `units` is the number of patients, or of
/// images. Where there are too few of them the threshold is 0, the whole picture. Fails for sizes and a share out of
/// range.
[[nodiscard]] inline result<mask_set_rule> calibrate_mask_set(std::span<double> sum, std::size_t units, double miss) {
    if (!(miss > 0 && miss < 1))
        return fail(errc::invalid_argument, "mask set: the share that may be missed must be above 0 and below 1");
    if (sum.size() != mask_levels + 1 || units == 0)
        return fail(errc::invalid_argument, "mask set: there are no images");
    for (std::size_t j = 1; j < sum.size(); ++j) sum[j] += sum[j - 1];
    const auto chosen = control_risk(
        sum.size(), units, [&](std::size_t j) { return sum[j] / static_cast<double>(units); }, miss);
    mask_set_rule rule;
    rule.miss = miss;
    rule.threshold = static_cast<double>(chosen.value_or(0)) / static_cast<double>(mask_levels);
    return rule;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
