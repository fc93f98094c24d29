// Regions replaced all at once are what they are when each is replaced as soon as it is described.
#include "uml/graph/rewrite.hpp"
#include "uml/layers/mixer.hpp"
#include "uml/layers/navigator.hpp"

#include <doctest/doctest.h>

#include <memory>

namespace {

using uml::builder, uml::graph, uml::id, uml::name, uml::node, uml::op, uml::parameter, uml::value;

/// Levels of mixers and gates, which grow and shrink the table; the mixer of every third level has no output
/// convolution, and an inner value of the fourth mixer and of the fifth gate is an output. `each`: after every level.
template <class F> void describe_levels(graph& g, int levels, F each) {
    builder b(g, uml::output_set::answer);
    value cls = b.input({8, 16, 16});
    value seg = b.conv(cls, "seg", {.out = 8});
    for (int i = 0; i < levels; ++i) {
        const name level = name("level") / i;
        const int out = i % 3 == 2 ? 0 : 8;
        const uml::mixer_names names{level / "cls", level / "seg", level / "attention", level / "out"};
        value mixed = uml::mixer_level(b, cls, seg, names, 16, out);
        if (i == 3) b.output({static_cast<id>(mixed.node - 2), {16, 16, 16}}, level / "inner");
        mixed.node = each(i == 3);
        if (i == 5) mixed = b.keep_precise(mixed);
        const value vacuity = b.conv(mixed, level / "vacuity", {.out = 1});
        value gated = uml::navigator_gate(b, mixed, mixed, vacuity, level / "gate", 4);
        if (i == 4) b.output({static_cast<id>(gated.node - 1), {1, 16, 16}}, level / "inner_gate");
        gated.node = each(i == 4);
        seg = b.conv(gated, level / "seg_next", {.out = 8});
        cls = b.conv(mixed, level / "cls_next", {.out = 8});
    }
    b.output(b.concat(cls, seg), "last");
}

bool same_parameter(const graph& a, id p, const graph& b, id q) {
    if (p == uml::no_id || q == uml::no_id) return p == q;
    const parameter& x = a.parameters[p];
    const parameter& y = b.parameters[q];
    if (x.kind != y.kind || x.bias != y.bias || x.kernel != y.kernel || x.count != y.count || x.out != y.out ||
        x.in != y.in)
        return false;
    if (uml::path(a.names, a.letters, x.name).view() != uml::path(b.names, b.letters, y.name).view()) return false;
    return same_parameter(a, x.a, b, y.a) && same_parameter(a, x.b, b, y.b);
}

void check_same(const graph& a, const graph& b) {
    REQUIRE(a.node_count == b.node_count);
    for (int i = 0; i < a.node_count; ++i) {
        CAPTURE(i);
        node x = a.nodes[i];
        const node& y = b.nodes[i];
        CHECK(same_parameter(a, x.weight, b, y.weight));
        CHECK(same_parameter(a, x.weight2, b, y.weight2));
        x.weight = y.weight;
        x.weight2 = y.weight2;
        CHECK(x == y);
    }
    REQUIRE(a.output_count == b.output_count);
    for (int i = 0; i < a.output_count; ++i) CHECK(a.outputs[i].node == b.outputs[i].node);
}

void check_levels(int levels) {
    CAPTURE(levels);
    const auto together = std::make_unique<graph>(), each = std::make_unique<graph>();
    describe_levels(*together, levels, [&](bool) { return static_cast<id>(together->node_count - 1); });
    const int described = together->node_count;
    uml::passes::mixer(*together);
    CHECK(together->node_count > described);
    CHECK(together->region_count == levels + (levels > 3 ? 1 : 0));
    uml::passes::gate(*together);
    CHECK(together->region_count == (levels > 3 ? 1 : 0) + (levels > 4 ? 1 : 0));
    describe_levels(*each, levels, [&](bool read) {
        if (!read) {
            uml::passes::mixer(*each);
            uml::passes::gate(*each);
        }
        each->region_count = 0;
        return static_cast<id>(each->node_count - 1);
    });
    REQUIRE(each->error.what == uml::fault::none);
    check_same(*together, *each);
}

} // namespace

TEST_CASE("regions replaced together are as those replaced one by one") {
    for (const int levels : {1, 2, 6}) check_levels(levels);
}

TEST_CASE("more collapsed forms than there is room for at once") { check_levels(21); }

namespace {

/// As many regions as there can be, each one ReLU, and nodes up to `count`.
std::unique_ptr<graph> full_table(int count) {
    auto g = std::make_unique<graph>();
    builder b(*g, uml::output_set::answer);
    value x = b.input({1, 4, 4});
    for (int i = 0; i < graph::max_regions; ++i) {
        const uml::region r = b.begin(uml::region_kind::gate, {x});
        x = b.relu(x);
        b.end(r);
    }
    while (g->node_count < count) x = b.relu(x);
    b.output(x, "last");
    return g;
}

void by_two(graph& g) {
    uml::passes::replace(
        g, uml::region_kind::gate,
        [](builder& b, const value(&in)[3], const uml::region&, const uml::passes::region_parameters&) {
            value x = b.sigmoid(in[0]);
            x = b.relu(x);
            return x;
        });
}

} // namespace

TEST_CASE("forms fill the table to its last node, and not beyond") {
    const auto fits = full_table(graph::max_nodes - graph::max_regions);
    by_two(*fits);
    CHECK(fits->error.what == uml::fault::none);
    CHECK(fits->node_count == graph::max_nodes);
    for (int i = 1; i < fits->node_count; ++i) CHECK(fits->nodes[i].in[0] == i - 1);
    CHECK(fits->outputs[0].node == graph::max_nodes - 1);
    for (const int more : {1, graph::max_regions - 2, graph::max_regions}) {
        const auto g = full_table(graph::max_nodes - graph::max_regions + more);
        by_two(*g);
        CHECK(g->error.what == uml::fault::too_many_entries);
        CHECK(g->error.have == graph::max_nodes + (more < graph::max_regions ? more : 1));
    }
}

TEST_CASE("forms of one operation less; a region of which the next operation reads an inner value stays") {
    graph g;
    builder b(g, uml::output_set::answer);
    value x = b.input({1, 4, 4});
    for (int i = 0; i < 3; ++i) {
        const uml::region r = b.begin(uml::region_kind::gate, {x});
        const value inner = b.relu(x);
        x = b.add_constant(inner, static_cast<float>(i));
        b.end(r);
        x = b.add(x, i == 1 ? inner : x);
    }
    b.output(x, "last");
    uml::passes::replace(g, uml::region_kind::gate,
                         [](builder& fresh, const value(&in)[3], const uml::region&,
                            const uml::passes::region_parameters&) { return fresh.sigmoid(in[0]); });
    const op kinds[] = {op::input,        op::activate, op::add,      op::activate,
                        op::add_constant, op::add,      op::activate, op::add};
    const id read[][2] = {{},     {0, uml::no_id}, {1, 1}, {2, uml::no_id}, {3, uml::no_id},
                          {4, 3}, {5, uml::no_id}, {6, 6}};
    REQUIRE(g.node_count == 8);
    for (int i = 1; i < 8; ++i) {
        CAPTURE(i);
        CHECK(g.nodes[i].kind == kinds[i]);
        CHECK(g.nodes[i].in[0] == read[i][0]);
        CHECK(g.nodes[i].in[1] == read[i][1]);
    }
    CHECK(g.outputs[0].node == 7);
}
