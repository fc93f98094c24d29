// The graph that the compiler builds and the one that the program builds are the same, for every network.
#include "uml/backend/reference.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/graph/static_program.hpp"
#include "uml/networks/network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace {

using uml::config;
using target = uml::reference;

constexpr config three_channels{.height = 96, .width = 128, .regions = 3, .classes = 2};
constexpr config grey{.height = 64, .width = 64, .regions = 2, .classes = 3, .grey = true};
constexpr config small{
    .height = 128, .width = 64, .regions = 2, .classes = 3, .channels_in = 1, .channel_divisor = 4, .stem_stride = 2};

template <class T> bool same(std::span<const T> a, std::span<const T> b) { return std::ranges::equal(a, b); }

template <class description, config c> void compare() {
    const uml::program_view fixed = uml::static_program<description, c, target{}>::view();
    const auto made = uml::dynamic_program::make(target{}, [](uml::graph& g) {
        uml::describe<description>(g, c, target::engine::passes, uml::output_set::answer);
    });
    REQUIRE(made);
    const uml::program_view free = made->view();
    CHECK(fixed.nodes.size() > 250);
    CHECK(same(fixed.nodes, free.nodes));
    CHECK(same(fixed.parameters, free.parameters));
    CHECK(fixed.sizes.arena == free.sizes.arena);
    CHECK(fixed.sizes.packed == free.sizes.packed);
    REQUIRE(fixed.outputs.size() == free.outputs.size());
    for (std::size_t i = 0; i < fixed.outputs.size(); ++i) {
        CHECK(fixed.outputs[i].node == free.outputs[i].node);
        CHECK(fixed.name_of(fixed.outputs[i].name) == free.name_of(free.outputs[i].name).view());
    }
    for (const uml::parameter& p : fixed.parameters)
        if (uml::is_leaf(p.kind)) CHECK(fixed.name_of(p.name) == free.name_of(p.name).view());
}

} // namespace

TEST_CASE("release: compile time and run time build the same graph") {
    compare<uml::release_network, three_channels>();
}
TEST_CASE("release on grey pictures: compile time and run time build the same graph") {
    compare<uml::release_network, grey>();
}
TEST_CASE("paper: compile time and run time build the same graph") { compare<uml::paper_network, three_channels>(); }
TEST_CASE("edge: compile time and run time build the same graph") { compare<uml::edge_network, small>(); }

TEST_CASE("a known network is found by its name, another is not") {
    auto g = std::make_unique<uml::graph>();
    CHECK(uml::describe_known("paper", *g, three_channels, {}, uml::output_set::answer));
    CHECK(g->node_count > 250);
    CHECK_FALSE(uml::describe_known("Paper", *g, three_channels, {}, uml::output_set::answer));
}
