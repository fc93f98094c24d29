// The pairwise feature mixer: what the classification and the segmentation encoder know, shuffled together and weighed
// by polarized self-attention (Liu et al. 2021).
#pragma once

#include "uml/layers/blocks.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Polarized self-attention on x: C × H × W, half as many channels inside.
constexpr value polarized_attention(builder& g, value x, const name& where) {
    const int c = x.shape.c, half = c / 2;
    const value v = g.conv(x, where / "ch_wv", {.out = half, .bias = true});
    value q = g.conv(x, where / "ch_wq", {.out = 1, .bias = true});
    q = g.softmax_pixels(q);
    value z = g.weighted_sum(v, q);
    z = g.conv(z, where / "ch_wz", {.out = c, .bias = true});
    z = g.layer_norm(z, where / "ln");
    const value gate = g.sigmoid(z);
    const value y = g.multiply(x, gate);
    const value sv = g.conv(y, where / "sp_wv", {.out = half, .bias = true});
    value sq = g.conv(y, where / "sp_wq", {.out = half, .bias = true});
    sq = g.global_average(sq);
    value s = g.channel_dot(sv, sq);
    s = g.sigmoid(s);
    const value weighed = g.multiply(y, s);
    return g.add(weighed, y);
}

/// Names of one mixer level.
struct mixer_names {
    name cls, seg, attention, out;
};

/// One level, as published; the rewrite `mixer` has its cheaper form. `middle`: channels that each entry convolution
/// makes; `out`: channels of the result, 0 without output convolution.
/// The spatial attention is a sigmoid, saturated at nearly all pixels of the deepest level. At one where it is not, a
/// rounding error of half a percent in the features turns the pixel's weight over: the networks keep those precise.
constexpr value mixer_level(builder& g, value cls, value seg, const mixer_names& n, int middle, int out) {
    const region level = g.begin(region_kind::mixer, {cls, seg});
    const value a = project(g, cls, n.cls, middle);
    const value b = project(g, seg, n.seg, middle);
    value x = g.concat(a, b);
    x = g.shuffle(x, 4);
    x = polarized_attention(g, x, n.attention);
    if (out > 0) x = project(g, x, n.out, out);
    g.end(level);
    return x;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
