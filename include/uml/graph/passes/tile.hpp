// tile, grey: a convolution of repeated channels is one of the unrepeated ones, with the column blocks of its
// weight summed.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

/// `of_picture`: only where the picture itself was repeated, else only elsewhere.
constexpr void sum_columns(graph& g, bool of_picture) {
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (n.kind != op::conv || n.groups != 1) continue;
        const node& tiled = g.nodes[n.in[0]];
        if (tiled.kind != op::tile || (g.nodes[tiled.in[0]].kind == op::input) != of_picture) continue;
        n.weight = derive(g, parameter_kind::column_sum, n.weight, no_id, g.nodes[tiled.in[0]].out.c);
        n.in[0] = tiled.in[0];
    }
}

constexpr void tile(graph& g) { sum_columns(g, false); }
/// The same for the first convolutions of a grey picture.
constexpr void grey(graph& g) { sum_columns(g, true); }

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
