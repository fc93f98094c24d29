// mixer: a level of the feature mixer becomes one small matrix made per image. The derivation is in docs/rewrites.md,
// with the names used here.
#pragma once

#include "uml/graph/passes/regions.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

/// The same numbers without any tensor of the mixer's inner channels.
constexpr value collapsed_mixer(builder& g, value cls, value seg, int shuffled, const region_parameters& p) {
    const id wv = p.at[2], wq = p.at[3], wz = p.at[4], ln = p.at[5], sp_wv = p.at[6], sp_wq = p.at[7];
    const value f = g.concat(cls, seg);
    const id entry = g.derived(parameter_kind::mixed, p.at[0], p.at[1], shuffled); // M
    // Pooling first: both attention branches see f only through two averages over the pixels.
    const id query = g.derived(parameter_kind::product, entry, wq);
    const value pooled = g.attention_pool(f, query);
    const value by_query = g.slice(pooled, 0, f.shape.c);
    const value by_mean = g.slice(pooled, f.shape.c, f.shape.c);
    value z = g.conv(by_query, entry);
    z = g.conv(z, wv);
    z = g.conv(z, wz);
    z = g.layer_norm(z, ln);
    const value gate = g.sigmoid(z);
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
    const value matrix = g.scaled_product(p.count == 9 ? p.at[8] : no_id, gate, entry);
    return g.dynamic_conv(f, matrix, s);
}

constexpr void mixer(graph& g) {
    replace(g, region_kind::mixer, [&](builder& b, const value(&in)[3], const region& r, const region_parameters& p) {
        if (r.inputs != 2 || (p.count != 8 && p.count != 9)) return value{};
        // Pooling gives two averages of every channel in one tensor.
        if (2 * (in[0].shape.c + in[1].shape.c) > graph::max_extent) return value{};
        for (int i = r.first; i < r.end; ++i)
            if (g.nodes[i].kind == op::shuffle) return collapsed_mixer(b, in[0], in[1], g.nodes[i].arg, p);
        return value{};
    });
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
