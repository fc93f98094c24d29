// The memory plan, checked by running it with stamps: whatever an operation reads is still what its producer wrote.
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

/// Writes every node's index over its tensor, and noise over its scratch memory, in the order of the program.
struct stamped {
    const graph& g;
    std::vector<int> memory;
    std::int64_t element_bytes;

    template <class F> void each_element(const node& n, F f) {
        for (std::int64_t p = 0; p < n.out.pixels(); ++p)
            for (int k = 0; k < n.out.c; ++k)
                f(memory[static_cast<std::size_t>(n.at / element_bytes + p * n.step + k)], k);
    }
    /// The node that wrote channel k of node i.
    int writer(int i, int k) const {
        const node& n = g.nodes[i];
        if (n.kind == op::slice) return writer(n.in[0], k + n.arg);
        if (n.kind == op::concat)
            for (int j = 0; j < n.inputs; ++j) {
                const node& part = g.nodes[n.in[j]];
                if (k < part.out.c) return part.at == n.at + offset(n, j) * element_bytes ? writer(n.in[j], k) : i;
                k -= part.out.c;
            }
        return i;
    }
    std::int64_t offset(const node& n, int j) const {
        std::int64_t sum = 0;
        for (int i = 0; i < j; ++i) sum += g.nodes[n.in[i]].out.c;
        return sum;
    }
    int wrong(int i) {
        int count = 0;
        each_element(g.nodes[i], [&](int& stamp, int k) { count += stamp != writer(i, k) ? 1 : 0; });
        return count;
    }
    void write(int i, std::int64_t scratch_bytes) {
        const node& n = g.nodes[i];
        for (std::int64_t e = 0; e < (scratch_bytes + element_bytes - 1) / element_bytes; ++e)
            memory[static_cast<std::size_t>(n.scratch / element_bytes + e)] = -2;
        if (n.kind != op::slice)
            each_element(n, [&](int& stamp, int k) {
                if (writer(i, k) == i) stamp = i;
            });
    }
};

template <class description, class B>
void check(const B& where, const uml::config& c, uml::rewrites on, uml::output_set outputs) {
    const typename B::engine target{where};
    const auto room = std::make_unique<graph>();
    graph& g = *room;
    uml::describe<description>(g, c, on, outputs);
    const uml::plan_sizes sizes = uml::plan(target, g);
    REQUIRE(g.error.what == uml::fault::none);
    const auto element = static_cast<std::int64_t>(uml::size_of(g.nodes[0].type));
    stamped s{g, std::vector<int>(static_cast<std::size_t>(sizes.arena / element), -1), element};
    int wrong = 0;
    std::int64_t packed = 0;
    for (int i = 0; i < g.node_count; ++i) {
        const node& n = g.nodes[i];
        const uml::site at{g.nodes, g.parameters, n};
        s.write(i, target.scratch_bytes(at));
        for (int j = 0; j < n.inputs; ++j) wrong += s.wrong(n.in[j]);
        const std::int64_t bytes = target.packed_bytes(at);
        CHECK(n.packed >= packed);
        if (bytes > 0) packed = n.packed + bytes;
    }
    for (int i = 0; i < g.output_count; ++i) wrong += s.wrong(g.outputs[i].node);
    CHECK(wrong == 0);
    CHECK(packed <= sizes.packed);
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
