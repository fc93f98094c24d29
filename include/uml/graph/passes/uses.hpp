// What the passes share: how often a node is read, and which node stands for a removed one.
#pragma once

#include "uml/graph/derive.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

struct uses {
    std::int16_t count[graph::max_nodes]{};

    constexpr explicit uses(const graph& g) {
        for (int i = 0; i < g.node_count; ++i)
            for (int j = 0; j < g.nodes[i].inputs; ++j) ++count[g.nodes[i].in[j]];
        for (int i = 0; i < g.output_count; ++i) ++count[g.outputs[i].node];
    }
    [[nodiscard]] constexpr bool once(id n) const { return count[n] == 1; }
};

/// Node i is now computed by to[i].
struct links {
    id to[graph::max_nodes]{};

    constexpr explicit links(const graph& g) {
        for (int i = 0; i < g.node_count; ++i) to[i] = static_cast<id>(i);
    }
    constexpr void follow(node& n) const {
        for (int j = 0; j < n.inputs; ++j) n.in[j] = to[n.in[j]];
    }
    constexpr void follow_outputs(graph& g) const {
        for (int i = 0; i < g.output_count; ++i) g.outputs[i].node = to[g.outputs[i].node];
    }
};

/// Takes the nodes out of the table; gives what stands where now.
constexpr links remove(graph& g, const bool (&gone)[graph::max_nodes]) {
    links l(g);
    int kept = 0;
    for (int i = 0; i < g.node_count; ++i) {
        if (gone[i]) continue;
        l.follow(g.nodes[i]);
        l.to[i] = static_cast<id>(kept);
        if (kept < i) g.nodes[kept] = g.nodes[i];
        ++kept;
    }
    g.node_count = kept;
    l.follow_outputs(g);
    return l;
}

[[nodiscard]] constexpr bool is_pointwise(const node& n) {
    return n.kind == op::conv && n.win == window{} && n.groups == 1;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
