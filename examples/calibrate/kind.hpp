// What pictures of the training look like to the network: the statistics that `unfamiliar` rests on.
#pragma once

#include "support/engine.hpp"
#include "uml/trust/fit_familiarity.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace calibrate {

/// The end that a signal asked for.
[[nodiscard]] inline uml::error stopped() {
    return uml::fail(uml::errc::cancelled, "stopped; nothing is written, the same command begins again");
}

/// Pictures for it, and how many new ones may be refused.
struct kind_wishes {
    std::string data, fit, split,
        group; ///< folder; splits that are fitted and that set the threshold; patients' column
    double refused = 0.03;
};

/// The statistics with their threshold, and how they were found.
struct kind_found {
    uml::trust::familiarity_statistics statistics;
    std::size_t fitted_on = 0;        ///< pictures, each also changed once
    std::size_t threshold_on = 0;     ///< pictures, each also changed twice
    double refused = 0;               ///< share of the latter, unchanged, beyond the threshold
    std::optional<double> self_check; ///< distance of the picture of the file's self-check
};

/// Fits on the pictures of one split and harmlessly changed copies, and takes the threshold from another one's:
/// the conformal quantile, by patient. Errors: those of reading and running; errc::unsupported for a network without
/// pooled features.
[[nodiscard]] uml::result<kind_found> find_kind(support::engine& engine, const std::string& weights,
                                                const kind_wishes& wish);

} // namespace calibrate
