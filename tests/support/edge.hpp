// The smallest of the known networks, with the rule's weights: for tests that need every kernel, not every channel.
#pragma once

#include "support/tiny.hpp"

namespace uml_test {

inline constexpr uml::config edge_config{
    .height = 64, .width = 64, .regions = 2, .classes = 3, .channels_in = 1, .channel_divisor = 8};
using edge = uml::network<uml::edge_network>;

template <class Net = edge, class B>
[[nodiscard]] uml::result<uml::model<Net, B>> load_edge(const B& where, const uml::config& c = edge_config) {
    const auto made = uml::dynamic_program::make(where, [&](uml::graph& g) {
        uml::describe<uml::edge_network>(g, c, B::engine::passes, uml::output_set::answer);
    });
    if (!made) return made.error();
    const auto file = ruled_source::open(tensors_of(made->view()), 5);
    if (!file) return file.error();
    uml::load_options o;
    o.configuration = c;
    return uml::load<Net>(*file, where, o);
}

} // namespace uml_test
