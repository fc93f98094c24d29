// From logits to a Dirichlet: evidence, concentration and vacuity (Sensoy et al., NeurIPS 2018; Ren et al. 2023, eq.
// 1-3).
#pragma once

#include "uml/layers/blocks.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

struct opinion_values {
    value evidence; ///< e = softplus(logits), K × H × W
    value alpha;    ///< e + 1
    value vacuity;  ///< K / Σ alpha, 1 × H × W, in (0, 1]
};

/// The Dirichlet of given evidence.
constexpr opinion_values dirichlet_of(builder& g, value evidence) {
    opinion_values o{};
    o.evidence = evidence;
    o.alpha = g.add_constant(evidence, 1.0F);
    const value strength = g.sum_channels(o.alpha);
    o.vacuity = g.divide_into(static_cast<float>(evidence.shape.c), strength);
    return o;
}

/// The Dirichlet of logits.
constexpr opinion_values evidential_head(builder& g, value logits) {
    const value evidence = g.softplus(logits);
    return dirichlet_of(g, evidence);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
