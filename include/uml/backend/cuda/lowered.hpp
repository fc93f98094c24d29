// Operations of the CUDA backend's own, each one kernel for several of the network's, and the passes that put them into
// its graph. Fewer kernels matter on a device: one picture's are short.
#pragma once

#include "uml/backend/cuda/waits.hpp"
#include "uml/graph/passes/prune.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

inline constexpr op first_lowered = static_cast<op>(first_backend_op);
/// A convolution that also adds its result to in[1], a slice, where that stands. Who reads the sum reads a slice of the
/// same place that has the convolution as its second input, for the order.
inline constexpr op conv_adding = first_lowered;
/// A convolution and, in the channels behind, a copy of in[1]'s, which has as many.
inline constexpr op conv_beside = static_cast<op>(first_backend_op + 1);
/// A convolution of a vector; its result times the vector in[1].
inline constexpr op conv_times = static_cast<op>(first_backend_op + 2);
/// act(Σ over channels of x(c, p) · y(c) + in[2], one number) + value.
inline constexpr op dot_epilogue = static_cast<op>(first_backend_op + 3);
/// A layer_norm with an activation.
inline constexpr op norm_epilogue = static_cast<op>(first_backend_op + 4);
/// Of evidence: the concentrations, x + value, and behind them the vacuity, their number / Σ of them.
inline constexpr op opinion = static_cast<op>(first_backend_op + 5);
/// The mean over the pixels of x + x · y.
inline constexpr op instructed_mean = static_cast<op>(first_backend_op + 6);
/// A convolution whose sum with in[1] takes that one's place, element by element; it has no tensor of its own. Who
/// reads the sum reads a slice of the place that has the convolution as its second input, for the order.
inline constexpr op conv_over = static_cast<op>(first_backend_op + 7);
inline constexpr op last_lowered = conv_over;

/// With weights and a window, as op::conv.
[[nodiscard]] constexpr bool is_conv(op o) {
    return o == op::conv || o == op::upsample_conv || o == conv_adding || o == conv_beside || o == conv_times ||
           o == conv_over;
}
/// Of Res2Net, whose groups' convolutions add up.
[[nodiscard]] constexpr bool in_chain(const node& n) { return n.kind == conv_adding || n.kind == conv_beside; }
/// With a scale and a shift for each channel.
[[nodiscard]] constexpr bool is_norm(op o) { return o == op::norm || o == op::layer_norm || o == norm_epilogue; }
/// Channels of a group with its padding: a multiple of what bf16 has in 16 bytes, which a device copies at once.
[[nodiscard]] constexpr int padded_group(int channels) { return (channels + 7) / 8 * 8; }
/// Channels that a convolution itself makes.
[[nodiscard]] constexpr int made_channels(const node& n) { return n.kind == conv_beside ? n.out.c / 2 : n.out.c; }

namespace lowering {

[[nodiscard]] constexpr bool is_output(const graph& g, id n) {
    for (int i = 0; i < g.output_count; ++i)
        if (g.outputs[i].node == n) return true;
    return false;
}
/// Whether `s`, a slice, is the only reader of its channels, and slices alone read the tensor.
[[nodiscard]] constexpr bool owns_channels(const graph& g, const node& s, int self) {
    if (g.nodes[s.in[0]].kind == op::slice || is_output(g, s.in[0])) return false;
    for (int i = 0; i < g.node_count; ++i) {
        const node& n = g.nodes[i];
        for (int j = 0; j < n.inputs; ++j) {
            if (n.in[j] != s.in[0] || i == self) continue;
            if (n.kind != op::slice || (n.arg < s.arg + s.out.c && s.arg < n.arg + n.out.c)) return false;
        }
    }
    return true;
}
[[nodiscard]] constexpr bool is_plain_conv(const node& n) {
    return n.kind == op::conv && n.inputs == 1 && n.groups == 1;
}

/// Res2Net: a group's sum with the convolution before is added where the group stands.
constexpr void add_in_place(graph& g) {
    const passes::uses u(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (n.kind != op::add || n.act != activation::none || n.precise) continue;
        const bool first = g.nodes[n.in[0]].kind == op::slice;
        const id s = n.in[first ? 0 : 1], c = n.in[first ? 1 : 0];
        const node& part = g.nodes[s];
        node& conv = g.nodes[c];
        if (part.kind != op::slice || part.inputs != 1 || s > c || !u.once(s) || !is_plain_conv(conv)) continue;
        if (part.out != conv.out || !owns_channels(g, part, s)) continue;
        conv.kind = conv_adding;
        conv.in[1] = s;
        conv.inputs = 2;
        n.kind = op::slice;
        n.arg = part.arg;
        n.in[0] = part.in[0];
        n.in[1] = c;
    }
}

/// Res2Net: a group that passes no convolution is copied by the last one's.
constexpr void copy_beside(graph& g) {
    const passes::uses u(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (n.kind != op::concat || n.inputs < 2) continue;
        const id s = n.in[n.inputs - 1], c = n.in[n.inputs - 2];
        node& conv = g.nodes[c];
        if (g.nodes[s].kind != op::slice || s > c || !u.once(s) || !u.once(c) || !is_plain_conv(conv)) continue;
        if (g.nodes[s].out != conv.out) continue;
        conv.kind = conv_beside;
        conv.in[1] = s;
        conv.inputs = 2;
        conv.out.c *= 2;
        n.in[--n.inputs] = no_id;
    }
}

/// Res2Net: groups of channels are padded to whole chunks. The convolution that makes all groups and the one that reads
/// all of them, and those between, have the group's channels in `arg`; what is padded is zero.
constexpr void pad_groups(graph& g) {
    for (int i = 0; i < g.node_count; ++i) {
        node& last = g.nodes[i];
        if (last.kind != op::conv || last.groups != 1 || g.nodes[last.in[0]].kind != op::concat) continue;
        const id joined = last.in[0];
        const int count = g.nodes[joined].inputs, whole = g.nodes[joined].out.c;
        // What is between: all that reads what is between, from the tensor whose slices are the groups.
        bool inside[graph::max_nodes]{};
        inside[joined] = true;
        int group = 0;
        id source = no_id;
        bool fits = passes::uses(g).once(joined) && !is_output(g, joined) && count > 0;
        for (int k = joined; fits && k >= 0; --k) {
            if (!inside[k]) continue;
            const node& n = g.nodes[k];
            if (is_output(g, static_cast<id>(k))) fits = false;
            if (n.kind == op::slice) {
                group = group == 0 ? n.out.c : group;
                fits = fits && n.out.c == group && n.arg % group == 0 && (source == no_id || source == n.in[0]);
                source = n.in[0];
                if (n.inputs == 2) inside[n.in[1]] = true;
            } else if (k == joined || is_plain_conv(n) || in_chain(n) || n.kind == op::average_pool) {
                for (int j = 0; j < n.inputs; ++j) inside[n.in[j]] = true;
            } else {
                fits = false;
            }
        }
        if (!fits || source == no_id || inside[source] || padded_group(group) == group) continue;
        node& first = g.nodes[source];
        fits = is_plain_conv(first) && first.arg == 0 && last.arg == 0 && first.out.c % group == 0 &&
               whole % group == 0 && !is_output(g, source);
        for (int k = 0; fits && k < g.node_count; ++k) {
            const node& n = g.nodes[k];
            if (inside[k] && k != joined && made_channels(n) != group) fits = false;
            for (int j = 0; j < n.inputs; ++j) {
                if (n.in[j] == source && !(inside[k] && n.kind == op::slice)) fits = false;
                if (inside[n.in[j]] && !inside[k] && k != i) fits = false;
            }
        }
        if (!fits) continue;
        const auto with_padding = [group](int channels) { return channels / group * padded_group(group); };
        for (int k = 0; k < g.node_count; ++k) {
            node& n = g.nodes[k];
            if (!inside[k] && k != source) continue;
            if (n.kind == op::slice) n.arg = static_cast<std::int16_t>(with_padding(n.arg));
            if (is_conv(n.kind)) n.arg = static_cast<std::int16_t>(group);
            n.out.c = with_padding(n.out.c);
        }
        last.arg = static_cast<std::int16_t>(group);
    }
}

/// What follows a vector's convolution, a dot product over the channels or a normalisation becomes part of it.
constexpr void end_vectors(graph& g) {
    const passes::uses u(g);
    passes::links l(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        l.follow(n);
        if (n.inputs == 0 || n.precise) continue;
        const id b = n.in[0];
        node& before = g.nodes[b];
        const bool plain = before.act == activation::none && u.once(b);
        if (n.kind == op::multiply && n.out.pixels() == 1 && plain && is_plain_conv(before) && n.in[1] < b &&
            g.nodes[n.in[1]].out == n.out) {
            before.kind = conv_times;
            before.in[1] = n.in[1];
            before.inputs = 2;
            l.to[i] = b;
        } else if (n.kind == op::activate && before.kind == op::layer_norm && plain) {
            before.kind = norm_epilogue;
            before.act = n.act;
            l.to[i] = b;
        } else if (n.kind == op::add && before.kind == op::channel_dot && plain && n.in[1] < b &&
                   g.nodes[n.in[1]].out == shape{1, 1, 1}) {
            before.kind = dot_epilogue;
            before.act = n.act;
            before.in[2] = n.in[1];
            before.inputs = 3;
            l.to[i] = b;
        } else if (n.kind == op::add_constant && before.kind == dot_epilogue && before.value == 0 && u.once(b)) {
            before.value = n.value;
            l.to[i] = b;
        }
    }
    l.follow_outputs(g);
}

/// Concentrations, their sum and the vacuity.
constexpr void join_opinions(graph& g) {
    const passes::uses u(g);
    passes::links l(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& d = g.nodes[i];
        l.follow(d);
        if (d.kind != op::divide_into) continue;
        const id s = d.in[0], a = g.nodes[s].in[0];
        node &sum = g.nodes[s], &alpha = g.nodes[a];
        if (sum.kind != op::sum_channels || alpha.kind != op::add_constant || !u.once(s)) continue;
        if (d.value != static_cast<float>(alpha.out.c) || d.precise || sum.precise || alpha.precise) continue;
        bool early = false; // who reads the concentrations reads them from behind the sum
        for (int k = a + 1; k <= i; ++k)
            for (int j = 0; j < g.nodes[k].inputs; ++j) early = early || (g.nodes[k].in[j] == a && k != s);
        if (early) continue;
        const auto show = [a](node& n, const shape& out, int from) {
            n = node{};
            n.kind = op::slice;
            n.inputs = 1;
            n.in[0] = a;
            n.out = out;
            n.arg = static_cast<std::int16_t>(from);
        };
        const shape all = alpha.out, one = d.out;
        alpha.kind = opinion;
        alpha.out.c += 1;
        show(sum, all, 0);
        show(d, one, all.c);
        l.to[a] = s;
    }
    l.follow_outputs(g);
}

/// The instructor's mean.
constexpr void join_means(graph& g) {
    const passes::uses u(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        if (n.kind != op::global_average) continue;
        const node& sum = g.nodes[n.in[0]];
        if (sum.kind != op::add || sum.act != activation::none || !u.once(n.in[0])) continue;
        const node& product = g.nodes[sum.in[1]];
        if (product.kind != op::multiply || !u.once(sum.in[1]) || product.in[0] != sum.in[0]) continue;
        if (g.nodes[product.in[1]].out != product.out) continue;
        n.kind = instructed_mean;
        n.in[0] = product.in[0];
        n.in[1] = product.in[1];
        n.inputs = 2;
    }
}

/// A slice of all channels is its tensor.
constexpr void drop_whole_slices(graph& g) {
    passes::links l(g);
    for (int i = 0; i < g.node_count; ++i) {
        node& n = g.nodes[i];
        l.follow(n);
        if (n.kind != op::slice || n.inputs != 1 || n.out != g.nodes[n.in[0]].out) continue;
        g.nodes[n.in[0]].precise = g.nodes[n.in[0]].precise || n.precise;
        l.to[i] = n.in[0];
    }
    l.follow_outputs(g);
}

/// The convolution of a shortcut need not wait for the block's others: it is done first, and the last of those adds it.
constexpr void shortcuts_first(graph& g) {
    for (int i = 0; i < g.node_count; ++i) {
        const node late = g.nodes[i];
        if (late.kind != op::conv || late.inputs != 2 || late.groups != 1) continue;
        const id r = late.in[1];
        const node early = g.nodes[r];
        if (!is_plain_conv(early) || early.act != activation::none || late.in[0] < r || !passes::uses(g).once(r))
            continue;
        // Nodes between move down by one; then the shortcut, then the block's last convolution, which adds it.
        const auto moved = [&](id n) { return n > r && n < i ? static_cast<id>(n - 1) : n; };
        for (int k = r; k + 1 < i; ++k) {
            g.nodes[k] = g.nodes[k + 1];
            for (int j = 0; j < g.nodes[k].inputs; ++j) g.nodes[k].in[j] = moved(g.nodes[k].in[j]);
        }
        for (int k = i + 1; k < g.node_count; ++k)
            for (int j = 0; j < g.nodes[k].inputs; ++j) g.nodes[k].in[j] = moved(g.nodes[k].in[j]);
        for (int k = 0; k < g.output_count; ++k) g.outputs[k].node = moved(g.outputs[k].node);
        node &first = g.nodes[i - 1], &last = g.nodes[i];
        first = late;
        first.in[0] = moved(late.in[0]);
        first.in[1] = no_id;
        first.inputs = 1;
        first.act = activation::none;
        last = early;
        last.in[1] = static_cast<id>(i - 1);
        last.inputs = 2;
        last.act = late.act;
        last.precise = first.precise = late.precise || early.precise;
    }
}

/// A block's sum takes the place of what it is added to, which nobody reads after it.
constexpr void add_over(graph& g) {
    bool kept[graph::max_nodes]{}; // read as a part of another or to be normalised, or fetched
    std::int16_t reads[graph::max_nodes]{};
    for (int i = 0; i < g.node_count; ++i)
        for (int j = 0; j < g.nodes[i].inputs; ++j) {
            const op k = g.nodes[i].kind;
            kept[g.nodes[i].in[j]] |= k == op::slice || k == op::concat || is_norm(k);
            ++reads[g.nodes[i].in[j]];
        }
    for (int i = 0; i < g.output_count; ++i) kept[g.outputs[i].node] = true;
    const auto plain = [&](int i) {
        const node& n = g.nodes[i];
        return !kept[i] && n.kind == op::conv && n.groups == 1 &&
               (n.act == activation::none || n.act == activation::relu);
    };
    bool over[graph::max_nodes]{};
    id needed[graph::max_nodes]{}; // by which node that was looked at last, counted from 1
    int count = 0;
    for (int i = 0; i < g.node_count; ++i) {
        const node& n = g.nodes[i];
        if (!plain(i) || n.inputs != 2) continue;
        const id r = n.in[1], mark = static_cast<id>(i + 1);
        if (r > i || !plain(r) || g.nodes[r].out != n.out || g.nodes[r].precise != n.precise || n.in[0] == r) continue;
        int before = 0; // readers of it that the sum needs
        needed[i] = mark;
        for (int k = i; k > r; --k)
            for (int j = 0; needed[k] == mark && j < g.nodes[k].inputs; ++j) {
                needed[g.nodes[k].in[j]] = mark;
                before += g.nodes[k].in[j] == r ? 1 : 0;
            }
        over[i] = before == reads[r];
        count += over[i] ? 1 : 0;
    }
    if (g.node_count + count > graph::max_nodes) return;
    // Each is followed by a slice, the sum for its readers.
    id to[graph::max_nodes]{}, sum[graph::max_nodes]{};
    for (int i = 0, at = 0; i < g.node_count; ++i) {
        to[i] = static_cast<id>(at++);
        sum[i] = over[i] ? static_cast<id>(at++) : to[i];
    }
    for (int i = g.node_count - 1; i >= 0; --i) {
        node n = g.nodes[i];
        for (int j = 0; j < n.inputs; ++j) n.in[j] = sum[n.in[j]];
        if (over[i]) {
            n.kind = conv_over;
            node& shown = g.nodes[sum[i]];
            shown = node{};
            shown.kind = op::slice;
            shown.inputs = 2;
            shown.in[0] = n.in[1];
            shown.in[1] = to[i];
            shown.out = n.out;
            shown.precise = n.precise;
        }
        g.nodes[to[i]] = n;
    }
    for (int i = 0; i < g.output_count; ++i) g.outputs[i].node = to[g.outputs[i].node];
    g.node_count += count;
}

/// A matrix has the type of what it multiplies: exact where that is.
constexpr void keep_matrices_precise(graph& g) {
    for (int i = 0; i < g.node_count; ++i)
        if (const node& n = g.nodes[i]; n.kind == op::dynamic_conv && is_precise(g.nodes, n))
            g.nodes[n.in[1]].precise = true;
}

} // namespace lowering

/// All of it.
constexpr void lower_graph(graph& g) {
    lowering::drop_whole_slices(g);
    passes::prune(g); // who is gone reads nothing
    lowering::add_in_place(g);
    lowering::copy_beside(g);
    lowering::end_vectors(g);
    passes::prune(g);
    lowering::join_opinions(g);
    lowering::join_means(g);
    lowering::shortcuts_first(g);
    passes::prune(g);
    lowering::pad_groups(g);
    lowering::add_over(g);
    lowering::keep_matrices_precise(g);
    lowering::wait_for_last(g, op::attention_pool);
    lowering::wait_for_last(g, norm_epilogue);
    lowering::late{g};
    lowering::sort_by_order(g);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
