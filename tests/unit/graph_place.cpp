// Orders, lifetimes and places of the memory plan, to the byte, on graphs small enough to be done by hand.
#include "support/plan_by_hand.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace {

using uml::id;
using uml::node;
using uml::op;
using uml::value;
using uml::plan_detail::block;
using uml_test::bytes;
using uml_test::drawn;

/// Where a block of that size comes to lie that is in use during the orders [first, last].
std::int64_t placed(uml::plan_detail::placed_blocks& all, std::int64_t size, int first, int last) {
    block b{-1, size, first, last, 0, false};
    REQUIRE(all.place(b, 0));
    return b.from;
}

/// The operations' orders.
std::vector<int> orders(const drawn& d, uml::schedule how) {
    uml::assign_order(d.g, how);
    std::vector<int> all;
    for (int i = 0; i < d.g.node_count; ++i) all.push_back(d.g.nodes[i].order);
    return all;
}

template <class T> std::vector<int> first_of(const T& all, int count) {
    return {std::begin(all), std::begin(all) + count};
}

} // namespace

TEST_CASE("a block comes to lie at the lowest address where nothing is in the way at any time") {
    uml::plan_detail::placed_blocks all;
    CHECK(placed(all, 128, 0, 2) == 0);
    CHECK(placed(all, 64, 1, 3) == 128);
    CHECK(all.top() == 192);
    CHECK(placed(all, 64, 3, 4) == 0);    // the first one is done with
    CHECK(placed(all, 128, 3, 3) == 192); // 64 are free below
    CHECK(all.top() == 320);
    CHECK(placed(all, 64, 3, 3) == 64); // which is just enough
    CHECK(placed(all, 64, 4, 4) == 64);
    CHECK(placed(all, 64, 2, 2) == 192); // orders are closed at both ends
    CHECK(placed(all, 64, 0, 0) == 128);
    CHECK(all.top() == 320);
    all.drop_before(4);
    CHECK(placed(all, 64, 0, 3) == 64); // of the two that are left, one is in use at 3, the other at 4 alone
    CHECK(all.top() == 320);
}

TEST_CASE("a block that ends below one before it is not in the way above") {
    uml::plan_detail::placed_blocks all;
    CHECK(placed(all, 256, 0, 1) == 0);
    CHECK(placed(all, 64, 5, 5) == 0);
    CHECK(placed(all, 64, 1, 5) == 256);
}

TEST_CASE("there is room for as many blocks as it says") {
    const auto all = std::make_unique<uml::plan_detail::placed_blocks>();
    for (int i = 0; i < uml::plan_detail::placed_blocks::most; ++i) CHECK(placed(*all, 64, 0, 0) == 64 * i);
    block one_more{0, 64, 0, 0, 0, false};
    CHECK_FALSE(all->place(one_more, 0));
    CHECK(all->place(one_more, 1)); // all others are done with by then
    CHECK(one_more.from == 0);
    all->drop_before(1);
    for (int i = 0; i < uml::plan_detail::placed_blocks::most; ++i) CHECK(placed(*all, 64, 1, 1) == 64 * i);
}

TEST_CASE("blocks are compared by size, then by how long they last") {
    constexpr block small{0, 64, 0, 9}, large{0, 128, 0, 0}, longer{0, 128, 3, 5}, as_long{0, 128, 7, 9};
    CHECK(small.less(large));
    CHECK_FALSE(large.less(small));
    CHECK(large.less(longer));
    CHECK_FALSE(longer.less(large));
    CHECK_FALSE(longer.less(as_long));
    CHECK_FALSE(as_long.less(longer));
}

TEST_CASE("operations have one order each, or that behind their latest input") {
    drawn d;
    const value x = d.b.input({1, 2, 2});
    const value y = d.b.relu(d.b.relu(x));
    const value z = d.b.sigmoid(x);
    d.b.output(d.b.add(z, y), "sum");
    using order = std::vector<int>;
    CHECK(orders(d, uml::schedule::sequential) == order{0, 1, 2, 3, 4});
    CHECK(orders(d, uml::schedule::branches) == order{0, 1, 2, 1, 3});
    const uml::plan_detail::sorted_operations sorted(d.g);
    CHECK(first_of(sorted.at, 5) == order{0, 1, 3, 2, 4});
}

TEST_CASE("inputs of concatenations and slices lie in another's block, which lasts as long as any of them") {
    drawn d;
    const value x = d.b.input({3, 2, 2});
    const value y = d.b.relu(x), z = d.b.sigmoid(x);
    const value both = d.b.concat(y, z);
    const value outer = d.b.concat(x, both);
    const value part = d.b.slice(outer, 4, 2);
    d.b.output(d.b.relu(part), "part");
    d.b.output(z, "z");
    uml::assign_order(d.g, uml::schedule::sequential);
    const uml::plan_detail::views v(d.g);
    using list = std::vector<int>;
    CHECK(first_of(v.root, 7) == list{0, 4, 4, 4, 4, 4, 6}); // the input stays where its caller wrote it
    CHECK(first_of(v.first_channel, 7) == list{0, 3, 6, 3, 0, 4, 0});
    CHECK(v.first_use[0] == 0);
    CHECK(v.last_use[0] == 4);
    CHECK(v.first_use[4] == 1);
    CHECK(v.last_use[4] == 7); // an output lives to the end
    CHECK(v.first_use[6] == 6);
    CHECK(v.last_use[6] == 7);
}

TEST_CASE("what is made long before a concatenation, or read long after, is copied") {
    const auto in_place = [](int before, int after) {
        drawn d;
        value x = d.b.relu(d.b.input({1, 2, 2}));
        const value early = x;
        for (int i = 1; i < before; ++i) x = d.b.relu(x);
        const value both = d.b.concat(early, early);
        x = d.b.relu(both);
        for (int i = 1; i < after; ++i) x = d.b.relu(x);
        d.b.output(after > 0 ? d.b.add(x, early) : x, "out");
        uml::assign_order(d.g, uml::schedule::sequential);
        return uml::plan_detail::views(d.g).root[early.node] == both.node;
    };
    CHECK(in_place(100, 0));
    CHECK_FALSE(in_place(101, 0));
    CHECK(in_place(1, 100)); // the concatenation is read last by operation 1 behind it
    CHECK_FALSE(in_place(1, 101));
}

TEST_CASE("a plan to the byte: live sets, scratch memory, weights, steps, images") {
    drawn d;
    const value x = d.b.input({2, 2, 2});
    const value y = d.b.relu(x), z = d.b.sigmoid(x);
    d.b.output(d.b.add(y, z), "sum");
    {
        const uml::plan_sizes s = uml::plan(bytes{}, d.g);
        CHECK(s.packed == 4 * 64);
        CHECK(d.g.nodes[3].packed == 3 * 64);
        CHECK(s.live == 3 * 128 + 128); // y, z, their sum and its scratch memory
        CHECK(s.steps == s.live);
        CHECK(s.arena == s.steps + 64); // 28 bytes of steps
        CHECK(d.g.nodes[3].scratch % 64 == 0);
    }
    CHECK(uml::plan(bytes{.many = 3}, d.g).live == 3 * 3 * 128 + 128);
    {
        // y and z side by side: no more tensors alive, and no scratch memory is shared.
        const uml::plan_sizes s = uml::plan(bytes{.how = uml::schedule::branches}, d.g);
        CHECK(s.live == 3 * 128 + 128);
        std::array<std::int64_t, 3> at{d.g.nodes[0].offset, d.g.nodes[1].offset, d.g.nodes[2].offset};
        std::sort(at.begin(), at.end());
        CHECK(at[0] + 128 <= at[1]);
        CHECK(at[1] + 128 <= at[2]);
    }
}

TEST_CASE("operations of one order have scratch memory of their own, those of the next use it again") {
    drawn d;
    const value x = d.b.input({1, 2, 2});
    const value y = d.b.add(x, x), z = d.b.add(x, x);
    d.b.output(d.b.add(y, z), "sum");
    CHECK(uml::plan(bytes{}, d.g).live == 3 * 64 + 128);
    CHECK(uml::plan(bytes{.how = uml::schedule::branches}, d.g).live == 3 * 64 + 2 * 128);
    CHECK(std::abs(d.g.nodes[1].scratch - d.g.nodes[2].scratch) >= 128);
}

TEST_CASE("a tensor before a normalisation is raw, and one behind it that is to be activated or added; a slice has the "
          "type of what it is a part of") {
    drawn d;
    const value x = d.b.input({4, 2, 2});
    const value pooled = d.b.max_pool(x, {});
    const value part = d.b.slice(pooled, 0, 2);
    const value pooled_after = d.b.norm(x, "other", uml::norm_kind::batch);
    d.b.output(d.b.max_pool(pooled_after, {}), "other");
    const value added = d.b.norm(x, "added", uml::norm_kind::batch);
    d.b.output(d.b.add(pooled, added), "sum");
    const value normed = d.b.norm(x, "norm", uml::norm_kind::batch);
    d.b.output(d.b.layer_norm(d.b.relu(normed), "layer"), "normed");
    d.b.output(part, "part");
    static_cast<void>(uml::plan(bytes{}, d.g));
    const node* const n = d.g.nodes;
    CHECK(n[part.node].type == uml::dtype::bf16);
    CHECK(n[pooled.node].result);
    CHECK(n[part.node].result);
    CHECK_FALSE(n[x.node].result);
    CHECK(n[x.node].raw);
    CHECK_FALSE(n[pooled.node].raw);
    CHECK_FALSE(n[pooled_after.node].raw);
    CHECK(n[added.node].raw);
    CHECK(n[normed.node].raw);
    CHECK(n[normed.node + 1].raw); // what layer_norm reads
    CHECK_FALSE(n[normed.node + 1].result);
}

TEST_CASE("an operation that the backend lacks is named with its layer, or with the last one before it") {
    drawn d;
    const value x = d.b.conv(d.b.input({1, 2, 2}), "first", {.out = 1});
    d.b.output(d.b.relu(d.b.conv(d.b.sigmoid(x), "second", {.out = 1})), "out");
    static_cast<void>(uml::plan(bytes{.unknown = op::conv}, d.g));
    CHECK(d.g.error.what == uml::fault::unsupported);
    CHECK(d.g.error.where_op == op::conv);
    CHECK_FALSE(d.g.error.after);
    CHECK(uml::path(d.g.names, d.g.letters, d.g.error.where).view() == "first");
    d.g.error = {};
    d.g.nodes[2].act = uml::activation::none;
    static_cast<void>(uml::plan(bytes{.unknown = op::activate}, d.g));
    CHECK(d.g.error.what == uml::fault::unsupported);
    CHECK(d.g.error.after);
    CHECK(uml::path(d.g.names, d.g.letters, d.g.error.where).view() == "first");
}
