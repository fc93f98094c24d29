// prune: what no output needs is not computed.
#pragma once

#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

constexpr void prune(graph& g) {
    bool gone[graph::max_nodes]{};
    for (int i = 0; i < g.node_count; ++i) gone[i] = g.nodes[i].kind != op::input;
    for (int i = 0; i < g.output_count; ++i) gone[g.outputs[i].node] = false;
    for (int i = g.node_count - 1; i >= 0; --i)
        for (int j = 0; !gone[i] && j < g.nodes[i].inputs; ++j) gone[g.nodes[i].in[j]] = false;
    remove(g, gone);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
