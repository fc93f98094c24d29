// The memory plan: every tensor, and every operation's scratch memory, gets its place in one arena before anything
// runs.
#pragma once

#include "uml/graph/order.hpp"
#include "uml/graph/site.hpp"

#include <algorithm>
#include <limits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What a plan comes to, in bytes.
struct plan_sizes {
    std::int64_t arena = 0;  ///< tensors, scratch memory and steps
    std::int64_t live = 0;   ///< the largest set of tensors and scratch alive at one time: no plan can be smaller
    std::int64_t steps = 0;  ///< place of the steps in the arena, behind everything else
    std::int64_t packed = 0; ///< weights in the backend's form
};

namespace plan_detail {

/// Reports node i; an operation without weights by the last layer before it.
constexpr void fail_at(graph& g, fault what, int i, std::int64_t have, std::int64_t want) {
    if (g.error.what != fault::none) return;
    int layer = i;
    while (layer > 0 && g.nodes[layer].weight == no_id) --layer;
    id p = g.nodes[layer].weight;
    while (p != no_id && g.parameters[p].name == no_id) p = g.parameters[p].a;
    g.fail(what, g.nodes[i].kind, p == no_id ? no_id : g.parameters[p].name, have, want);
    g.error.after = p != no_id && layer != i;
}

/// A block of memory, in use during the orders [first, last].
struct block {
    std::int64_t from = 0, size = 0;
    int first = 0, last = 0;
    id node = no_id;
    bool scratch = false;

    /// Smaller, or as large and used for a shorter time.
    [[nodiscard]] constexpr bool less(const block& b) const {
        return size != b.size ? size < b.size : last - first < b.last - b.first;
    }
};

/// Blocks that have their place, linked by their addresses. Evaluated while compiling, where every object costs: the
/// loop has numbers in arrays.
class placed_blocks {
public:
    static constexpr int most = 256;

    constexpr placed_blocks() {
        next_[below] = above;
        previous_[above] = below;
        from_[below] = -1;
        from_[above] = std::numeric_limits<std::int64_t>::max();
        last_[above] = std::numeric_limits<int>::max();
    }
    /// At the lowest address where nothing is in the way at any time; false: no room for more blocks. None placed from
    /// now on may be used before order `now`.
    constexpr bool place(block& b, int now) {
        if (count_ >= full_) drop_before(now);
        if (count_ == most) return false;
        const int first = b.first, last = b.last;
        const std::int64_t size = b.size;
        std::int64_t from = 0;
        int next = next_[below]; // the first block that leaves room below it
        for (;; next = next_[next])
            if (last_[next] >= first && first_[next] <= last) {
                if (from_[next] - from >= size) break;
                if (end_[next] > from) from = end_[next];
            }
        while (from_[previous_[next]] > from) next = previous_[next];
        const int at = count_ < free_ ? spare_[free_ - count_ - 1] : free_++;
        ++count_;
        next_[at] = next;
        previous_[at] = previous_[next];
        next_[previous_[next]] = at;
        previous_[next] = at;
        b.from = from;
        first_[at] = first;
        last_[at] = last;
        from_[at] = from;
        end_[at] = from + size;
        if (end_[at] > top_) top_ = end_[at];
        return true;
    }
    /// Forgets blocks that are not used from order `now` on.
    constexpr void drop_before(int now) {
        for (int i = next_[below]; i != above; i = next_[i])
            if (last_[i] < now) {
                next_[previous_[i]] = next_[i];
                previous_[next_[i]] = previous_[i];
                spare_[free_ - count_--] = i;
            }
        full_ = std::min(most, 2 * count_ + 16);
    }
    [[nodiscard]] constexpr std::int64_t top() const { return top_; }

private:
    static constexpr int below = most, above = most + 1; ///< in the way everywhere, so that loops end
    int first_[most + 2]{}, last_[most + 2]{};           ///< orders of use
    std::int64_t from_[most + 2]{}, end_[most]{};        ///< addresses
    int next_[most + 2]{}, previous_[most + 2]{};        ///< by address
    int spare_[most]{};                                  ///< places of forgotten blocks
    int count_ = 0, free_ = 0;                           ///< blocks, places that were ever taken
    int full_ = 32; ///< blocks at which it is worth while to look for those that can be forgotten
    std::int64_t top_ = 0;
};

/// The operations sorted by order; equal ones as they stand.
struct sorted_operations {
    id at[graph::max_nodes]{};

    constexpr explicit sorted_operations(const graph& g) {
        std::int32_t begin[graph::max_nodes + 1]{};
        for (int i = 0; i < g.node_count; ++i) ++begin[g.nodes[i].order + 1];
        for (int i = 0; i < g.node_count; ++i) begin[i + 1] += begin[i];
        for (int i = 0; i < g.node_count; ++i) at[begin[g.nodes[i].order]++] = static_cast<id>(i);
    }
};

/// Marks what callers fetch, what is to be normalised and what a normalisation hands to a sum or an activation, and
/// asks for every tensor's element type; a slice has that of what it is a part of.
template <class E> [[gnu::cold]] constexpr void choose_types(const E& e, graph& g) {
    for (int i = 0; i < g.output_count; ++i) g.nodes[g.outputs[i].node].result = true;
    for (int i = g.node_count - 1; i >= 0; --i)
        if (g.nodes[i].kind == op::slice && g.nodes[i].result) g.nodes[g.nodes[i].in[0]].result = true;
    for (int i = 0; i < g.node_count; ++i)
        if (const node& n = g.nodes[i]; n.kind == op::norm || n.kind == op::layer_norm)
            g.nodes[n.in[0]].raw = true;
        else if (n.kind == op::add || n.kind == op::activate)
            for (int k = 0; k < n.inputs; ++k)
                if (g.nodes[n.in[k]].kind == op::norm) g.nodes[n.in[k]].raw = true;
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        n.type = n.kind == op::slice ? g.nodes[n.in[0]].type : e.tensor(site{g.nodes, g.parameters, n}).type;
    }
}

/// Bytes that each operation needs: of the block that its tensor lies in where it is the first there, and of scratch
/// memory.
struct needs {
    std::int64_t tensor[graph::max_nodes]{}, scratch[graph::max_nodes]{};
    std::int64_t live = 0; ///< the largest set alive at one time

    template <class E>
    [[gnu::cold]] constexpr void count(const E& e, graph& g, const views& v, const sorted_operations& sorted) {
        std::int64_t dropped[graph::max_nodes + 1]{};
        bool seen[graph::max_nodes]{};
        for (int k = 0; k < g.node_count; ++k) {
            const id i = sorted.at[k], r = v.root[i];
            node& owner = g.nodes[r];
            if (!seen[r]) {
                seen[r] = true;
                const tensor_form form = e.tensor(site{g.nodes, g.parameters, owner});
                owner.step = form.step;
                tensor[i] = block_bytes(form.bytes * e.images());
                dropped[v.last_use[r]] += tensor[i];
            }
            g.nodes[i].step = owner.step;
        }
        // Scratch memory may depend on how the tensors lie: all of them have their form by now.
        std::int64_t now = 0, beside = 0; // beside: scratch memory of the operations of one order
        for (int k = 0, order = 0; k < g.node_count; ++k) {
            const id i = sorted.at[k];
            for (; order < g.nodes[i].order; ++order) {
                now -= dropped[order];
                beside = 0;
            }
            scratch[i] = block_bytes(e.scratch_bytes(site{g.nodes, g.parameters, g.nodes[i]}));
            now += tensor[i];
            beside += scratch[i];
            if (now + beside > live) live = now + beside;
        }
    }
};

/// Places everything in one arena: large blocks first, the largest of them first; then the others, in the order of the
/// operations, between them. Gives the arena's bytes.
[[nodiscard, gnu::cold]] constexpr std::int64_t place_all(graph& g, const views& v, const needs& need,
                                                          const sorted_operations& sorted) {
    constexpr int most_large = 128;
    block large[most_large];
    int part = 64, count = 0; // large: at least this part of the largest live set, and not too many
    placed_blocks placed;
    const auto keep = [&](const block& b) {
        node& n = g.nodes[b.node];
        (b.scratch ? n.scratch : n.offset) = b.from;
    };
    const auto is_large = [&](const block& b) { return b.size >= need.live / part; };
    const auto each = [&](auto f) {
        for (int k = 0; k < g.node_count; ++k) {
            const id i = sorted.at[k], owner = v.root[i], now = g.nodes[i].order;
            if (need.tensor[i] > 0) f(block{0, need.tensor[i], v.first_use[owner], v.last_use[owner], owner, false});
            if (need.scratch[i] > 0) f(block{0, need.scratch[i], now, now, i, true});
        }
    };
    const auto place = [&](block b, int now) {
        if (!placed.place(b, now)) fail_at(g, fault::live_blocks, b.node, placed_blocks::most + 1, placed_blocks::most);
        keep(b);
    };
    do {
        count = 0;
        part /= 2;
        each([&](const block& b) { count += is_large(b) ? 1 : 0; });
    } while (count > most_large);
    count = 0;
    each([&](const block& b) {
        if (!is_large(b)) return;
        int at = count++;
        for (; at > 0 && large[at - 1].less(b); --at) large[at] = large[at - 1];
        large[at] = b;
    });
    for (int i = 0; i < count; ++i) place(large[i], 0);
    each([&](const block& b) {
        if (!is_large(b)) place(b, b.first);
    });
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        n.offset = g.nodes[v.root[i]].offset + v.first_channel[i] * static_cast<std::int64_t>(size_of(n.type));
    }
    return placed.top();
}

} // namespace plan_detail

/// Gives every operation its order, and every tensor its form and place. `e` says how tensors are laid out, what an
/// operation needs beside them, how large its weights and steps become, and which operations it has (see engine).
template <class E> [[nodiscard, gnu::cold]] constexpr plan_sizes plan(const E& e, graph& g) {
    assign_order(g, e.order());
    plan_detail::choose_types(e, g);
    const plan_detail::views v(g);
    const plan_detail::sorted_operations sorted(g);
    plan_detail::needs need;
    plan_sizes sizes;
    need.count(e, g, v, sorted);
    std::int64_t steps = 0;
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        const site at{g.nodes, g.parameters, n};
        if (!e.supports(n)) plan_detail::fail_at(g, fault::unsupported, i, 0, 1);
        n.packed = sizes.packed;
        sizes.packed += block_bytes(e.packed_bytes(at));
        steps += e.step_bytes(at);
    }
    sizes.live = need.live;
    sizes.steps = plan_detail::place_all(g, v, need, sorted);
    sizes.arena = sizes.steps + block_bytes(steps);
    return sizes;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
