// What became of one picture: numbers for the report, the JSON document and the CSV file.
#pragma once

#include "support/engine.hpp"
#include "support/maps.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace analyze {

struct outcome {
    enum class state { done, failed, skipped };

    state status = state::failed;
    std::string image;   ///< path as given or found
    std::string problem; ///< a sentence, when failed

    // The rest only when done.
    int height = 0, width = 0;
    std::vector<double> belief, probability;
    double vacuity = 1;
    int predicted = 0;
    std::vector<int> class_set;
    uml::trust::verdict verdict = uml::trust::verdict::uncertain;
    bool accepted = false;
    uml::acquaintance kind = uml::acquaintance::unchecked;
    std::optional<double> familiarity; ///< distance over the limit
    bool withheld = false;             ///< unfamiliar, and class and mask were not asked for
    std::vector<support::region_summary> regions;
    double mean_pixel_vacuity = 0, most_pixel_vacuity = 0;
    double reliable_share = 0;                                   ///< of all pixels
    double mask_set_share = 0;                                   ///< of all pixels, where there is such a rule
    double network_seconds = 0, seconds = 0;                     ///< the network alone; all work on this picture
    std::vector<std::pair<std::string, std::string>> pictures{}; ///< kind and path of those written
};

/// The classes of the set, "glioma or meningioma".
[[nodiscard]] std::string class_set_text(const std::vector<int>& set, const std::vector<std::string>& classes);

/// Why the picture is accepted or referred, as a sentence without a full stop.
[[nodiscard]] std::string reason(const outcome& o, const support::model_facts& model);

} // namespace analyze
