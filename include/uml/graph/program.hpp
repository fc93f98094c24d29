// A network made ready for one backend: exact-size tables, static ones made by the compiler or dynamic ones made at run
// time by the same functions.
#pragma once

#include "uml/graph/builder.hpp"
#include "uml/graph/plan.hpp"
#include "uml/graph/rewrite.hpp"

#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What every backend and loader reads. A node's inputs are indices into `nodes`.
struct program_view {
    std::span<const node> nodes;
    std::span<const parameter> parameters;
    std::span<const output_entry> outputs;
    const name_part* names = nullptr;
    const char* letters = nullptr;
    plan_sizes sizes{};

    [[nodiscard]] constexpr path_text name_of(id n) const { return path(names, letters, n); }
    [[nodiscard]] constexpr site at(std::size_t i) const { return {nodes.data(), parameters.data(), nodes[i]}; }
    [[nodiscard]] const node& input(const node& n, int i) const { return nodes[static_cast<std::size_t>(n.in[i])]; }
    /// Index of the output's node, or none.
    [[nodiscard]] constexpr id find_output(std::string_view wanted_name) const {
        for (const output_entry& o : outputs)
            if (name_of(o.name) == wanted_name) return o.node;
        return no_id;
    }
};

/// Describes the network and applies the rewrites.
template <class network, class configuration>
constexpr void describe(graph& g, const configuration& c, rewrites on, output_set outputs) {
    builder b(g, outputs);
    network::describe(b, c);
    if (g.node_count == 0 || g.nodes[0].kind != op::input) g.fail(fault::one_picture, op::input, no_id, 0, 1);
    if (g.error.what == fault::none) apply(g, on);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
