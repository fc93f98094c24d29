// compose: consecutive 1×1 convolutions multiply out where the product needs no more operations.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

constexpr void compose(graph& g) {
    const uses u(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (!is_pointwise(n)) continue;
        const id b = n.in[0];
        node& before = g.nodes[b];
        if (before.act != activation::none || !u.once(b)) continue;
        if (is_pointwise(before) && before.inputs == 1) {
            const std::int64_t in = g.nodes[before.in[0]].out.c, middle = before.out.c, out = n.out.c;
            if (in * out > in * middle + middle * out) continue;
            n.weight = derive(g, parameter_kind::product, before.weight, n.weight);
            n.in[0] = before.in[0];
            n.precise = n.precise || before.precise;
        } else if (before.kind == op::dynamic_conv && n.inputs == 1 && !g.parameters[n.weight].bias &&
                   n.out.c <= before.out.c) {
            // Onto the matrix that is made per image: the factor of a pixel commutes with a 1×1 convolution.
            node& matrix = g.nodes[before.in[1]];
            if (!u.once(before.in[1])) continue;
            matrix.weight =
                matrix.weight == no_id ? n.weight : derive(g, parameter_kind::product, matrix.weight, n.weight);
            matrix.out.c = n.out.c;
            before.out.c = n.out.c;
            before.act = n.act;
            before.precise = before.precise || n.precise;
            n.kind = op::slice; // all of it
            n.act = activation::none;
            n.weight = no_id;
        }
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
