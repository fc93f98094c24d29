// What the passes share that replace a whole region by a cheaper form.
#pragma once

#include "uml/graph/builder.hpp"
#include "uml/graph/passes/uses.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

/// The parameters that a region's nodes read, in their order.
struct region_parameters {
    id at[16]{};
    int count = 0;

    constexpr region_parameters(const graph& g, const region& r) {
        for (int i = r.first; i < r.end; ++i)
            if (g.nodes[i].weight != no_id && count < 16) at[count++] = g.nodes[i].weight;
    }
};

/// The last reader of each node; an output's is behind all nodes.
struct readers {
    id last[graph::max_nodes]{};

    constexpr explicit readers(const graph& g) {
        for (int i = 0; i < g.node_count; ++i)
            for (int j = 0; j < g.nodes[i].inputs; ++j) last[g.nodes[i].in[j]] = static_cast<id>(i);
        for (int i = 0; i < g.output_count; ++i) last[g.outputs[i].node] = static_cast<id>(g.node_count);
    }
    /// Whether only the region's result is read from outside.
    [[nodiscard]] constexpr bool closed(const region& r) const {
        for (int i = r.first; i < r.end - 1; ++i)
            if (last[i] >= r.end) return false;
        return true;
    }
};

/// The forms that stand for regions. They are put in their places together: to move the nodes behind each in turn would
/// be most of what a compiler does for them.
class replacements {
public:
    /// Takes the nodes from `fresh` on, of which `result` is the result, out of the table: they stand for that region.
    /// The regions come from the last to the first.
    constexpr void take(graph& g, int which, int fresh, id result) {
        const int count = g.node_count - fresh;
        const region r = g.regions[which];
        if (count > most) return g.fail(fault::too_many_entries, g.nodes[r.first].kind, no_id, count, most);
        g.node_count = fresh;
        forms_[form_count_++] = {which, node_count_, count, result - fresh};
        for (int i = 0; i < count; ++i) nodes_[node_count_ + i] = g.nodes[fresh + i];
        node& last = nodes_[node_count_ + result - fresh];
        last.precise = last.precise || g.nodes[r.end - 1].precise;
        node_count_ += count;
        growth_ += count - (r.end - r.first);
    }
    /// Whether there may be no room for another form.
    [[nodiscard]] constexpr bool full() const { return node_count_ > room - most; }
    /// Puts them where the regions stood, and forgets these.
    constexpr void put_in_place(graph& g) {
        const int described = g.node_count, all = described + growth_;
        if (all > graph::max_nodes) return g.fail(fault::too_many_entries, op::input, no_id, all, graph::max_nodes);
        links l(g);
        int shift = 0; // of what stands behind the forms so far
        for (int f = form_count_ - 1; f >= 0; --f) {
            form& made = forms_[f];
            const region r = g.regions[made.region];
            made.at = r.first + shift;
            l.to[r.end - 1] = static_cast<id>(made.at + made.result);
            made.shift = shift += made.count - (r.end - r.first);
            made.end = f > 0 ? g.regions[forms_[f - 1].region].first : described;
            for (int i = r.end; i < made.end; ++i) {
                l.follow(g.nodes[i]);
                l.to[i] = static_cast<id>(i + shift);
                if (shift < 0) g.nodes[i + shift] = g.nodes[i];
            }
        }
        g.node_count = all;
        for (int f = 0; f < form_count_; ++f) {
            const form& made = forms_[f];
            for (int i = made.end - 1; made.shift > 0 && i >= g.regions[made.region].end; --i)
                g.nodes[i + made.shift] = g.nodes[i];
        }
        for (int f = 0; f < form_count_; ++f)
            for (int i = 0; i < forms_[f].count; ++i) {
                node& n = g.nodes[forms_[f].at + i];
                n = nodes_[forms_[f].from + i];
                for (int j = 0; j < n.inputs; ++j)
                    n.in[j] = n.in[j] < described ? l.to[n.in[j]] : static_cast<id>(n.in[j] - described + forms_[f].at);
            }
        l.follow_outputs(g);
        forget(g, l);
        node_count_ = form_count_ = growth_ = 0;
    }

private:
    static constexpr int most = 64, room = 256; ///< nodes of one form, of all
    struct form {
        int region = 0, from = 0, count = 0, result = 0; ///< which, and its nodes among those here
        int at = 0;                                      ///< its first node's new number
        int shift = 0, end = 0;                          ///< nodes between its region and number `end` move by so much
    };

    constexpr void forget(graph& g, const links& l) const {
        int kept = 0;
        for (int i = 0, f = form_count_ - 1; i < g.region_count; ++i) {
            if (f >= 0 && forms_[f].region == i) {
                --f;
                continue;
            }
            region r = g.regions[i];
            for (int j = 0; j < r.inputs; ++j) r.in[j] = l.to[r.in[j]];
            r.end = static_cast<id>(l.to[r.first] + r.end - r.first);
            r.first = l.to[r.first];
            g.regions[kept++] = r;
        }
        g.region_count = kept;
    }

    node nodes_[room]{};
    form forms_[graph::max_regions]{};
    int node_count_ = 0, form_count_ = 0, growth_ = 0;
};

/// Replaces every region of that kind by what `collapse(builder&, inputs, region, parameters)` describes; a region for
/// which it gives no value stays what it is.
template <class F> constexpr void replace(graph& g, region_kind kind, F collapse) {
    const readers all(g);
    replacements made;
    for (int i = g.region_count - 1; i >= 0; --i) { // from the last: the others keep their places
        const region r = g.regions[i];
        if (r.kind != kind || !all.closed(r)) continue;
        value in[3]{};
        for (int j = 0; j < r.inputs; ++j) in[j] = {r.in[j], g.nodes[r.in[j]].out};
        if (made.full()) made.put_in_place(g);
        const int fresh = g.node_count;
        builder b(g, output_set::answer);
        const value result = collapse(b, in, r, region_parameters(g, r));
        if (b.failed()) return;
        if (result.node != no_id) made.take(g, i, fresh, result.node);
    }
    made.put_in_place(g);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
