// Class and mask sets from the `uml.` metadata of a weights file.
#pragma once

#include "uml/io/metadata.hpp"
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
/// each class, null for "every class"; raps also "penalty" and "free_ranks". The rule that it breaks, or null.
[[nodiscard, gnu::cold]] inline const char* read_class_set(json::value v, int classes, trust::class_set_rule& to) {
    const auto score = v.find("score"), thresholds = v.find("thresholds"), ranks = v.find("free_ranks");
    bool known = false;
    for (const auto s : {trust::set_score::lac, trust::set_score::aps, trust::set_score::raps})
        if (score && score->says(trust::name_of(s))) to.score = s, known = true;
    if (!known) return "score is none of lac, aps and raps";
    const auto coverage = number_in(v, "coverage", 0, 1, {});
    if (!coverage || !(*coverage > 0)) return "coverage is not a number above 0 and at most 1";
    const auto penalty = number_in(v, "penalty", 0, 1e6, 0);
    if (!penalty) return "penalty is not a number from 0 to 1000000";
    constexpr int most_ranks = 1000000;
    const auto free_ranks = ranks ? ranks->integer() : std::optional<std::int64_t>(most_ranks);
    if (!free_ranks || *free_ranks < 0 || *free_ranks > most_ranks)
        return "free_ranks is not a whole number from 0 to 1000000";
    if (!thresholds || thresholds->type() != json::kind::array) return "thresholds are not an array";
    for (const auto item : thresholds->items()) {
        if (to.levels == trust::class_set_rule::most_classes) return "thresholds are more than 64";
        const auto number =
            item.type() == json::kind::null ? std::optional(trust::class_set_rule::everything) : item.number();
        if (!number || *number < 0) return "thresholds are not numbers from 0 on, or null";
        to.thresholds[to.levels++] = *number;
    }
    if (to.levels != 1 && to.levels != static_cast<std::size_t>(classes))
        return "thresholds are neither one nor one for each class";
    to.coverage = *coverage;
    to.penalty = *penalty;
    to.free_ranks = static_cast<int>(*free_ranks);
    return nullptr;
}

/// `uml.mask_set`: {"threshold": 0.1, "miss": 0.1}. The rule that it breaks, or null.
[[nodiscard, gnu::cold]] inline const char* read_mask_set(json::value v, trust::mask_set_rule& to) {
    const auto threshold = number_in(v, "threshold", 0, 1, {}), miss = number_in(v, "miss", 0, 1, {});
    if (!threshold) return "threshold is not a number from 0 to 1";
    if (!miss || !(*miss > 0)) return "miss is not a number above 0 and at most 1";
    to = {*threshold, *miss};
    return nullptr;
}

/// Both, where the file has them. Errors: errc::malformed.
[[nodiscard, gnu::cold]] inline result<void> read_promises(const weights_file& f, model_card& card) {
    const auto classes = metadata_json(f, "uml.class_set");
    if (!classes) return classes.error();
    if (*classes)
        if (const char* rule = read_class_set(**classes, card.configuration.classes, card.class_set))
            return metadata_fault(f, "uml.class_set", {rule});
    const auto mask = metadata_json(f, "uml.mask_set");
    if (!mask) return mask.error();
    if (*mask)
        if (const char* rule = read_mask_set(**mask, card.mask_set)) return metadata_fault(f, "uml.mask_set", {rule});
    return {};
}

} // namespace card_detail

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
