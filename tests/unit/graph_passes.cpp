// The table of passes, regions, and what the description says of a value survives them.
#include "uml/backend/reference.hpp"
#include "uml/networks/network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

namespace {

using uml::builder;
using uml::graph;
using uml::name;
using uml::node;
using uml::op;
using uml::rewrite;
using uml::rewrites;
using uml::value;

constexpr uml::config small{.height = 48, .width = 64, .regions = 3, .classes = 2};

template <class description> std::unique_ptr<graph> described(rewrites on, uml::output_set outputs = {}) {
    auto g = std::make_unique<graph>();
    uml::describe<description>(*g, small, on, outputs);
    REQUIRE(g->error.what == uml::fault::none);
    return g;
}

int count(const graph& g, op kind) {
    return static_cast<int>(
        std::count_if(g.nodes, g.nodes + g.node_count, [&](const node& n) { return n.kind == kind; }));
}

} // namespace

TEST_CASE("every pass is known by its name, and no other") {
    rewrites sum;
    for (const uml::named_pass& p : uml::all_passes) {
        const auto one = uml::rewrites_from(p.name);
        REQUIRE(one);
        CHECK(*one == rewrites(p.which));
        CHECK_FALSE(sum.has(p.which));
        sum = sum | p.which;
    }
    CHECK(sum == uml::all_rewrites());
    CHECK(uml::rewrites_from("all") == uml::all_rewrites());
    CHECK(uml::rewrites_from("none") == rewrites{});
    CHECK(uml::rewrites_from("fold,gate") == (rewrite::fold | rewrites(rewrite::gate)));
    CHECK_FALSE(uml::rewrites_from("fold,").has_value());
    CHECK_FALSE(uml::rewrites_from("Fold").has_value());
    CHECK_FALSE(uml::all_rewrites().without(rewrite::upsample).has(rewrite::upsample));
}

TEST_CASE("mixer and gate collapse their regions, each alone") {
    const auto plain = described<uml::release_network>({});
    CHECK(count(*plain, op::shuffle) == 4);
    CHECK(count(*plain, op::dynamic_conv) + count(*plain, op::gate) == 0);
    const auto mixer = described<uml::release_network>(rewrite::mixer);
    CHECK(count(*mixer, op::shuffle) == 0);
    CHECK(count(*mixer, op::dynamic_conv) == 4);
    CHECK(count(*mixer, op::gate) == 0);
    const auto gate = described<uml::release_network>(rewrite::gate);
    CHECK(count(*gate, op::shuffle) == 4);
    CHECK(count(*gate, op::gate) == 3);
    CHECK(gate->node_count == plain->node_count - (12 + 12 + 11)); // at the finest level nothing is repeated
    for (const auto& g : {plain.get(), mixer.get(), gate.get()})
        for (int i = 0; i < g->node_count; ++i)
            for (int j = 0; j < g->nodes[i].inputs; ++j) CHECK(g->nodes[i].in[j] < i);
}

namespace {

/// A gate; `tapped`: one of its inner values is an output, so that the gate cannot be one operation.
template <bool tapped> struct with_gate {
    static constexpr void describe(builder& g, const uml::config& c) {
        const value x = g.input({3, c.height, c.width});
        const value vacuity = g.conv(x, "vacuity", {.out = 1});
        const value gated = uml::navigator_gate(g, x, x, vacuity, "gate", 4);
        if (tapped) g.output({static_cast<uml::id>(gated.node - 1), {1, c.height, c.width}}, "inner");
        g.output(gated, "gated");
    }
};

} // namespace

TEST_CASE("a region of which an inner value is read stays as it is described") {
    CHECK(count(*described<with_gate<false>>(rewrite::gate), op::gate) == 1);
    CHECK(count(*described<with_gate<true>>(rewrite::gate), op::gate) == 0);
}

namespace {

struct chain {
    static constexpr void describe(builder& g, const uml::config& c) {
        const value x = g.input({4, c.height, c.width});
        const value before = g.conv(x, "before", {.out = 4});
        value y = g.conv(before, "conv", {.out = 4});
        y = g.norm(y, "norm", uml::norm_kind::batch);
        y = g.add(y, before);
        y = g.relu(y);
        y = g.keep_precise(y);
        const value joined = g.concat(y, x);
        const value part = g.slice(joined, 0, 4);
        const value after = g.conv(part, "after", {.out = 2});
        g.output(after, "after");
    }
};

} // namespace

TEST_CASE("a precise value: its sum, its views, and the convolution that it is fused into") {
    const auto plain = described<chain>({});
    const bool marked[] = {false, true, true, true, true, true, true, true, false};
    for (int i = 0; i < plain->node_count; ++i) {
        CAPTURE(i);
        CHECK(plain->nodes[i].precise == marked[i]);
        CHECK(uml::is_precise(plain->nodes, plain->nodes[i]) == (i != 0));
    }
    const auto fused = described<chain>(rewrite::fold | rewrites(rewrite::prune));
    REQUIRE(fused->node_count == 6); // input, before, conv, concat, slice, after
    for (const int i : {1, 2, 3, 4}) CHECK(fused->nodes[i].precise);
    CHECK_FALSE(fused->nodes[5].precise);
}

namespace {

/// Describes, marks the node of operation `kind` alone, and applies the rewrite.
template <class F> std::unique_ptr<graph> marked(op kind, rewrite r, F describe) {
    auto g = std::make_unique<graph>();
    builder b(*g, uml::output_set::answer);
    b.output(describe(b, b.input({4, 16, 16})), "y");
    REQUIRE(g->error.what == uml::fault::none);
    for (int i = 0; i < g->node_count; ++i) g->nodes[i].precise = g->nodes[i].kind == kind;
    uml::apply(*g, r | rewrites(rewrite::prune));
    return g;
}

} // namespace

TEST_CASE("the mark goes to the node that a marked one is fused into, or changes places with") {
    for (const op kind : {op::norm, op::activate}) {
        const auto g = marked(kind, rewrite::fold, [](builder& b, value x) {
            x = b.conv(x, "conv", {.out = 4});
            x = b.norm(x, "norm", uml::norm_kind::batch);
            return b.relu(x);
        });
        REQUIRE(g->node_count == 2);
        CHECK(g->nodes[1].precise);
    }
    const auto composed = marked(op::dynamic_conv, rewrite::compose, [](builder& b, value x) {
        const value mean = b.global_average(x);
        const uml::id weight = b.conv_parameter("b", 4, 4, false);
        const value matrix = b.scaled_product(uml::no_id, mean, weight);
        const value factor = b.slice(x, 0, 1);
        x = b.dynamic_conv(x, matrix, factor);
        return b.conv(x, "conv", {.out = 2});
    });
    CHECK(count(*composed, op::conv) == 0);
    for (int i = 0; i < composed->node_count; ++i)
        CHECK(composed->nodes[i].precise == (composed->nodes[i].kind == op::dynamic_conv));
    const auto late = marked(op::resize, rewrite::late, [](builder& b, value x) {
        x = b.conv(x, "conv", {.out = 8});
        return b.resize(x, 8, 8);
    });
    REQUIRE(late->node_count == 3);
    CHECK(late->nodes[1].kind == op::resize);
    CHECK_FALSE(late->nodes[1].precise);
    CHECK(late->nodes[2].precise);
    const auto two = marked(op::conv, rewrite::compose, [](builder& b, value x) {
        x = b.conv(x, "first", {.out = 4});
        return b.conv(x, "second", {.out = 4});
    });
    REQUIRE(two->node_count == 2);
    CHECK(two->nodes[1].precise);
    const auto gate = marked(op::multiply, rewrite::gate, [](builder& b, value x) {
        const value vacuity = b.slice(x, 0, 1);
        return uml::navigator_gate(b, x, x, vacuity, "gate", 4);
    });
    CHECK(gate->nodes[gate->node_count - 1].kind == op::gate);
    CHECK(gate->nodes[gate->node_count - 1].precise);
}

namespace {

/// The 1×1 products whose widths are those of the published encoders' deepest level.
bool is_wide_product(const graph& g, const node& n) {
    if (n.kind != op::conv || n.groups != 1 || n.win != uml::window{} || n.out.pixels() == 1) return false;
    const node& in = g.nodes[n.in[0]];
    return in.groups == 1 && (in.out.c >= 1024 || n.out.c >= 1024);
}

template <class description> void check_precise_products() {
    for (const auto outputs : {uml::output_set::answer, uml::output_set::taps})
        for (const rewrites on : {uml::all_rewrites(), rewrites{}}) {
            const auto g = described<description>(on, outputs);
            int found = 0;
            for (int i = 0; i < g->node_count; ++i) {
                const node& n = g->nodes[i];
                if (n.kind != op::conv || n.groups != 1 || n.win != uml::window{} || n.out.pixels() == 1) continue;
                const bool precise = uml::is_precise(g->nodes, n);
                CAPTURE(i);
                CHECK(precise == is_wide_product(*g, n));
                found += precise ? 1 : 0;
            }
            CHECK(found >= 12);
        }
}

} // namespace

TEST_CASE("the precise products are those of the encoders' deepest level, in both published networks") {
    check_precise_products<uml::release_network>();
    check_precise_products<uml::paper_network>();
}
