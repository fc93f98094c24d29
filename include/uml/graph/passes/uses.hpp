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

[[nodiscard]] constexpr bool is_pointwise(const node& n) {
    return n.kind == op::conv && n.win == window{} && n.groups == 1;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
