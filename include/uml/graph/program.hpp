// A network made ready for one backend: exact-size tables, static ones made by the compiler or dynamic ones made at run
// time by the same functions.
#pragma once

#include "uml/graph/builder.hpp"
#include "uml/graph/plan.hpp"
#include "uml/graph/rewrite.hpp"

#include <span>

namespace uml::inline UML_VERSION_NAMESPACE {

/// What every backend and loader reads. A node's inputs are indices into `nodes`.
struct program_view {
    std::span<const node> nodes;
    std::span<const parameter> parameters;
    std::span<const output_entry> outputs;
    const name_part* names = nullptr;
    const char* letters = nullptr;
    plan_sizes sizes{};

    [[nodiscard]] path_text name_of(id n) const { return path(names, letters, n); }
    [[nodiscard]] site at(std::size_t i) const { return {nodes.data(), parameters.data(), nodes[i]}; }
    [[nodiscard]] const node& input(const node& n, int i) const { return nodes[static_cast<std::size_t>(n.in[i])]; }
    /// Index of the output's node, or none.
    [[nodiscard]] id find_output(std::string_view wanted_name) const {
        for (const output_entry& o : outputs)
            if (name_of(o.name) == wanted_name) return o.node;
        return no_id;
    }
};

/// Describes the network and applies the rewrites.
template <class network, class configuration>
constexpr void describe(graph& g, const configuration& c, rewrites on, wanted outputs) {
    builder b(g, on, outputs);
    network::describe(b, c);
    if (g.node_count == 0 || g.nodes[0].kind != op::input) g.fail(fault::one_picture, op::input, no_id, 0, 1);
    if (g.error.what == fault::none) apply(g, on);
}

/// The sentence for a malformed network.
[[nodiscard]] constexpr error explain(const graph& g) {
    const malformed& m = g.error;
    const path_text where = path(g.names, g.letters, m.where);
    error e;
    e.code = errc::wrong_config;
    const auto at_layer = [&] {
        if (!where.empty() && !m.after) e.what << where << ": ";
        e.what << to_text(m.where_op);
        if (m.after) e.what << " after " << where;
        e.what << ": ";
    };
    switch (m.what) {
    case fault::none: return {};
    case fault::input_extent: {
        const std::int64_t below = m.have < m.want ? 0 : m.have / m.want * m.want;
        e.what << where << " " << m.have << " is not a multiple of " << m.want << ": ";
        if (below > 0) e.what << below << " or ";
        e.what << below + m.want << " would be";
        break;
    }
    case fault::configuration:
        e.what << where << " cannot be " << m.have << ": it is " << (m.have < m.want ? "at least " : "at most ")
               << m.want;
        break;
    case fault::one_picture:
        e.what << "a network begins with its input and has no other; this one has "
               << (m.have == 0 ? "none there" : "a second one");
        break;
    case fault::unknown_input:
        at_layer();
        e.what << "reads a value that no operation made";
        break;
    case fault::extent_range:
        at_layer();
        e.what << "the result has an extent of " << m.have << ", it is at " << (m.have < m.want ? "least " : "most ")
               << m.want;
        break;
    case fault::window_range:
        at_layer();
        e.what << "kernel, stride, dilation or padding of the window is " << m.have << ", the nearest possible is "
               << m.want;
        break;
    case fault::conv_channels:
        at_layer();
        e.what << "the input has " << m.have << " channels, the weight expects " << m.want;
        break;
    case fault::conv_groups:
        at_layer();
        e.what << "a depthwise convolution has as many outputs as inputs: " << m.want << ", not " << m.have;
        break;
    case fault::window_extent:
        at_layer();
        e.what << "the input's extent, with padding, is " << m.have << ", smaller than the window of " << m.want;
        break;
    case fault::concat_extent:
        at_layer();
        e.what << "inputs of extents " << m.want << " and " << m.have << " cannot stand side by side";
        break;
    case fault::broadcast:
        at_layer();
        e.what << "extents " << m.want << " and " << m.have << " do not fit each other";
        break;
    case fault::slice_range:
        at_layer();
        if (m.have < 0)
            e.what << "begins at channel " << m.have;
        else
            e.what << "ends at channel " << m.have << " of " << m.want;
        break;
    case fault::single_channel:
        at_layer();
        e.what << "needs 1 channel, the input has " << m.have;
        break;
    case fault::too_many_entries:
        at_layer();
        e.what << "the network is larger than the graph's tables (" << m.want << " entries)";
        break;
    case fault::name_too_long: e.what << where << "...: a name has " << m.have << " parts, at most " << m.want; break;
    case fault::name_letters:
        at_layer();
        e.what << "a name has more than " << m.want << " letters";
        break;
    case fault::live_blocks:
        at_layer();
        e.what << "more than " << m.want << " tensors are alive at the same time";
        break;
    case fault::unsupported:
        at_layer();
        e.code = errc::unsupported;
        e.what << "the backend lacks this operation";
        break;
    }
    return e;
}

} // namespace uml::inline UML_VERSION_NAMESPACE
