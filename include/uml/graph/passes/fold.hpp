// fold: what follows a convolution becomes part of it: normalisation, residual sum, activation.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

constexpr void fold(graph& g) {
    uses u(g);
    links l(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        l.follow(n);
        if (n.inputs == 0) continue;
        const auto becomes = [&](id b) {
            u.count[b] = u.count[i];
            g.nodes[b].precise = g.nodes[b].precise || n.precise;
            l.to[i] = b;
        };
        const id b = n.in[0];
        node& before = g.nodes[b];
        const bool plain = before.act == activation::none && u.once(b);
        if (n.kind == op::norm && before.kind == op::conv && before.inputs == 1 && plain) {
            before.weight = derive(g, parameter_kind::folded, before.weight, n.weight);
            becomes(b);
        } else if (n.kind == op::activate && honours_activation(before.kind) && plain) {
            before.act = n.act;
            becomes(b);
        } else if (n.kind == op::add) {
            // The convolution that comes last takes the other one's result as its residual.
            const id last = n.in[0] > n.in[1] ? n.in[0] : n.in[1];
            const id other = n.in[0] > n.in[1] ? n.in[1] : n.in[0];
            node& c = g.nodes[last];
            if (last == other || c.kind != op::conv || c.act != activation::none || c.inputs != 1 || !u.once(last))
                continue;
            if (c.out != g.nodes[other].out) continue;
            c.in[1] = other;
            c.inputs = 2;
            becomes(last);
        }
    }
    l.follow_outputs(g);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
