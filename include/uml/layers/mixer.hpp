// The pairwise feature mixer: what the classification and the segmentation encoder know, shuffled together and weighed
// by polarized self-attention (Liu et al. 2021). One level is one small matrix made per image: see docs/rewrites.md,
// rewrite 4.
#pragma once

#include "uml/layers/blocks.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Polarized self-attention on x: C × H × W, half as many channels inside.
constexpr value polarized_attention(builder& g, value x, const name& where) {
    const int c = x.is.c, half = c / 2;
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

/// As published. `middle`: channels that each entry convolution makes; `out`: channels of the result, 0 without output
/// convolution.
constexpr value mixer_level_plain(builder& g, value cls, value seg, const mixer_names& n, int middle, int out) {
    const value a = project(g, cls, n.cls, middle);
    const value b = project(g, seg, n.seg, middle);
    value x = g.concat(a, b);
    x = g.shuffle(x, 4);
    x = polarized_attention(g, x, n.attention);
    return out == 0 ? x : project(g, x, n.out, out);
}

/// The same numbers without any tensor of 2 · middle channels.
constexpr value mixer_level_collapsed(builder& g, value cls, value seg, const mixer_names& n, int middle, int out) {
    const int c = 2 * middle;
    const value f = g.concat(cls, seg);
    const id entry_cls = g.conv_parameter(n.cls / "conv", cls.is.c, middle, false);
    const id entry_seg = g.conv_parameter(n.seg / "conv", seg.is.c, middle, false);
    const id entry = g.derived(parameter_kind::mixed, entry_cls, entry_seg, 4); // M
    const id wv = g.conv_parameter(n.attention / "ch_wv", c, middle, true);
    const id wq = g.conv_parameter(n.attention / "ch_wq", c, 1, true);
    const id wz = g.conv_parameter(n.attention / "ch_wz", middle, c, true);
    // Pooling first: both attention branches see f only through two averages over the pixels.
    const id query = g.derived(parameter_kind::product, entry, wq);
    const value pooled = g.attention_pool(f, query);
    const value by_query = g.slice(pooled, 0, f.is.c);
    const value by_mean = g.slice(pooled, f.is.c, f.is.c);
    value z = g.conv(by_query, entry);
    z = g.conv(z, wv);
    z = g.conv(z, wz);
    z = g.layer_norm(z, n.attention / "ln");
    const value gate = g.sigmoid(z);
    const id sp_wv = g.conv_parameter(n.attention / "sp_wv", c, middle, true);
    const id sp_wq = g.conv_parameter(n.attention / "sp_wq", c, middle, true);
    value mean = g.conv(by_mean, entry);
    mean = g.multiply(mean, gate);
    const value a = g.conv(mean, sp_wq);
    // The spatial weight of a pixel is one dot product with f.
    value v = g.conv(a, g.derived(parameter_kind::transposed, sp_wv));
    v = g.multiply(v, gate);
    v = g.conv(v, g.derived(parameter_kind::transposed, entry));
    const value offset = g.conv(a, g.derived(parameter_kind::bias_row, sp_wv));
    value s = g.channel_dot(f, v);
    s = g.add(s, offset);
    s = g.sigmoid(s);
    s = g.add_constant(s, 1.0F);
    const id o = out == 0 ? no_id : g.conv_parameter(n.out / "conv", c, out, false);
    const value matrix = g.scaled_product(o, gate, entry);
    return g.dynamic_conv(f, matrix, s);
}

/// One level of the mixer, in the form that the rewrites ask for.
constexpr value mixer_level(builder& g, value cls, value seg, const mixer_names& n, int middle, int out) {
    return g.rewriting(rewrite::mixer) ? mixer_level_collapsed(g, cls, seg, n, middle, out)
                                       : mixer_level_plain(g, cls, seg, n, middle, out);
}

} // namespace uml::inline UML_VERSION_NAMESPACE
