// When the operations of the CUDA backend's graph run: what waits for what, so that launches hold several operations
// and tensors are there no longer than they must be.
#pragma once

#include "uml/graph/derive.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu::lowering {

/// When each operation can run at the earliest; inputs may stand behind their readers.
struct depths {
    std::int16_t of[graph::max_nodes]{};

    constexpr explicit depths(const graph& g) {
        for (bool again = true; again;) {
            again = false;
            for (int i = 0; i < g.node_count; ++i)
                for (int j = 0; j < g.nodes[i].inputs; ++j)
                    if (of[i] <= of[g.nodes[i].in[j]]) {
                        of[i] = static_cast<std::int16_t>(of[g.nodes[i].in[j]] + 1);
                        again = true;
                    }
        }
    }
};

/// Operations of one kind, of which none needs another's result, wait for the one that comes last, so that they are one
/// launch: the mixers' of all levels. The wait is a further input, which no kernel reads.
constexpr void wait_for_last(graph& g, op kind) {
    const depths d(g);
    id last = no_id;
    for (int i = 0; i < g.node_count; ++i)
        if (g.nodes[i].kind == kind && (last == no_id || d.of[i] > d.of[last])) last = static_cast<id>(i);
    if (last == no_id) return;
    bool needed[graph::max_nodes]{}; // by the last one
    needed[last] = true;
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < g.node_count; ++i)
            for (int j = 0; needed[i] && j < g.nodes[i].inputs; ++j)
                if (!needed[g.nodes[i].in[j]]) needed[g.nodes[i].in[j]] = again = true;
    }
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (n.kind != kind || needed[i] || n.inputs != 1) continue;
        n.in[1] = g.nodes[last].in[0];
        n.inputs = 2;
    }
}

/// Of two operations that a concatenation reads, the earlier one waits, so that the tensor of both is not there before
/// it is needed; and what is read late, of a tensor that others read later still, is made when that is read last.
/// Everything keeps to the orders that there are: what waits runs beside what was there.
class late {
public:
    constexpr explicit late(graph& g) : g_(g), d_(g) {
        for (int i = 0; i < g.node_count; ++i)
            if (g.nodes[i].kind == op::concat) parts(g.nodes[i]);
        for (int i = 0; i < g.node_count; ++i) convolution(static_cast<id>(i));
    }

private:
    [[nodiscard]] constexpr bool reads(const node& n, id x) const {
        for (int j = 0; j < n.inputs; ++j)
            if (n.in[j] == x) return true;
        return false;
    }
    [[nodiscard]] constexpr bool once(id x) const {
        int readers = 0;
        for (int i = 0; i < g_.node_count; ++i) readers += reads(g_.nodes[i], x) ? 1 : 0;
        return readers == 1;
    }
    /// Whether kernels run in so many orders up to `last`.
    [[nodiscard]] constexpr bool busy(int last, int count) const {
        bool found[graph::max_nodes]{};
        for (int i = 0; i < g_.node_count; ++i)
            if (const op k = g_.nodes[i].kind; k != op::slice && k != op::concat) found[d_.of[i]] = true;
        for (int k = 0; k < count; ++k)
            if (last < k || !found[last - k]) return false;
        return true;
    }
    /// Makes `n` wait until order `depth`, by a further input: one that `beside`, or what it needs, reads then.
    constexpr void wait(id n, id beside, int depth) {
        id q = beside;
        while (d_.of[q] >= depth) {
            const node& at = g_.nodes[q];
            q = at.in[0];
            for (int j = 1; j < at.inputs; ++j)
                if (d_.of[at.in[j]] > d_.of[q]) q = at.in[j];
        }
        node& waiting = g_.nodes[n];
        const bool exact = is_precise(g_.nodes, waiting);
        if (waiting.inputs > 3 || (g_.nodes[q].precise && !exact)) return;
        waiting.in[waiting.inputs++] = q;
        if (waiting.kind == op::conv && waiting.inputs == 2)
            waiting.in[waiting.inputs++] = q; // the second one would be added
        d_ = depths(g_);
    }
    constexpr void parts(const node& n) {
        id last = n.in[0];
        for (int j = 1; j < n.inputs; ++j)
            if (d_.of[n.in[j]] > d_.of[last]) last = n.in[j];
        for (int j = 0; j < n.inputs; ++j) {
            const id early = n.in[j];
            if (d_.of[early] == d_.of[last] || !once(early)) continue;
            // Of convolutions all from the one whose input was enlarged.
            id first = early;
            int count = 1;
            while (g_.nodes[first].kind == op::conv && g_.nodes[first].inputs == 1 && once(g_.nodes[first].in[0])) {
                first = g_.nodes[first].in[0];
                ++count;
            }
            const op k = g_.nodes[first].kind;
            if (k != op::resize && k != op::dynamic_conv && k != op::gate) continue;
            int end = d_.of[last];
            while (end > d_.of[early] && !busy(end, count)) --end;
            if (end > d_.of[early]) wait(first, last, end - count + 1);
        }
    }
    constexpr void convolution(id i) {
        const node& n = g_.nodes[i];
        if (n.kind != op::conv || n.groups != 1 || n.inputs != 1 || n.out.pixels() == 1) return;
        id last = i;
        int needed = graph::max_nodes;
        for (int k = 0; k < g_.node_count; ++k) {
            const node& reader = g_.nodes[k];
            if (reads(reader, i) && d_.of[k] < needed) needed = d_.of[k];
            bool same = reads(reader, n.in[0]) && reader.kind != op::concat;
            for (int j = 0; j < reader.inputs; ++j)
                same = same || (g_.nodes[reader.in[j]].kind == op::concat && reads(g_.nodes[reader.in[j]], n.in[0]));
            if (same && d_.of[k] > d_.of[last]) last = static_cast<id>(k);
        }
        if (d_.of[last] > d_.of[i] && d_.of[last] < needed) wait(i, last, d_.of[last]);
    }

    graph& g_;
    depths d_;
};

/// Brings the table into the order in which operations run.
constexpr void sort_by_order(graph& g) {
    const depths d(g);
    id to[graph::max_nodes]{};
    node sorted[graph::max_nodes]{};
    int count = 0;
    for (int depth = 0; count < g.node_count; ++depth)
        for (int i = 0; i < g.node_count; ++i)
            if (d.of[i] == depth) {
                to[i] = static_cast<id>(count);
                sorted[count++] = g.nodes[i];
            }
    for (int i = 0; i < g.node_count; ++i) {
        g.nodes[i] = sorted[i];
        for (int j = 0; j < g.nodes[i].inputs; ++j) g.nodes[i].in[j] = to[g.nodes[i].in[j]];
    }
    for (int i = 0; i < g.output_count; ++i) g.outputs[i].node = to[g.outputs[i].node];
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu::lowering

#include "uml/core/end.inc"
