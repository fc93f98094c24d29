// prune: what no output needs is not computed.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

constexpr void prune(graph& g) {
    bool live[graph::max_nodes]{};
    for (int i = 0; i < g.output_count; ++i) live[g.outputs[i].node] = true;
    for (int i = g.node_count - 1; i >= 0; --i) {
        if (g.nodes[i].kind == op::input) live[i] = true;
        if (!live[i]) continue;
        for (int j = 0; j < g.nodes[i].inputs; ++j) live[g.nodes[i].in[j]] = true;
    }
    links l(g);
    int kept = 0;
    for (int i = 0; i < g.node_count; ++i) {
        if (!live[i]) continue;
        l.follow(g.nodes[i]);
        l.to[i] = static_cast<id>(kept);
        if (kept < i) g.nodes[kept] = g.nodes[i];
        ++kept;
    }
    g.node_count = kept;
    l.follow_outputs(g);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
