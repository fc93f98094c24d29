// Which operations apply their node's activation: as stated in the graph, in the oracle and on the CPU.
#include "support/shapes.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace {

using uml::activation;
using uml::builder;
using uml::node;
using uml::op;
using uml::value;

/// Ends in the operation whose activation is in question; x: 4 × 8 × 12.
using description = std::function<value(builder&, value)>;

struct one_operation {
    static void describe(builder& g, const description& d) {
        const value x = g.input({4, 8, 12});
        const value centred = g.add_constant(x, -0.5F); // so that a ReLU changes something
        const value y = d(g, centred);
        g.output(y, "y");
    }
};

/// The last operation's result, its node having activation `a`.
template <class B> std::vector<double> results(op kind, const description& d, activation a) {
    const typename B::engine own{};
    const auto tables = uml::dynamic_program::make(B{}, [&](uml::graph& g) {
        uml::describe<one_operation>(g, d, uml::rewrite::upsample, uml::output_set::answer);
        CHECK(g.nodes[g.node_count - 1].kind == kind);
        g.nodes[g.node_count - 1].act = a;
    });
    REQUIRE(tables);
    const uml::program_view p = tables->view();
    const auto file = uml_test::ruled_source::open(uml_test::tensors_of(p), 3);
    REQUIRE(file);
    const auto bound = uml::binding::bind({p.parameters, p.names, p.letters}, *file, uml::never_used);
    REQUIRE(bound);
    auto weights = own.make_weights(p, {});
    REQUIRE(weights);
    REQUIRE(uml::load_detail::pack_all(own, p, *bound, uml::executor{}, *weights));
    auto workspace = own.make_workspace(p, *weights, B::engine::template code_of<void>(), {}, {});
    REQUIRE(workspace);
    std::vector<float> pixels(4 * 8 * 12);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>((i * 7919) % 256) / 255.F;
    const uml::image_view picture(pixels.data(), 8, 12, 4);
    REQUIRE(own.run(p, *weights, *workspace, {&picture, 1}, nullptr));
    const auto last = static_cast<uml::id>(p.nodes.size() - 1);
    uml::tensor_view<const typename B::engine::scalar> y;
    REQUIRE(own.fetch(p, *workspace, 0, {&last, 1}, {&y, 1}));
    std::vector<double> all;
    for (std::int64_t i = 0; i < y.pixels(); ++i)
        for (int k = 0; k < y.c; ++k) all.push_back(static_cast<double>(y.pixel(i)[k]));
    return all;
}

template <class B> void check_honoured(op kind, const description& d) {
    const auto plain = results<B>(kind, d, activation::none), applied = results<B>(kind, d, activation::relu);
    REQUIRE(plain.size() == applied.size());
    int negative = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        negative += plain[i] < 0 ? 1 : 0;
        CHECK(std::abs(applied[i] - (plain[i] < 0 ? 0 : plain[i])) <= 1e-6 * (1 + std::abs(plain[i])));
    }
    CHECK(negative > 0);
}

const struct {
    op kind;
    description make;
} operations[] = {
    {op::conv, [](builder& g, value x) { return g.conv(x, "conv", {.out = 20, .kernel = 3, .bias = true}); }},
    {op::upsample_conv,
     [](builder& g, value x) {
         const value up = g.resize(x, 16, 24);
         return g.conv(up, "conv", {.out = 20, .kernel = 3});
     }},
    {op::dynamic_conv,
     [](builder& g, value x) {
         const value mean = g.global_average(x);
         const value factor = g.slice(x, 0, 1);
         const uml::id a = g.conv_parameter("a", 4, 6, false);
         const uml::id b = g.conv_parameter("b", 4, 4, false);
         const value matrix = g.scaled_product(a, mean, b);
         return g.dynamic_conv(x, matrix, factor);
     }},
    {op::add, [](builder& g, value x) { return g.add(x, x); }},
    {op::activate, [](builder& g, value x) { return g.activate(x, activation::none); }}};

} // namespace

TEST_CASE("the operations that are said to honour an activation do so, in the oracle and on the CPU") {
    int stated = 0;
    for (int o = 0; o < uml::op_count; ++o) stated += uml::honours_activation(static_cast<op>(o)) ? 1 : 0;
    CHECK(stated == static_cast<int>(std::size(operations)));
    for (const auto& one : operations) {
        CAPTURE(std::string(uml::to_text(one.kind)));
        CHECK(uml::honours_activation(one.kind));
        check_honoured<uml::reference64>(one.kind, one.make);
        check_honoured<uml::cpu>(one.kind, one.make);
    }
}
