// The memory plan: every tensor, and every operation's scratch memory, gets its place in one arena before anything
// runs.
#pragma once

#include "uml/graph/graph.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// How a backend lays tensors out: channels last, `element_bytes` each, the step from pixel to pixel rounded up.
struct layout {
    int element_bytes = 4;
    int align_channels = 16; ///< the step is a multiple of this,
    int dense_below = 8;     ///< but as many as there are channels up to this number

    [[nodiscard]] constexpr int step(int channels) const {
        return channels <= dense_below ? channels : (channels + align_channels - 1) / align_channels * align_channels;
    }
    friend constexpr bool operator==(const layout&, const layout&) = default;
};

/// Blocks begin at multiples of 64 bytes for 4-byte elements; a vector may be read past the end of any of them.
inline constexpr std::int64_t block_elements = 16;

[[nodiscard]] constexpr std::int64_t block_size(std::int64_t elements) {
    return (elements + block_elements - 1) / block_elements * block_elements;
}

/// What a plan comes to.
struct plan_sizes {
    std::int64_t arena_elements = 0; ///< planned
    std::int64_t live_elements = 0;  ///< the largest set alive at one time: no plan can be smaller
    std::int64_t packed_bytes = 0;   ///< weights in the backend's form
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

/// Which block of memory a node's tensor lies in: its own, or a part of another's.
struct views {
    id root[graph::max_nodes]{};
    std::int32_t first_channel[graph::max_nodes]{};
    id last_use[graph::max_nodes]{}; ///< of a root

    constexpr explicit views(const graph& g) {
        for (int i = 0; i < g.node_count; ++i) root[i] = static_cast<id>(i);
        // Inputs of a concatenation are written where they will stand; backwards, so that the outermost one decides.
        for (int i = g.node_count - 1; i >= 0; --i) {
            const node& n = g.nodes[i];
            std::int32_t channel = first_channel[i];
            for (int j = 0; n.kind == op::concat && j < n.inputs; ++j) {
                const id b = n.in[j];
                const op k = g.nodes[b].kind;
                if (root[b] == b && k != op::slice && k != op::input) {
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
        for (int i = 0; i < g.node_count; ++i) {
            const node& n = g.nodes[i];
            last_use[root[i]] = static_cast<id>(i);
            for (int j = 0; j < n.inputs; ++j) last_use[root[n.in[j]]] = static_cast<id>(i);
        }
        for (int i = 0; i < g.output_count; ++i) last_use[root[g.outputs[i].node]] = static_cast<id>(g.node_count);
    }
};

/// The blocks alive at the moment, sorted by address; a new one goes into the smallest gap that holds it, at its lower
/// or at its upper end. Memory up to `limit` counts as a gap.
class heap {
public:
    static constexpr int max_live = 128;

    constexpr explicit heap(std::int64_t limit) : limit_(limit) {}

    constexpr void drop_before(int now) {
        int kept = 0;
        for (int i = 0; i < count_; ++i)
            if (live_[i].last_use >= now) live_[kept++] = live_[i];
        count_ = kept;
    }
    /// -1: more blocks than max_live are alive.
    [[nodiscard]] constexpr std::int64_t place(std::int64_t size, int last_use, bool high) {
        if (count_ == max_live) return -1;
        std::int64_t best = -1, best_gap = 0, end = 0;
        int where = count_;
        for (int i = 0; i <= count_; ++i) {
            const std::int64_t gap = (i < count_ ? live_[i].from : limit_) - end;
            if (gap >= size && (best < 0 || gap < best_gap)) {
                best = end;
                best_gap = gap;
                where = i;
            }
            if (i < count_) end = live_[i].to;
        }
        if (best < 0)
            best = end;
        else if (high)
            best += best_gap - size;
        for (int i = count_; i > where; --i) live_[i] = live_[i - 1];
        live_[where] = {best, best + size, last_use};
        ++count_;
        if (best + size > top_) top_ = best + size;
        return best;
    }
    [[nodiscard]] constexpr std::int64_t top() const { return top_; }

private:
    struct block {
        std::int64_t from = 0, to = 0;
        int last_use = 0;
    };
    block live_[max_live]{};
    int count_ = 0;
    std::int64_t limit_, top_ = 0;
};

/// Elements that each operation needs: of the block that its tensor lies in where it is the first there, and of scratch
/// memory.
struct needs {
    std::int64_t tensor[graph::max_nodes]{}, scratch[graph::max_nodes]{};
    std::int64_t live = 0; ///< the largest set alive at one time

    template <class backend> constexpr void count(graph& g, const views& v) {
        constexpr layout form = backend::tensor_layout;
        std::int64_t dropped[graph::max_nodes + 1]{}, now = 0;
        bool seen[graph::max_nodes]{};
        for (int i = 0; i < g.node_count; ++i) {
            if (i > 0) now -= dropped[i - 1];
            const id r = v.root[i];
            node& owner = g.nodes[r];
            if (!seen[r]) {
                seen[r] = true;
                // A matrix is read in whole vectors whatever its width, and a row of zeros, its bias, stands behind it.
                const bool matrix = owner.kind == op::scaled_product;
                const int channels = matrix && owner.out.c < form.align_channels ? form.align_channels : owner.out.c;
                owner.step = form.step(channels);
                tensor[i] = block_size((owner.out.pixels() + (matrix ? 1 : 0)) * owner.step) + block_elements;
                dropped[v.last_use[r]] += tensor[i];
                now += tensor[i];
            }
            g.nodes[i].step = owner.step;
            scratch[i] =
                block_size((backend::scratch_bytes(g.nodes, g.nodes[i]) + form.element_bytes - 1) / form.element_bytes);
            live = now + scratch[i] > live ? now + scratch[i] : live;
        }
    }
};

/// Places everything in one arena; what is needed for a short time only at the upper end of gaps, so that it does not
/// cut the memory below `limit` into pieces. Gives the arena's elements.
[[nodiscard]] constexpr std::int64_t place_all(graph& g, const views& v, const needs& need, std::int64_t limit) {
    constexpr int short_time = 16; // operations
    heap h(limit);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        h.drop_before(i);
        const id r = v.root[i];
        node& owner = g.nodes[r];
        if (need.tensor[i] > 0)
            owner.at = h.place(need.tensor[i], v.last_use[r], limit > 0 && v.last_use[r] - i <= short_time);
        n.at = owner.at + v.first_channel[i];
        if (need.scratch[i] > 0) n.scratch = h.place(need.scratch[i], i, limit > 0);
        if (owner.at < 0 || n.scratch < 0) fail_at(g, fault::live_blocks, i, heap::max_live + 1, heap::max_live);
    }
    return h.top();
}

} // namespace plan_detail

/// Gives every node its place. `backend` says how tensors are laid out, what an operation needs besides its tensors,
/// how large its weights become, and which operations it has.
template <class backend> [[nodiscard]] constexpr plan_sizes plan(graph& g) {
    const plan_detail::views v(g);
    plan_detail::needs need;
    plan_sizes sizes;
    need.count<backend>(g, v);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (!backend::supports(n)) plan_detail::fail_at(g, fault::unsupported, i, 0, 1);
        n.packed = sizes.packed_bytes;
        sizes.packed_bytes += (backend::packed_bytes(g.nodes, g.parameters, n) + 63) / 64 * 64;
    }
    sizes.live_elements = need.live;
    // Small pictures, where scratch memory decides, may need more; filling from below alone does better then.
    const std::int64_t limit = block_size(need.live + need.live * 7 / 100);
    sizes.arena_elements = plan_detail::place_all(g, v, need, limit);
    if (sizes.arena_elements > limit) sizes.arena_elements = plan_detail::place_all(g, v, need, 0);
    return sizes;
}

} // namespace uml::inline UML_VERSION_NAMESPACE
