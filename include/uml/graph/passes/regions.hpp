// What the passes share that replace a whole region by a cheaper form.
#pragma once

#include "uml/graph/builder.hpp"

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

/// Whether only the region's result is read from outside.
[[nodiscard]] constexpr bool closed(const graph& g, const region& r) {
    const auto inside = [&](id n) { return n >= r.first && n < r.end - 1; };
    for (int i = r.end; i < g.node_count; ++i)
        for (int j = 0; j < g.nodes[i].inputs; ++j)
            if (inside(g.nodes[i].in[j])) return false;
    for (int i = 0; i < g.output_count; ++i)
        if (inside(g.outputs[i].node)) return false;
    return true;
}

/// Puts the nodes from `fresh` on, which stand at the table's end and of which `result` is the result, in the place of
/// region `which`, and forgets the region.
constexpr void put_in_place(graph& g, int which, int fresh, id result) {
    constexpr int most = 64;
    const region r = g.regions[which];
    const int count = g.node_count - fresh, up = count - (r.end - r.first);
    if (count > most) return g.fail(fault::too_many_entries, g.nodes[r.first].kind, no_id, count, most);
    g.nodes[result].precise = g.nodes[result].precise || g.nodes[r.end - 1].precise;
    const auto moved = [&](id n) -> id {
        if (n < r.first) return n;
        if (n >= fresh) return static_cast<id>(n - fresh + r.first);
        return n == r.end - 1 ? static_cast<id>(result - fresh + r.first) : static_cast<id>(n + up);
    };
    for (int i = r.end; i < g.node_count; ++i)
        for (int j = 0; j < g.nodes[i].inputs; ++j) g.nodes[i].in[j] = moved(g.nodes[i].in[j]);
    if (up > 0) {
        node kept[most]{};
        for (int i = 0; i < count; ++i) kept[i] = g.nodes[fresh + i];
        for (int i = fresh - 1; i >= r.end; --i) g.nodes[i + up] = g.nodes[i];
        for (int i = 0; i < count; ++i) g.nodes[r.first + i] = kept[i];
    } else { // the fresh ones fit where the region's stood
        for (int i = 0; i < count; ++i) g.nodes[r.first + i] = g.nodes[fresh + i];
        for (int i = r.end; i < fresh && up < 0; ++i) g.nodes[i + up] = g.nodes[i];
    }
    g.node_count = fresh + up;
    for (int i = 0; i < g.output_count; ++i) g.outputs[i].node = moved(g.outputs[i].node);
    for (int i = which + 1; i < g.region_count; ++i) { // these stand behind it
        region later = g.regions[i];
        later.first = static_cast<id>(later.first + up);
        later.end = static_cast<id>(later.end + up);
        for (int j = 0; j < later.inputs; ++j) later.in[j] = moved(later.in[j]);
        g.regions[i - 1] = later;
    }
    --g.region_count;
}

/// Replaces every region of that kind by what `collapse(builder&, inputs, region, parameters)` describes; a region for
/// which it gives no value stays what it is.
template <class F> constexpr void replace(graph& g, region_kind kind, F collapse) {
    for (int i = g.region_count - 1; i >= 0; --i) { // from the last: the others keep their places
        const region r = g.regions[i];
        if (r.kind != kind || !closed(g, r)) continue;
        value in[3]{};
        for (int j = 0; j < r.inputs; ++j) in[j] = {r.in[j], g.nodes[r.in[j]].out};
        const int fresh = g.node_count;
        builder b(g, output_set::answer);
        const value result = collapse(b, in, r, region_parameters(g, r));
        if (result.node != no_id) put_in_place(g, i, fresh, result.node);
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
