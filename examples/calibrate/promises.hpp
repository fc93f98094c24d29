// From what a network said of labelled pictures to the rules that a weights file carries.
#pragma once

#include "uml/core/result.hpp"
#include "uml/trust/class_set.hpp"
#include "uml/trust/conformal.hpp"
#include "uml/trust/mask_rule.hpp"
#include "uml/trust/selective_risk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace calibrate {

/// What was asked for.
struct wishes {
    double risk = 0.05, confidence = 0.95; ///< of accepted answers
    double coverage = 0.9;                 ///< of class sets; masks may miss the rest
    uml::trust::set_score score = uml::trust::set_score::lac;
    bool by_class = false;
    std::uint64_t seed = 0; ///< of all draws
};

/// What a network said, an entry an image; and what it missed, over all images.
struct answers {
    int classes = 0;
    std::vector<double> evidence; ///< rows of `classes`
    std::vector<int> labels, predicted;
    std::vector<float> vacuity;
    std::vector<std::uint32_t> groups; ///< patients; empty: every image is one
    std::vector<double> missed;        ///< of uml::trust::add_missed(), every image by 1 / size of its group

    [[nodiscard]] std::size_t size() const { return labels.size(); }
    [[nodiscard]] std::uint32_t group(std::size_t i) const {
        return groups.empty() ? static_cast<std::uint32_t>(i) : groups[i];
    }
    /// Number of patients, or of images.
    [[nodiscard]] std::size_t units() const;
};

/// What came out.
struct promises {
    std::optional<double> temperature; ///< nothing: too few cases to fit one
    std::size_t fitted_on = 0;         ///< cases that the temperature and the candidates for a threshold come from
    std::optional<uml::trust::operating_point> accepted;
    std::string not_accepted; ///< why there is no threshold, as a sentence
    std::size_t drawn = 0;    ///< cases that the threshold rests on: one of every patient
    uml::trust::class_set_rule class_set;
    std::size_t sets_on = 0; ///< cases that the class sets rest on
    uml::trust::mask_set_rule mask_set;
};

/// Fewer cases than these fit no temperature.
inline constexpr std::size_t least_to_fit = 20;

/// The temperature, and which thresholds are tried, from `fit`; if that is null from one patient in five, drawn, who
/// then counts for nothing else: what is fitted on a case may not promise anything about it. Masks rest on all cases.
/// `temperature` is the one that the file has. Fails on what the functions of uml::trust refuse; not when a threshold
/// cannot be proved.
[[nodiscard]] uml::result<promises> make_promises(const answers& found, const answers* fit, double temperature,
                                                  const wishes& w);

} // namespace calibrate
