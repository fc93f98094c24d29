// Class and mask sets from the `uml.` metadata of a weights file.
#pragma once

#include "uml/io/json_value.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/model/card.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace card_detail {

/// A member that is a number from `least` to `most`; `otherwise` where it is absent.
[[nodiscard, gnu::cold]] inline std::optional<double> number_in(json::value object, std::string_view key, double least,
                                                                double most, std::optional<double> otherwise) {
    const auto item = object.find(key);
    if (!item) return otherwise;
    const auto number = item->number();
    return number && *number >= least && *number <= most ? number : std::nullopt;
}

/// `uml.class_set`: {"score": "lac" | "aps" | "raps", "coverage": 0.9, "thresholds": [0.8]}, one threshold or one for
/// each class, null for "every class"; raps also "penalty" and "free_ranks". Nothing if it says anything else.
[[nodiscard, gnu::cold]] inline std::optional<trust::class_set_rule> class_set_from(json::value v, int classes) {
    trust::class_set_rule rule;
    const auto score = v.find("score"), thresholds = v.find("thresholds");
    const auto coverage = number_in(v, "coverage", 0, 1, {}), penalty = number_in(v, "penalty", 0, 1e6, 0),
               free_ranks = number_in(v, "free_ranks", 0, 1e6, 1e6);
    bool known = false;
    for (const auto s : {trust::set_score::lac, trust::set_score::aps, trust::set_score::raps})
        if (score && score->says(trust::name_of(s))) rule.score = s, known = true;
    if (!known || !thresholds || thresholds->type() != json::kind::array || !coverage || !(*coverage > 0) || !penalty ||
        !free_ranks)
        return std::nullopt;
    for (const auto item : thresholds->items()) {
        if (rule.levels == trust::class_set_rule::most_classes) return std::nullopt;
        const auto number =
            item.type() == json::kind::null ? std::optional(trust::class_set_rule::everything) : item.number();
        if (!number || *number < 0) return std::nullopt;
        rule.thresholds[rule.levels++] = *number;
    }
    if (rule.levels != 1 && rule.levels != static_cast<std::size_t>(classes)) return std::nullopt;
    rule.coverage = *coverage;
    rule.penalty = *penalty;
    rule.free_ranks = static_cast<int>(*free_ranks);
    return rule;
}

/// `uml.mask_set`: {"threshold": 0.1, "miss": 0.1}. Nothing if it says anything else.
[[nodiscard, gnu::cold]] inline std::optional<trust::mask_set_rule> mask_set_from(json::value v) {
    const auto threshold = number_in(v, "threshold", 0, 1, {}), miss = number_in(v, "miss", 0, 1, {});
    if (!threshold || !miss || !(*miss > 0)) return std::nullopt;
    return trust::mask_set_rule{*threshold, *miss};
}

/// Both, where the file has them. Errors: errc::malformed.
[[nodiscard, gnu::cold]] inline result<void> read_promises(const weights_file& f, model_card& card) {
    const auto refuse = [&](const char* key, const char* rule) {
        return fail(errc::malformed, f.source(), ": metadata ", key, ": ", rule);
    };
    if (const auto stored = f.metadata("uml.class_set")) {
        const auto v = json::parse(*stored, f.source());
        if (!v) return v.error();
        const auto rule = class_set_from(*v, card.configuration.classes);
        if (!rule)
            return refuse("uml.class_set", "needs a score (lac, aps or raps), a coverage between 0 and 1, and one "
                                           "threshold or one for each class");
        card.class_set = *rule;
    }
    if (const auto stored = f.metadata("uml.mask_set")) {
        const auto v = json::parse(*stored, f.source());
        if (!v) return v.error();
        const auto rule = mask_set_from(*v);
        if (!rule) return refuse("uml.mask_set", "needs a threshold and a share that may be missed between 0 and 1");
        card.mask_set = *rule;
    }
    return {};
}

} // namespace card_detail

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
