// upsample, late: a convolution and a bilinear resize beside it are both linear, so they can change places.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

/// A 3×3 convolution after a ×2 upsample is computed at the low resolution.
constexpr void upsample(graph& g) {
    const uses u(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (n.kind != op::conv || n.groups != 1 || n.inputs != 1 || n.win != window{3, 1, 1, 1}) continue;
        const node& up = g.nodes[n.in[0]];
        if (up.kind != op::resize || !u.once(n.in[0])) continue;
        const shape low = g.nodes[up.in[0]].out;
        if (up.out.h != 2 * low.h || up.out.w != 2 * low.w) continue;
        n.kind = op::upsample_conv;
        n.in[0] = up.in[0];
    }
}

/// A 1×1 convolution whose result is only used downsampled comes after the downsampling.
/// The interpolation weights of a pixel sum to 1, so the bias stays what it is.
constexpr void late(graph& g) {
    const uses u(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& down = g.nodes[i];
        if (down.kind != op::resize) continue;
        const id b = down.in[0];
        node& conv = g.nodes[b];
        if (!is_pointwise(conv) || conv.inputs != 1 || conv.act != activation::none || !u.once(b)) continue;
        if (down.out.pixels() >= conv.out.pixels()) continue;
        const shape in = g.nodes[conv.in[0]].out, out = down.out;
        const node early = conv;
        conv = down;
        conv.precise = g.nodes[early.in[0]].precise;
        conv.in[0] = early.in[0];
        conv.out = {in.c, out.h, out.w};
        const bool precise = early.precise || down.precise;
        down = early;
        down.precise = precise;
        down.in[0] = b;
        down.out = out;
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
