// The cpu backend against the oracle, operation by operation, in every form that the rewrites give a network.
#include "support/shapes.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace {

using oracle = uml::reference<float>;

/// A backend's program, weights and arena.
template <class B> struct machine {
    uml::dynamic_program tables;
    typename B::weights weights;
    typename B::workspace workspace;

    template <class F> static uml::result<machine> make(F describe, const uml::weights_file& file) {
        auto tables = uml::dynamic_program::make<B>(describe);
        if (!tables) return tables.error();
        const uml::program_view p = tables->view();
        auto weights = B::make_weights(p, {});
        if (!weights) return weights.error();
        const auto bound = uml::binding::bind({p.parameters, p.names, p.letters}, file, uml::never_used);
        if (!bound) return bound.error();
        if (auto r = uml::load_detail::pack_all<B>(p, *bound, uml::executor{}, *weights); !r) return r.error();
        auto workspace = B::make_workspace(p, {}, {});
        if (!workspace) return workspace.error();
        // Nothing may depend on what the memory held before: all bits set is NaN.
        std::memset(workspace->memory.data(), 0xff, static_cast<std::size_t>(p.arena_bytes));
        return machine{*std::move(tables), *std::move(weights), *std::move(workspace)};
    }
    void upload(const uml::image_view& picture) { B::upload(tables.view(), picture, workspace); }
    void step(int i) { B::enqueue(tables.view(), weights, workspace, i); }
    auto fetch(int i) const { return B::fetch(tables.view(), workspace, i); }
};

double difference(const uml::tensor_view<const float>& got, const uml::tensor_view<const float>& want) {
    double off = 0, size = 0;
    for (std::int64_t p = 0; p < want.pixels(); ++p)
        for (int k = 0; k < want.c; ++k) {
            const double g = static_cast<double>(got.pixel(p)[k]), w = static_cast<double>(want.pixel(p)[k]);
            off += (g - w) * (g - w);
            size += w * w;
        }
    return std::sqrt(off / (size + 1e-30));
}

/// The packed form of the matrix made per image is the backend's own business.
bool comparable(uml::op kind) { return kind != uml::op::scaled_product && kind != uml::op::input; }

template <class description, class B> void compare(const uml::config& c, uml::rewrites on, uml::output_set outputs) {
    const auto describe = [&](uml::graph& g) { uml::describe<description>(g, c, on, outputs); };
    const auto shapes = uml::dynamic_program::make<B>(describe);
    REQUIRE(shapes);
    const auto file = uml_test::ruled_source::open(uml_test::tensors_of(shapes->view()), 7);
    REQUIRE(file);
    auto fast = machine<B>::make(describe, *file);
    auto slow = machine<oracle>::make(describe, *file);
    REQUIRE(fast);
    REQUIRE(slow);
    const int channels = c.grey ? 1 : c.channels_in;
    std::vector<float> pixels(static_cast<std::size_t>(c.height * c.width * channels));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>((i * 7919) % 256) / 255.F;
    const uml::image_view picture(pixels.data(), c.height, c.width, channels);
    fast->upload(picture);
    slow->upload(picture);
    const auto nodes = fast->tables.view().nodes;
    REQUIRE(nodes.size() == slow->tables.view().nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const int at = static_cast<int>(i);
        fast->step(at);
        slow->step(at);
        if (!comparable(nodes[i].kind)) continue;
        const double d = difference(fast->fetch(at), slow->fetch(at));
        CAPTURE(at);
        CAPTURE(std::string(uml::to_text(nodes[i].kind)));
        CHECK(d <= 1e-4);
        if (!(d <= 1e-4)) return;
    }
    for (const uml::output_entry& o : fast->tables.view().outputs) { // nothing later has touched them
        CAPTURE(o.node);
        CHECK(difference(fast->fetch(o.node), slow->fetch(o.node)) <= 1e-4);
    }
}

constexpr uml::config small{.height = 32, .width = 48, .regions = 3, .classes = 2};
constexpr uml::config edge{
    .height = 32, .width = 64, .regions = 2, .classes = 3, .channels_in = 1, .channel_divisor = 3, .stem_stride = 2};

} // namespace

TEST_CASE("cpu: every operation of the release network agrees with the oracle") {
    for (const uml::output_set outputs : {uml::output_set::answer, uml::output_set::taps})
        for (const uml::rewrites on : {uml::all_rewrites(), uml::rewrites{}})
            compare<uml::release_network, uml::cpu<2>>(small, on, outputs);
}

TEST_CASE("cpu: every operation of the paper network agrees with the oracle") {
    for (const uml::rewrites on : {uml::all_rewrites(), uml::rewrites{}})
        compare<uml::paper_network, uml::cpu<1>>(small, on, uml::output_set::answer);
}

TEST_CASE("cpu: every operation of the edge network agrees with the oracle, without Winograd too") {
    for (const uml::rewrites on : {uml::all_rewrites(), uml::rewrites{}}) {
        compare<uml::edge_network, uml::cpu<1>>(edge, on, uml::output_set::answer);
        compare<uml::edge_network, uml::cpu<1, uml::cpu_small>>(edge, on, uml::output_set::answer);
    }
}
