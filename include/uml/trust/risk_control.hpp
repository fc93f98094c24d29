// Any bounded loss kept low by one setting: in expectation (conformal risk control) or with a stated confidence (Learn
// then Test).
#pragma once

#include "uml/core/share.hpp"
#include "uml/trust/binomial.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// The boldest of the settings 0 .. settings - 1, ordered from safest to boldest, whose expected loss stays within
/// `risk`: conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster 2024, theorem 1).
///
/// Promise: the loss of a new unit at the returned setting has an expectation of at most `risk`, over the calibration
/// data and the new unit together (no statement about one calibration set).
/// Assumes that the n calibration units and the new one are exchangeable, that each unit's loss lies in [0, bound] and
/// never falls from a setting to a bolder one. Unit: the patient, with the mean loss of his slices, where there are
/// several; else the image. The settings must not depend on the calibration data.
/// `mean_loss(j)` is the mean over the units at setting j. Nothing if even the safest setting is not good enough: it
/// takes at least bound / risk - 1 units.
template <class F>
[[nodiscard]] constexpr std::optional<std::size_t> control_risk(std::size_t settings, std::size_t n, F mean_loss,
                                                                double risk, double bound = 1) {
    const auto count = static_cast<double>(n);
    std::optional<std::size_t> chosen;
    for (std::size_t j = 0; n > 0 && j < settings; ++j) {
        if (!is_within_share(static_cast<double>(mean_loss(j)) * count + bound, count + 1, risk)) break;
        chosen = j;
    }
    return chosen;
}

/// A p-value for "the mean of a variable in [0, 1] exceeds `risk`" from the mean of n independent draws: Hoeffding and
/// Bentkus (Bates et al. 2021; Learn then Test, Angelopoulos et al. 2021, proposition 3).
[[nodiscard]] inline double hoeffding_bentkus(double mean, std::size_t n, double risk) {
    const auto count = static_cast<double>(n);
    if (n == 0 || !(mean < risk)) return 1;
    const double e = 2.71828182845904523536;
    const double gain = mean > 0 ? mean * std::log(mean / risk) : 0.0;
    const double hoeffding = std::exp(-count * (gain + (1 - mean) * std::log((1 - mean) / (1 - risk))));
    const double bentkus =
        e * binomial_cdf(static_cast<std::uint64_t>(std::ceil(count * mean - share_rounding)), n, risk);
    const double p = hoeffding < bentkus ? hoeffding : bentkus;
    return p < 1 ? p : 1;
}

/// The boldest setting of which it is proved, one after the other from the safest on, that its expected loss is within
/// `risk`: Learn then Test with a fixed sequence.
///
/// Promise: with probability of at least `confidence` over the calibration data, the expected loss of a new unit at the
/// returned setting is at most `risk`. Stronger than control_risk(), and takes more data: 299 units without any loss
/// for 0.01 with 0.95. Assumes independent units from one distribution (patients, as above) with losses in [0, 1]; the
/// loss need not be monotone. The settings and their order must not depend on the calibration data. Stops at the first
/// that fails.
template <class F>
[[nodiscard]] std::optional<std::size_t> learn_then_test(std::size_t settings, std::size_t n, F mean_loss, double risk,
                                                         double confidence) {
    std::optional<std::size_t> chosen;
    for (std::size_t j = 0; j < settings; ++j) {
        if (hoeffding_bentkus(static_cast<double>(mean_loss(j)), n, risk) > 1 - confidence) break;
        chosen = j;
    }
    return chosen;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
