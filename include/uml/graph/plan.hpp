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
        id read_until[graph::max_nodes]{}; // last reader of a node, or of its slices
        for (int i = g.node_count - 1; i >= 0; --i) {
            const node& n = g.nodes[i];
            const id until = n.kind == op::slice ? read_until[i] : static_cast<id>(i);
            for (int j = 0; j < n.inputs; ++j)
                if (read_until[n.in[j]] < until) read_until[n.in[j]] = until;
        }
        for (int i = 0; i < g.output_count; ++i) read_until[g.outputs[i].node] = static_cast<id>(g.node_count);
        // Inputs of a concatenation are written where they will stand; backwards, so that the outermost one decides.
        // But one that is made long before, or read long after, would keep the memory of all: that one is copied.
        constexpr int long_time = 100; // operations
        for (int i = g.node_count - 1; i >= 0; --i) {
            const node& n = g.nodes[i];
            std::int32_t channel = first_channel[i];
            for (int j = 0; n.kind == op::concat && j < n.inputs; ++j) {
                const id b = n.in[j];
                const op k = g.nodes[b].kind;
                const bool lasts = i - b > long_time || read_until[b] - read_until[i] > long_time;
                if (root[b] == b && k != op::slice && k != op::input && !lasts) {
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

/// A block of memory, in use during the operations [first, last].
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

/// Blocks that have their place, sorted by address.
class placed_blocks {
public:
    static constexpr int most = 256;

    /// At the lowest address where nothing is in the way at any time; false: no room for more blocks.
    constexpr bool place(block& b) {
        if (count_ == most) return false;
        b.from = 0;
        int where = 0;
        for (int i = 0; i < count_; ++i) {
            const block& other = blocks_[i];
            if (other.first > b.last || other.last < b.first) continue;
            if (other.from - b.from >= b.size) break;
            if (other.from + other.size > b.from) b.from = other.from + other.size;
        }
        while (where < count_ && blocks_[where].from <= b.from) ++where;
        for (int i = count_; i > where; --i) blocks_[i] = blocks_[i - 1];
        blocks_[where] = b;
        ++count_;
        if (b.from + b.size > top_) top_ = b.from + b.size;
        return true;
    }
    /// Forgets blocks that are not used from operation `now` on.
    constexpr void drop_before(int now) {
        int kept = 0;
        for (int i = 0; i < count_; ++i)
            if (blocks_[i].last >= now) blocks_[kept++] = blocks_[i];
        count_ = kept;
    }
    [[nodiscard]] constexpr std::int64_t top() const { return top_; }

private:
    block blocks_[most]{};
    int count_ = 0;
    std::int64_t top_ = 0;
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

/// Places everything in one arena: large blocks first, the largest of them first; then the others, in the order of the
/// operations, between them. Gives the arena's elements.
[[nodiscard]] constexpr std::int64_t place_all(graph& g, const views& v, const needs& need) {
    constexpr int most_large = 128;
    block large[most_large];
    int part = 64, count = 0; // large: at least this part of the largest live set, and not too many
    placed_blocks placed;
    const auto keep = [&](const block& b) {
        node& n = g.nodes[b.node];
        (b.scratch ? n.scratch : n.at) = b.from;
    };
    const auto is_large = [&](const block& b) { return b.size >= need.live / part; };
    const auto each = [&](auto f) {
        for (int i = 0; i < g.node_count; ++i) {
            const id owner = v.root[i];
            if (need.tensor[i] > 0) f(block{0, need.tensor[i], i, v.last_use[owner], owner, false});
            if (need.scratch[i] > 0) f(block{0, need.scratch[i], i, i, static_cast<id>(i), true});
        }
    };
    const auto place = [&](block b) {
        if (!placed.place(b)) fail_at(g, fault::live_blocks, b.first, placed_blocks::most + 1, placed_blocks::most);
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
    for (int i = 0; i < count; ++i) place(large[i]);
    each([&](const block& b) {
        if (is_large(b)) return;
        placed.drop_before(b.first);
        place(b);
    });
    for (int i = 0; i < g.node_count; ++i) g.nodes[i].at = g.nodes[v.root[i]].at + v.first_channel[i];
    return placed.top();
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
    sizes.arena_elements = plan_detail::place_all(g, v, need);
    return sizes;
}

} // namespace uml::inline UML_VERSION_NAMESPACE
