// The Uncertainty Navigator: where the mutual decoder is unsure, segmentation features are turned down before they are
// used (Ren et al. 2023, section 2.3). Two forms: the gate of the published code, the reliable mask of the paper.
#pragma once

#include "uml/layers/blocks.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// x ⊙ exp(-vacuity).
constexpr value reliable(builder& g, value x, value vacuity) {
    const value trust = g.exp_negative(vacuity);
    return g.multiply(x, trust);
}

/// x' = x ⊙ exp(-vacuity), gated by what x' and the mutual features (repeated to as many channels) agree on; the
/// rewrite `gate` has its cheaper form. `inner`: channels of the gate. `mutual` and `vacuity` have x's height and
/// width.
constexpr value navigator_gate(builder& g, value x, value mutual, value vacuity, const name& where, int inner) {
    const auto projected = [&](value v, const name& n, int out) {
        v = g.conv(v, n / 0, {.out = out, .bias = true});
        return g.norm(v, n / 1, norm_kind::batch);
    };
    const region whole = g.begin(region_kind::gate, {x, mutual, vacuity});
    const value trusted = reliable(g, x, vacuity);
    const value repeated = g.tile(mutual, x.shape.c);
    const value from_x = projected(trusted, where / "W_x", inner);
    const value from_mutual = projected(repeated, where / "W_m", inner);
    value gate = g.add(from_x, from_mutual);
    gate = g.relu(gate);
    gate = projected(gate, where / "psi", 1);
    gate = g.sigmoid(gate);
    const value gated = g.multiply(trusted, gate);
    g.end(whole);
    return gated;
}

struct masked {
    value features; ///< as many channels as x
    value mask;     ///< the reliable mask, K × H × W
};

/// The paper's form: the reliable mask (logits + evidence) ⊙ exp(-vacuity), joined to x.
constexpr masked navigator_mask(builder& g, value x, value logits, value evidence, value vacuity, const name& where) {
    masked m{};
    const value sum = g.add(logits, evidence);
    m.mask = reliable(g, sum, vacuity);
    const value seen =
        conv_norm_relu(g, m.mask, where / "conv" / 0, where / "conv" / 1, {.out = x.shape.c}, norm_kind::batch);
    const value joined = g.concat(x, seen);
    m.features = project(g, joined, where / "conv_out", x.shape.c);
    return m;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
