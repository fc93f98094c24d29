// The memory plan at its limits, to the byte: nothing, one operation, as many as there can be.
#include "support/plan_by_hand.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace {

using uml::graph;
using uml::node;
using uml::op;
using uml::value;
using uml_test::bytes;
using uml_test::drawn;

template <class T> std::vector<int> first_of(const T& all, int count) { return {all, all + count}; }

/// Where the input comes to lie before a layer of twice its size and so many operations as large: behind both places of
/// those where they are placed first, else below.
std::int64_t input_before(int operations) {
    drawn d;
    value x = d.b.conv(d.b.input({1, 2, 2}), "wide", {.out = 2});
    for (int i = 1; i < operations; ++i) x = d.b.relu(x);
    d.b.output(x, "out");
    const uml::plan_sizes s = uml::plan(bytes{}, d.g);
    CHECK(d.g.error.what == uml::fault::none);
    CHECK(s.live == 64 * 4);
    CHECK(s.steps == 64 * (d.g.nodes[0].offset == 0 && operations > 1 ? 5 : 4));
    return d.g.nodes[0].offset;
}

} // namespace

TEST_CASE("of two concatenations the later one has what both read; the other copies it") {
    drawn d;
    const value x = d.b.input({1, 2, 2});
    const value y = d.b.relu(x), z = d.b.sigmoid(x);
    const value first = d.b.concat(z, y), last = d.b.concat(y, first);
    d.b.output(last, "last");
    uml::assign_order(d.g, uml::schedule::sequential);
    const uml::plan_detail::views v(d.g);
    CHECK(first_of(v.root, 5) == std::vector<int>{0, 4, 4, 4, 4});
    CHECK(first_of(v.first_channel, 5) == std::vector<int>{0, 0, 1, 1, 0});
    CHECK(v.first_use[4] == 1);
    CHECK(first.node == 3);
}

TEST_CASE("nothing takes nothing, an input its own bytes") {
    drawn d;
    for (const uml::plan_sizes& s : {uml::plan_sizes{}, uml::plan(bytes{}, d.g)}) {
        CHECK(s.arena == 0);
        CHECK(s.live == 0);
        CHECK(s.steps == 0);
        CHECK(s.packed == 0);
    }
    d.b.output(d.b.input({3, 2, 2}), "in");
    CHECK(uml::plan(bytes{}, d.g).live == 3 * 64);
    CHECK(uml::plan(bytes{.half = op::input}, d.g).live == 3 * 64);
    CHECK(d.g.nodes[0].type == uml::dtype::bf16);
    CHECK(d.g.nodes[1] == node{}); // what is behind the last operation is left alone
    CHECK(d.g.error.what == uml::fault::none);
}

TEST_CASE("parts of one block are counted once, and lie where its channels do") {
    drawn d;
    const value x = d.b.input({16, 2, 2});
    const value y = d.b.relu(x);
    const value first = d.b.sigmoid(y), second = d.b.relu(y);
    const value both = d.b.concat(first, second);
    d.b.output(d.b.slice(d.b.relu(both), 4, 2), "part");
    const uml::plan_sizes s = uml::plan(bytes{}, d.g);
    REQUIRE(d.g.error.what == uml::fault::none);
    const node* const n = d.g.nodes;
    CHECK(s.live == 64 * (32 + 32)); // the concatenation and what is made of it
    CHECK(s.steps == s.live);
    CHECK(n[4].offset == 0); // the first of equals
    CHECK(n[2].offset == 0);
    CHECK(n[3].offset == 16 * 4);
    CHECK(n[1].offset == 64 * 32); // beside it
    CHECK(n[0].offset == 0);       // done before it begins
    CHECK(n[5].offset == 64 * 32);
    CHECK(n[6].offset == 64 * 32 + 4 * 4);
    CHECK(n[5].result); // a part of it is fetched: the last operation of all
}

TEST_CASE("scratch memory of the first order is free at the second") {
    drawn d;
    d.b.output(d.b.relu(d.b.input({1, 2, 2})), "out");
    CHECK(uml::plan(bytes{.scratched = op::input}, d.g).live == 64 + 128); // then 64 and 64
    CHECK(uml::plan(bytes{.scratched = op::activate}, d.g).live == 2 * 64 + 128);
}

TEST_CASE("256 blocks may be in use at one time") {
    const auto planned = [](int alive) {
        drawn d;
        const value x = d.b.input({1, 2, 2});
        std::vector<value> made;
        while (static_cast<int>(made.size()) + 1 < alive) made.push_back(d.b.relu(x));
        value sum = made[0];
        for (std::size_t i = 1; i < made.size(); ++i) sum = d.b.add(sum, made[i]);
        d.b.output(sum, "sum");
        CHECK(uml::plan(bytes{.scratched = op::max_pool}, d.g).live == 64 * alive);
        return d.g.error;
    };
    CHECK(planned(256).what == uml::fault::none);
    CHECK(planned(257).what == uml::fault::live_blocks);
    CHECK(planned(257).have == 257);
    CHECK(planned(257).want == 256);
}

TEST_CASE("large blocks are placed first, the largest before the others, as long as there are 128 at most") {
    CHECK(input_before(2) == 128);
    CHECK(input_before(127) == 128); // with the input 128 of at least a 32nd of the live set
    CHECK(input_before(128) == 128); // 128 of half of it
    CHECK(input_before(129) == 0);   // none is as large as all of it
}

TEST_CASE("a block of a 32nd of the live set is large: it comes before one that does not last as long") {
    const auto first = [](int channels) {
        drawn d;
        const value a = d.b.conv(d.b.conv(d.b.input({channels, 2, 2}), "large", {.out = 16}), "small", {.out = 1});
        const value b = d.b.relu(a);
        d.b.output(d.b.add(b, d.b.relu(b)), "sum");
        CHECK(uml::plan(bytes{.scratched = op::max_pool}, d.g).live == 64 * (channels + 16));
        return d.g.nodes[a.node].offset < d.g.nodes[b.node].offset ? 'a' : 'b';
    };
    CHECK(first(16) == 'b');
    CHECK(first(17) == 'a'); // less than a 32nd: in the order of the operations
}

TEST_CASE("a graph with as many operations as there can be is planned") {
    drawn d;
    value x = d.b.input({1, 2, 2});
    while (d.g.node_count < graph::max_nodes) x = d.b.relu(x);
    d.b.output(x, "out");
    for (const uml::schedule how : {uml::schedule::sequential, uml::schedule::branches}) {
        const uml::plan_sizes s = uml::plan(bytes{.how = how}, d.g);
        CHECK(d.g.error.what == uml::fault::none);
        CHECK(s.live == 2 * 64);
        CHECK(s.steps == 2 * 64);
        CHECK(s.packed == 1152 * 64);
        CHECK(s.arena == 2 * 64 + 1152 * 7); // a multiple of 64
        CHECK(d.g.nodes[1151].order == 1151);
        CHECK(d.g.nodes[1151].offset == 64);
    }
}

TEST_CASE("an operation that the backend lacks before any layer has no name to be found by") {
    drawn d;
    d.b.output(d.b.relu(d.b.relu(d.b.input({1, 2, 2}))), "out");
    static_cast<void>(uml::plan(bytes{.unknown = op::activate}, d.g));
    CHECK(d.g.error.what == uml::fault::unsupported);
    CHECK(d.g.error.where == uml::no_id);
    CHECK_FALSE(d.g.error.after);
}

TEST_CASE("weights that were made of others are named as the first of them") {
    drawn d;
    d.b.output(d.b.conv(d.b.input({1, 2, 2}), "first", {.out = 1}), "out");
    uml::id& weight = d.g.nodes[1].weight;
    d.g.parameters[d.g.parameter_count] = {.name = uml::no_id, .a = weight};
    weight = static_cast<uml::id>(d.g.parameter_count++);
    static_cast<void>(uml::plan(bytes{.unknown = op::conv}, d.g));
    CHECK(uml::path(d.g.names, d.g.letters, d.g.error.where).view() == "first");
}

TEST_CASE("every output is fetched, an earlier plan's order forgotten") {
    drawn d;
    const value x = d.b.input({1, 2, 2});
    const value y = d.b.relu(x);
    d.b.output(y, "first");
    d.b.output(d.b.relu(d.b.relu(y)), "second");
    d.g.nodes[0].order = 9;
    static_cast<void>(uml::plan(bytes{}, d.g));
    CHECK(d.g.nodes[0].order == 0);
    CHECK_FALSE(d.g.nodes[0].result);
    CHECK(d.g.nodes[1].result);
    CHECK_FALSE(d.g.nodes[2].result);
    CHECK(d.g.nodes[3].result);
}

TEST_CASE("what the caller fetches is read behind all operations: too late to be written into a concatenation") {
    const auto in_place = [](int after) {
        drawn d;
        const value early = d.b.relu(d.b.input({1, 2, 2}));
        d.b.output(early, "early");
        value x = d.b.concat(early, early);
        const value both = x;
        for (int i = 0; i < after; ++i) x = d.b.relu(x);
        d.b.output(x, "out");
        uml::assign_order(d.g, uml::schedule::sequential);
        return uml::plan_detail::views(d.g).root[early.node] == both.node;
    };
    CHECK(in_place(100));
    CHECK_FALSE(in_place(101));
}

TEST_CASE("blocks stay sorted by address when a lower one is placed later") {
    uml::plan_detail::placed_blocks all;
    const auto placed = [&](std::int64_t size, int first, int last) {
        uml::plan_detail::block b{-1, size, first, last, 0, false};
        REQUIRE(all.place(b, 0));
        return b.from;
    };
    CHECK(all.top() == 0);
    CHECK(placed(64, 0, 0) == 0);
    CHECK(placed(64, 0, 9) == 64);
    all.drop_before(1);
    CHECK(placed(128, 12, 13) == 0); // over the one at 64, which is done with by then
    CHECK(placed(64, 9, 12) == 128); // both are in the way
}
