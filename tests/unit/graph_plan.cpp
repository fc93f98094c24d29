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

/// The cpu backend's plan with tensors of two element types beside each other.
struct mixed {
    uml::cpu::engine cpu;

    [[nodiscard]] constexpr uml::schedule order() const { return cpu.order(); }
    [[nodiscard]] constexpr int images() const { return cpu.images(); }
    [[nodiscard]] constexpr bool supports(const node& n) const { return cpu.supports(n); }
    [[nodiscard]] constexpr std::int64_t scratch_bytes(const uml::site& at) const { return cpu.scratch_bytes(at); }
    [[nodiscard]] constexpr std::int64_t step_bytes(const uml::site& at) const { return cpu.step_bytes(at); }
    [[nodiscard]] constexpr std::int64_t packed_bytes(const uml::site& at) const { return cpu.packed_bytes(at); }
    [[nodiscard]] constexpr uml::tensor_form tensor(const uml::site& at) const {
        const auto i = &at.n - at.nodes;
        return uml::padded_form(at.n, i % 3 != 0 && !at.n.result ? uml::dtype::bf16 : uml::dtype::f32);
    }
};

template <class description, class E>
void check(const E& target, const uml::config& c, uml::rewrites on, uml::output_set outputs) {
    const auto g = std::make_unique<graph>();
    uml::describe<description>(*g, c, on, outputs);
    CHECK(uml_test::plan_faults(target, *g) == 0);
}

template <class description> void check_all(const uml::config& c) {
    for (const uml::output_set outputs : {uml::output_set::answer, uml::output_set::taps}) {
        const uml::cpu::engine cpu{{.threads = 2}};
        check<description>(uml::reference64::engine{}, c, {}, outputs);
        check<description>(cpu, c, uml::all_rewrites(), outputs);
        check<description>(cpu, c, uml::rewrite::fold | uml::rewrites(uml::rewrite::compose), outputs);
        check<description>(mixed{cpu}, c, uml::all_rewrites(), outputs);
        check<description>(mixed{cpu}, c, {}, outputs);
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

namespace {

struct two_steps {
    static constexpr void describe(uml::builder& g, const uml::config& c) {
        const uml::value x = g.input({1, c.height, c.width});
        const uml::value y = g.conv(x, "layer", {.out = 2});
        g.output(g.conv(y, "last", {.out = 1}), "out");
    }
};

} // namespace

TEST_CASE("the largest live set, to the byte: what a step reads and what it makes") {
    const auto g = std::make_unique<graph>();
    uml::describe<two_steps>(*g, uml::config{.height = 8, .width = 8}, {}, uml::output_set::answer);
    const uml::plan_sizes sizes = uml::plan(uml::reference::engine{uml::reference{}}, *g);
    CHECK(sizes.live == (256 + 64) + (512 + 64)); // tensors have a line of the cache behind them
    CHECK(g->nodes[0].offset % 64 == 0);
    CHECK(g->nodes[1].offset == 0); // the larger one first
    CHECK(g->nodes[0].offset == 576);
    CHECK(g->nodes[2].offset == 576); // in the input's place, which nobody reads any more
}

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

TEST_CASE("what is fetched has the type that the backend gives results, in slices and concatenations too") {
    const auto room = std::make_unique<graph>();
    graph& g = *room;
    uml::builder b(g, uml::output_set::answer);
    const uml::value x = b.input({16, 4, 4});
    const uml::value y = b.relu(x);
    const uml::value z = b.relu(y);
    const uml::value part = b.slice(z, 4, 8);
    const uml::value both = b.concat(y, z);
    b.output(b.relu(both), "both");
    b.output(part, "part");
    static_cast<void>(uml::plan(mixed{{{.threads = 1}}}, g));
    REQUIRE(g.error.what == uml::fault::none);
    const node &ny = g.nodes[y.node], &nz = g.nodes[z.node], &npart = g.nodes[part.node], &nboth = g.nodes[both.node];
    CHECK(ny.type == uml::dtype::bf16);
    CHECK(nz.result); // a part of it is fetched
    CHECK(nz.type == uml::dtype::f32);
    CHECK(npart.result);
    CHECK(npart.type == uml::dtype::f32);
    CHECK(npart.offset == nz.offset + 4 * 4);
    CHECK(nboth.type == uml::dtype::bf16);
    CHECK(ny.offset == nboth.offset);          // written where it will stand
    CHECK(nz.offset != nboth.offset + 16 * 2); // copied: it has another type
}

TEST_CASE("a mixer's matrix has the blocks of its two entry convolutions") {
    const auto g = std::make_unique<graph>();
    const uml::config c{.height = 64, .width = 64};
    uml::describe<uml::release_network>(*g, c, uml::all_rewrites(), uml::output_set::answer);
    const uml::cpu::engine cpu{};
    static_cast<void>(uml::plan(cpu, *g));
    int mixers = 0;
    for (int i = 0; i < g->node_count; ++i) {
        const node& n = g->nodes[i];
        if (n.kind != op::scaled_product) continue;
        const auto s = uml::host::product_shape_of(uml::host::planned({g->nodes, g->parameters, n}, cpu.value.how()));
        CHECK(2 * s.blocks.rows == s.inner); // as many of either encoder's channels
        CHECK(2 * s.blocks.columns == s.c);
        CHECK(s.blocks.shuffled == 4);
        ++mixers;
    }
    CHECK(mixers == 4);
}
