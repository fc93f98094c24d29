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
    std::int64_t arena_bytes = 0;  ///< tensors and scratch memory
    std::int64_t packed_bytes = 0; ///< prepared weights

    [[nodiscard]] path_text name_of(id n) const { return path(names, letters, n); }
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
    if (g.error.what == fault::none) apply(g, on);
}

/// The sentence for a malformed network.
[[nodiscard]] constexpr error explain(const graph& g) {
    const malformed& m = g.error;
    const path_text where = path(g.names, g.letters, m.where);
    const auto conv = [&] {
        return fail(errc::wrong_config, where, where.empty() ? "" : ": ", to_text(m.where_op), ": ");
    };
    error e;
    switch (m.what) {
    case fault::none: return e;
    case fault::input_extent: {
        const int below = m.have / m.want * m.want;
        e = fail(errc::wrong_config, where, " ", m.have, " is not a multiple of ", m.want, ": ");
        if (below > 0) e.what << below << " or ";
        e.what << below + m.want << " would be";
        return e;
    }
    case fault::configuration:
        return fail(errc::wrong_config, where, " cannot be ", m.have, ": it is ",
                    m.have < m.want ? "at least " : "at most ", m.want);
    case fault::unknown_input:
        e = conv();
        e.what << "reads a value that no operation made";
        return e;
    case fault::conv_channels:
        e = conv();
        e.what << "the input has " << m.have << " channels, the weight expects " << m.want;
        return e;
    case fault::conv_groups:
        e = conv();
        e.what << "a depthwise convolution has as many outputs as inputs: " << m.want << ", not " << m.have;
        return e;
    case fault::window_extent:
        e = conv();
        e.what << "an input of extent " << m.have << " is smaller than the window of " << m.want;
        return e;
    case fault::concat_extent:
        e = conv();
        e.what << "inputs of extents " << m.want << " and " << m.have << " cannot stand side by side";
        return e;
    case fault::broadcast:
        e = conv();
        e.what << "extents " << m.want << " and " << m.have << " do not fit each other";
        return e;
    case fault::slice_range:
        e = conv();
        e.what << "ends at channel " << m.have << " of " << m.want;
        return e;
    case fault::single_channel:
        e = conv();
        e.what << "needs 1 channel, the input has " << m.have;
        return e;
    case fault::too_many_entries:
        e = conv();
        e.what << "the network is larger than the graph's tables (" << m.want << " entries)";
        return e;
    case fault::name_too_long:
        e = conv();
        e.what << "a name has " << m.have << " parts, at most " << m.want;
        return e;
    case fault::unsupported:
        e = conv();
        e.code = errc::unsupported;
        e.what << "the backend lacks this operation";
        return e;
    }
    return e;
}

} // namespace uml::inline UML_VERSION_NAMESPACE
