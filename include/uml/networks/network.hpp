// A network as a type: which description, and its configuration now or later.
#pragma once

#include "uml/networks/paper.hpp"
#include "uml/networks/release.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Stands for "whatever of the known networks the weights file says".
struct dynamic {};

/// `network<description, config{...}>`: fixed while compiling. `network<description>`: configured by the weights file.
/// `network<dynamic>`: any of the known networks, configured by the weights file.
template <class description_type, auto... configuration_value> struct network;

template <class description_type> struct network<description_type> {
    using description = description_type;
    static constexpr bool is_static = false;
};
template <class description_type, auto configuration_value> struct network<description_type, configuration_value> {
    using description = description_type;
    static constexpr bool is_static = true;
    static constexpr auto configuration = configuration_value;
};

/// The known networks, fixed while compiling: `networks::release<config{.height = 256, .width = 256}>`.
namespace networks {
template <config c> using release = network<release_network, c>;
template <config c> using paper = network<paper_network, c>;
template <config c> using edge = network<edge_network, c>;
} // namespace networks

/// Describes the known network of that name; false if there is none.
constexpr bool describe_known(std::string_view label, graph& g, const config& c, rewrites on, output_set outputs) {
    if (label == release_network::label)
        describe<release_network>(g, c, on, outputs);
    else if (label == paper_network::label)
        describe<paper_network>(g, c, on, outputs);
    else if (label == edge_network::label)
        describe<edge_network>(g, c, on, outputs);
    else
        return false;
    return true;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
