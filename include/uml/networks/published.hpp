// What the networks have in common by the names of their publication: their answers, and what their checkpoints hold
// besides.
#pragma once

#include "uml/graph/program.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Nodes of the network's answer; no_id for what it does not compute.
struct answer_nodes {
    id class_alpha = no_id, logits = no_id, alpha = no_id, vacuity = no_id;
    id features = no_id; ///< pooled, by which a picture's kind is known

    [[nodiscard]] static constexpr answer_nodes of(const program_view& p) {
        const auto first_of = [&](const char* plain, const char* numbered) {
            const id n = p.find_output(plain);
            return n != no_id ? n : p.find_output(numbered);
        };
        return {p.find_output("cls_alpha"), first_of("seg_logits", "seg_logits.0"),
                first_of("mutual_alpha", "mutual_alpha.0"), first_of("mutual_uncertainty", "mutual_uncertainty.0"),
                p.find_output("cls_pooled")};
    }
};

/// Tensors that published checkpoints have and no inference uses.
[[nodiscard]] constexpr bool never_used(std::string_view name) {
    for (const std::string_view prefix :
         {"cls_feature_encoder.layer4.", "seg_feature_encoder.layer4.", "seg_feature_encoder.conv5_"})
        if (name.starts_with(prefix)) return true;
    return false;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
