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
            for (int j = 0; j < g.nodes[i].inputs; ++j) ++readers_[g.nodes[i].in[j]];
        for (int i = 0; i < g.node_count; ++i)
            if (const op k = g.nodes[i].kind; k != op::slice && k != op::concat) busy_[d_.of[i]] = true;
        for (int i = 0; i < g.node_count; ++i)
            if (g.nodes[i].kind == op::concat) parts(g.nodes[i]);
        convolutions();
    }

private:
    [[nodiscard]] constexpr bool once(id x) const { return readers_[x] == 1; }
    /// Whether kernels run in so many orders up to `last`.
    [[nodiscard]] constexpr bool busy(int last, int count) const {
        for (int k = 0; k < count; ++k)
            if (last < k || !busy_[last - k]) return false;
        return true;
    }
    /// Makes `n` wait until order `depth`, by a further input: one that `beside`, or what it needs, reads then.
    [[nodiscard]] constexpr bool wait(id n, id beside, int depth) {
        id q = beside;
        while (d_.of[q] >= depth) {
            const node& at = g_.nodes[q];
            q = at.in[0];
            for (int j = 1; j < at.inputs; ++j)
                if (d_.of[at.in[j]] > d_.of[q]) q = at.in[j];
        }
        node& waiting = g_.nodes[n];
        const bool exact = is_precise(g_.nodes, waiting);
        if (waiting.inputs > 3 || (g_.nodes[q].precise && !exact)) return false;
        waiting.in[waiting.inputs++] = q;
        if (waiting.kind == op::conv && waiting.inputs == 2)
            waiting.in[waiting.inputs++] = q; // the second one would be added
        ++readers_[q];
        return true;
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
            if (end <= d_.of[early] || !wait(first, last, end - count + 1)) continue;
            for (id x = early; end > 0 && count > 0; --count, x = g_.nodes[x].in[0])
                d_.of[x] = static_cast<std::int16_t>(end--);
        }
    }
    constexpr void convolutions() {
        id last[graph::max_nodes]{};             // who reads a tensor, or one that it is a part of, last
        std::int16_t needed[graph::max_nodes]{}; // when it is read first
        for (int i = 0; i < g_.node_count; ++i) {
            last[i] = no_id;
            needed[i] = graph::max_nodes;
        }
        const auto later = [&](id x, id reader) {
            if (reader != no_id && (last[x] == no_id || d_.of[reader] > d_.of[last[x]])) last[x] = reader;
        };
        for (int i = 0; i < g_.node_count; ++i)
            for (int j = 0; j < g_.nodes[i].inputs; ++j) {
                const id x = g_.nodes[i].in[j];
                if (d_.of[i] < needed[x]) needed[x] = d_.of[i];
                if (g_.nodes[i].kind != op::concat) later(x, static_cast<id>(i));
            }
        for (int i = 0; i < g_.node_count; ++i)
            for (int j = 0; g_.nodes[i].kind == op::concat && j < g_.nodes[i].inputs; ++j)
                later(g_.nodes[i].in[j], last[i]);
        for (int i = 0; i < g_.node_count; ++i) {
            const node& n = g_.nodes[i];
            if (n.kind != op::conv || n.groups != 1 || n.inputs != 1 || n.out.pixels() == 1) continue;
            const int depth = d_.of[last[n.in[0]]];
            if (depth > d_.of[i] && depth < needed[i] && wait(static_cast<id>(i), last[n.in[0]], depth))
                d_.of[i] = static_cast<std::int16_t>(depth);
        }
    }

    graph& g_;
    depths d_;
    std::int16_t readers_[graph::max_nodes]{};
    bool busy_[graph::max_nodes + 1]{}; ///< orders in which there are kernels
};

/// Brings the table into the order in which operations run.
constexpr void sort_by_order(graph& g) {
    const depths d(g);
    id place[graph::max_nodes + 1]{}, to[graph::max_nodes]{};
    node sorted[graph::max_nodes]{};
    for (int i = 0; i < g.node_count; ++i) ++place[d.of[i] + 1];
    for (int i = 0; i < g.node_count; ++i) place[i + 1] = static_cast<id>(place[i + 1] + place[i]);
    for (int i = 0; i < g.node_count; ++i) {
        to[i] = place[d.of[i]]++;
        sorted[to[i]] = g.nodes[i];
    }
    for (int i = 0; i < g.node_count; ++i) {
        g.nodes[i] = sorted[i];
        for (int j = 0; j < g.nodes[i].inputs; ++j) g.nodes[i].in[j] = to[g.nodes[i].in[j]];
    }
    for (int i = 0; i < g.output_count; ++i) g.outputs[i].node = to[g.outputs[i].node];
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu::lowering

#include "uml/core/end.inc"
