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

using oracle = uml::reference;

/// A backend's program, weights and arena.
template <class B> struct machine {
    using engine = typename B::engine;
    engine own;
    uml::dynamic_program tables;
    typename engine::weights weights;
    typename engine::workspace workspace;

    template <class F> static uml::result<machine> make(const B& where, F describe, const uml::weights_file& file) {
        const engine own{where};
        auto tables = uml::dynamic_program::make(where, describe);
        if (!tables) return tables.error();
        const uml::program_view p = tables->view();
        auto weights = own.make_weights(p, {});
        if (!weights) return weights.error();
        const auto bound = uml::binding::bind({p.parameters, p.names, p.letters}, file, uml::never_used);
        if (!bound) return bound.error();
        if (auto r = uml::load_detail::pack_all(own, p, *bound, uml::executor{}, *weights); !r) return r.error();
        auto workspace = own.make_workspace(p, *weights, engine::template code_of<void>(), {}, {});
        if (!workspace) return workspace.error();
        // Nothing may depend on what the memory held before: all bits set is NaN.
        std::memset(workspace->memory.data(), 0xff, static_cast<std::size_t>(p.sizes.steps));
        return machine{own, *std::move(tables), *std::move(weights), *std::move(workspace)};
    }
    /// Operation i alone.
    void run(uml::id i, const uml::image_view& picture) {
        const uml::program_view p = tables.view();
        const uml::node& n = p.nodes[static_cast<std::size_t>(i)];
        if constexpr (requires { workspace.steps; }) {
            workspace.picture->picture = picture;
            for (const uml::step& s : workspace.steps)
                if (s.node == i) REQUIRE(uml::run_step(s, workspace.threads));
        } else if (n.kind == uml::op::input) {
            uml::read_picture(picture, engine::template view<float>(n, workspace));
        } else {
            engine::run_operation(p, weights, workspace, n);
        }
    }
    uml::tensor_view<const float> fetch(uml::id i) {
        uml::tensor_view<const float> v;
        REQUIRE(own.fetch(tables.view(), workspace, 0, {&i, 1}, {&v, 1}));
        return v;
    }
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

/// The kernels that operation i calls, by its steps, and those that its entry in the backend's table names.
struct kernels_of {
    uml::kernels::kernel_set called, named;
};
template <class B> kernels_of kernels_at(const machine<B>& m, const B& where, std::size_t i) {
    const uml::program_view p = m.tables.view();
    const uml::kernels::kernel_table& all = m.own.template code_of<void>().kernels(where.max_isa);
    kernels_of k;
    for (const uml::step& s : m.workspace.steps) {
        if (static_cast<std::size_t>(s.node) != i) continue;
#define UML_NAME(name, bound, parameters)                                                                              \
    if (s.kernel == reinterpret_cast<uml::step::untyped>(all.name)) k.called = k.called | uml::kernels::kernel::name;
        UML_KERNELS(UML_NAME)
#undef UML_NAME
    }
    k.named = uml::host::operations_of<B>::table[p.nodes[i].kind].kernels({p.at(i), where.how()});
    return k;
}

template <class description, class B>
void compare(const B& where, const uml::config& c, uml::rewrites on, uml::output_set outputs) {
    const auto describe = [&](uml::graph& g) { uml::describe<description>(g, c, on, outputs); };
    const auto shapes = uml::dynamic_program::make(where, describe);
    REQUIRE(shapes);
    const auto file = uml_test::ruled_source::open(uml_test::tensors_of(shapes->view()), 7);
    REQUIRE(file);
    auto fast = machine<B>::make(where, describe, *file);
    auto slow = machine<oracle>::make(oracle{}, describe, *file);
    REQUIRE(fast);
    REQUIRE(slow);
    const int channels = c.grey ? 1 : c.channels_in;
    std::vector<float> pixels(static_cast<std::size_t>(c.height * c.width * channels));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>((i * 7919) % 256) / 255.F;
    const uml::image_view picture(pixels.data(), c.height, c.width, channels);
    const auto nodes = fast->tables.view().nodes;
    REQUIRE(nodes.size() == slow->tables.view().nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto at = static_cast<uml::id>(i);
        fast->run(at, picture);
        slow->run(at, picture);
        CAPTURE(at);
        CAPTURE(std::string(uml::to_text(nodes[i].kind)));
        const kernels_of k = kernels_at(*fast, where, i);
        CHECK((k.called | k.named) == k.named);
        if (!comparable(nodes[i].kind)) continue;
        const double d = difference(fast->fetch(at), slow->fetch(at));
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
            compare<uml::release_network>(uml::cpu{.threads = 2}, small, on, outputs);
}

TEST_CASE("cpu: every operation of the paper network agrees with the oracle") {
    for (const uml::rewrites on : {uml::all_rewrites(), uml::rewrites{}})
        compare<uml::paper_network>(uml::cpu{}, small, on, uml::output_set::answer);
}

TEST_CASE("cpu: every operation of the edge network agrees with the oracle, without Winograd too") {
    for (const uml::rewrites on : {uml::all_rewrites(), uml::rewrites{}}) {
        compare<uml::edge_network>(uml::cpu{}, edge, on, uml::output_set::answer);
        compare<uml::edge_network>(uml::cpu{.winograd = false}, edge, on, uml::output_set::answer);
    }
}

TEST_CASE("cpu: an operation whose entry does not name its kernel is an error, not a call of null") {
    const uml::cpu where;
    const uml::cpu::engine own{where};
    const auto tables = uml::dynamic_program::make(
        where, [](uml::graph& g) { uml::describe<uml::edge_network>(g, edge, {}, uml::output_set::answer); });
    REQUIRE(tables);
    const auto weights = own.make_weights(tables->view(), {});
    REQUIRE(weights);
    uml::host::host_code code = uml::cpu::engine::code_of<void>();
    CHECK(own.make_workspace(tables->view(), *weights, code, {}, {}));
    code.kernels = [](uml::kernels::isa) -> const uml::kernels::kernel_table& {
        static constexpr uml::kernels::kernel_table none;
        return none;
    };
    const auto refused = own.make_workspace(tables->view(), *weights, code, {}, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == uml::errc::unsupported);
    CHECK(refused.error().what.view() ==
          "operation 0, input: it calls a kernel that its entry in the backend's table does not name");
}
