// Which pixels a mask with a bounded share of misses holds.
#pragma once

#include "uml/version.hpp"

#include <cmath>
#include <concepts>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// Which pixels belong to the mask's set. Made by calibrate_mask_set().
struct mask_set_rule {
    double threshold = 0; ///< least probability of the foreground; 0: every pixel
    double miss = 0;      ///< the promise: expected share of the true foreground that is left out; 0: there is no rule

    [[nodiscard]] constexpr bool calibrated() const { return miss > 0; }
    [[nodiscard]] constexpr bool contains(double foreground) const { return foreground >= threshold; }
};

/// 1 - softmax(logits)[0]: the network's score for "not background", in [0, 1].
template <std::floating_point T> [[nodiscard]] double foreground_probability(const T* logits, int regions) {
    double others = 0;
    for (int k = 1; k < regions; ++k)
        others += std::exp(static_cast<double>(logits[k]) - static_cast<double>(logits[0]));
    return others < 1e300 ? others / (1 + others) : 1;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
