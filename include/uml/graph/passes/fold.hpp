// fold: what follows a convolution becomes part of it: normalisation, residual sum, activation.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

/// Merges node n into the node before it, if that one can do its work; gives the node that does, or no_id. The inputs
/// of n are as they stand after what was merged before it.
constexpr id folded_into(graph& g, const uses& u, const node& n) {
    if (n.inputs == 0) return no_id;
    const id b = n.in[0];
    node& before = g.nodes[b];
    const bool plain = before.act == activation::none && u.once(b);
    if (n.kind == op::norm && before.kind == op::conv && before.inputs == 1 && plain) {
        before.weight = derive(g, parameter_kind::folded, before.weight, n.weight);
        return b;
    }
    if (n.kind == op::activate && honours_activation(before.kind) && plain) {
        before.act = n.act;
        return b;
    }
    if (n.kind != op::add) return no_id;
    // The convolution that comes last takes the other one's result as its residual.
    const id last = n.in[0] > n.in[1] ? n.in[0] : n.in[1];
    const id other = n.in[0] > n.in[1] ? n.in[1] : n.in[0];
    node& c = g.nodes[last];
    if (last == other || c.kind != op::conv || c.act != activation::none || c.inputs != 1 || !u.once(last))
        return no_id;
    if (c.out != g.nodes[other].out) return no_id;
    c.in[1] = other;
    c.inputs = 2;
    return last;
}

constexpr void fold(graph& g) {
    uses u(g);
    links l(g);
    int kept = 0;
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        l.follow(n);
        const id into = folded_into(g, u, n);
        const id at = into == no_id ? static_cast<id>(kept++) : into;
        u.count[at] = u.count[i];
        l.to[i] = at;
        if (into != no_id)
            g.nodes[at].precise = g.nodes[at].precise || n.precise;
        else if (at < i)
            g.nodes[at] = n;
    }
    g.node_count = kept;
    l.follow_outputs(g);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
