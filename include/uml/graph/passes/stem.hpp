// stem: the first convolutions of both encoders read the same picture, so they are one with the outputs stacked.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

/// Makes room for a node at `at`; the ones from there on move up by one.
constexpr bool insert(graph& g, int at, const node& fresh) {
    if (g.add_node(fresh) == 0) return false;
    const auto moved = [at](id i) { return i >= at ? static_cast<id>(i + 1) : i; };
    for (int i = g.node_count - 1; i > at; --i) {
        g.nodes[i] = g.nodes[i - 1];
        for (int j = 0; j < g.nodes[i].inputs; ++j) g.nodes[i].in[j] = moved(g.nodes[i].in[j]);
    }
    for (int i = 0; i < g.output_count; ++i) g.outputs[i].node = moved(g.outputs[i].node);
    g.nodes[at] = fresh;
    return true;
}

[[nodiscard]] constexpr bool reads_picture(const graph& g, id x) {
    const node& n = g.nodes[x];
    return n.kind == op::input || (n.kind == op::tile && g.nodes[n.in[0]].kind == op::input);
}

constexpr void stem(graph& g) {
    int first = -1, second = -1;
    for (int i = 0; i < g.node_count && second < 0; ++i) {
        const node& n = g.nodes[i];
        if (n.kind != op::conv || n.inputs != 1 || n.groups != 1) continue;
        if (first < 0) {
            if (reads_picture(g, n.in[0])) first = i;
        } else if (n.in[0] == g.nodes[first].in[0] && n.win == g.nodes[first].win && n.act == g.nodes[first].act) {
            second = i;
        }
    }
    if (second < 0) return;
    node slice{};
    slice.kind = op::slice;
    slice.inputs = 1;
    slice.in[0] = static_cast<id>(first);
    slice.out = g.nodes[first].out;
    slice.precise = g.nodes[first].precise;
    if (!insert(g, first + 1, slice)) return;
    ++second;
    // All readers of the first convolution now read the slice that stands after it.
    for (int i = first + 2; i < g.node_count; ++i)
        for (int j = 0; j < g.nodes[i].inputs; ++j)
            if (g.nodes[i].in[j] == first) g.nodes[i].in[j] = static_cast<id>(first + 1);
    for (int i = 0; i < g.output_count; ++i)
        if (g.outputs[i].node == first) g.outputs[i].node = static_cast<id>(first + 1);
    node& stacked = g.nodes[first];
    node& other = g.nodes[second];
    stacked.weight = derive(g, parameter_kind::stacked, stacked.weight, other.weight);
    other.arg = static_cast<std::int16_t>(stacked.out.c);
    stacked.out.c += other.out.c;
    stacked.precise = stacked.precise || other.precise;
    other.kind = op::slice;
    other.act = activation::none;
    other.win = {};
    other.weight = no_id;
    other.in[0] = static_cast<id>(first);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
