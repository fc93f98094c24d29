// The memory plan of every network: see support/stamped_plan.hpp.
#include "support/stamped_plan.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/reference.hpp"
#include "uml/networks/network.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

namespace {

using uml::graph;
using uml::node;
using uml::op;

template <class description, class B>
void check(const B& where, const uml::config& c, uml::rewrites on, uml::output_set outputs) {
    const auto g = std::make_unique<graph>();
    uml::describe<description>(*g, c, on, outputs);
    CHECK(uml_test::plan_faults(typename B::engine{where}, *g) == 0);
}

template <class description> void check_all(const uml::config& c) {
    for (const uml::output_set outputs : {uml::output_set::answer, uml::output_set::taps}) {
        check<description>(uml::reference64{}, c, {}, outputs);
        check<description>(uml::cpu{.threads = 2}, c, uml::all_rewrites(), outputs);
        check<description>(uml::cpu{.threads = 2}, c, uml::rewrite::fold | uml::rewrites(uml::rewrite::compose),
                           outputs);
    }
}

} // namespace

TEST_CASE("release: no operation reads what another has overwritten") {
    check_all<uml::release_network>({.height = 48, .width = 64, .regions = 3});
}
TEST_CASE("paper: no operation reads what another has overwritten") {
    check_all<uml::paper_network>({.height = 48, .width = 64, .regions = 3});
}
TEST_CASE("edge: no operation reads what another has overwritten") {
    check_all<uml::edge_network>({.height = 64, .width = 96, .channels_in = 1, .channel_divisor = 4, .stem_stride = 2});
}

namespace {

template <class description> double arena_over_live(const uml::config& c) {
    const auto g = std::make_unique<graph>();
    uml::describe<description>(*g, c, uml::all_rewrites(), uml::output_set::answer);
    const uml::plan_sizes sizes = uml::plan(uml::cpu::engine{{.threads = 2}}, *g);
    return static_cast<double>(sizes.steps) / static_cast<double>(sizes.live);
}

} // namespace

TEST_CASE("small pictures take less memory without transformed tiles, large ones as much as with them") {
    constexpr uml::config small{.height = 64, .width = 64, .channel_divisor = 4}, large{256, 256, 2, 2, 3, 4};
    const auto bytes = [](bool winograd, const uml::config& c) {
        const auto g = std::make_unique<graph>();
        uml::describe<uml::edge_network>(*g, c, uml::all_rewrites(), uml::output_set::answer);
        return uml::plan(uml::cpu::engine{{.threads = 2, .winograd = winograd}}, *g).arena;
    };
    CHECK(bytes(false, small) < bytes(true, small) * 3 / 4);
    CHECK(bytes(false, large) == bytes(true, large));
}

TEST_CASE("the arena is little more than the largest set of tensors alive at one time") {
    for (const int size : {256, 512}) {
        const uml::config c{.height = size, .width = size};
        CHECK(arena_over_live<uml::release_network>(c) < 1.08);
        CHECK(arena_over_live<uml::paper_network>(c) < 1.08);
        for (const int stride : {1, 2}) {
            const uml::config small{
                .height = size, .width = size, .channels_in = 1, .channel_divisor = 4, .stem_stride = stride};
            CHECK(arena_over_live<uml::edge_network>(small) < 1.08);
        }
    }
}
