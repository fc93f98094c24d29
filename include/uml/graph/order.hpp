// In which order operations run, and how long each tensor lives in that order.
#pragma once

#include "uml/graph/graph.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// How a backend runs a program's operations.
enum class schedule : std::uint8_t {
    sequential, ///< one after the other, as they stand
    branches    ///< each as soon as its inputs are there; those of one order may run side by side
};

/// Numbers every operation: those of one order are all done before the next order begins.
constexpr void assign_order(graph& g, schedule how) {
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        n.order = static_cast<std::int16_t>(how == schedule::sequential ? i : 0);
        for (int j = 0; how == schedule::branches && j < n.inputs; ++j)
            if (g.nodes[n.in[j]].order >= n.order) n.order = static_cast<std::int16_t>(g.nodes[n.in[j]].order + 1);
    }
}

namespace plan_detail {

/// Which block of memory a node's tensor lies in: its own, or a part of another's; and when the block is in use.
struct views {
    id root[graph::max_nodes]{};
    std::int32_t first_channel[graph::max_nodes]{};
    id first_use[graph::max_nodes]{}, last_use[graph::max_nodes]{}; ///< orders; of a root

    [[gnu::cold]] constexpr explicit views(const graph& g) {
        for (int i = 0; i < g.node_count; ++i) root[i] = static_cast<id>(i);
        id read_until[graph::max_nodes]{}; // last reader of a node, or of its slices
        for (int i = g.node_count - 1; i >= 0; --i) {
            const node& n = g.nodes[i];
            const id until = n.kind == op::slice ? read_until[i] : static_cast<id>(i);
            for (int j = 0; j < n.inputs; ++j)
                if (read_until[n.in[j]] < until) read_until[n.in[j]] = until;
        }
        for (int i = 0; i < g.output_count; ++i) read_until[g.outputs[i].node] = static_cast<id>(g.node_count);
        // Inputs of a concatenation are written where they will stand; backwards, so that the outermost one decides.
        // But one that is made long before, or read long after, would keep the memory of all: that one is copied. So is
        // one of another element type.
        constexpr int long_time = 100; // operations
        for (int i = g.node_count - 1; i >= 0; --i) {
            const node& n = g.nodes[i];
            std::int32_t channel = first_channel[i];
            for (int j = 0; n.kind == op::concat && j < n.inputs; ++j) {
                const id b = n.in[j];
                const op k = g.nodes[b].kind;
                const bool lasts = i - b > long_time || read_until[b] - read_until[i] > long_time;
                const bool fits = g.nodes[b].type == n.type;
                if (root[b] == b && k != op::slice && k != op::input && fits && !lasts) {
                    root[b] = root[i];
                    first_channel[b] = channel;
                }
                channel += g.nodes[b].out.c;
            }
        }
        for (int i = 0; i < g.node_count; ++i) {
            const node& n = g.nodes[i];
            if (n.kind != op::slice) continue;
            root[i] = root[n.in[0]];
            first_channel[i] = first_channel[n.in[0]] + n.arg;
        }
        for (int i = 0; i < g.node_count; ++i) first_use[root[i]] = static_cast<id>(graph::max_nodes);
        for (int i = 0; i < g.node_count; ++i) {
            const node& n = g.nodes[i];
            if (first_use[root[i]] > n.order) first_use[root[i]] = n.order;
            extend(root[i], n.order);
            for (int j = 0; j < n.inputs; ++j) extend(root[n.in[j]], n.order);
        }
        for (int i = 0; i < g.output_count; ++i) extend(root[g.outputs[i].node], static_cast<id>(g.node_count));
    }

private:
    constexpr void extend(id r, id until) {
        if (last_use[r] < until) last_use[r] = until;
    }
};

} // namespace plan_detail

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
