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

namespace {

/// `cpu` with tensors of bf16, a pass of its own, and pooling that does not take them.
struct own {
    using engine = uml::host::engine_of<own>;
    int threads = 1;
    uml::kernels::isa max_isa = uml::kernels::isa::avx512;
    static constexpr uml::rewrites passes{};

    constexpr uml::result<void> check() const { return {}; }
    constexpr double relative_limit() const { return 3e-2; }
    constexpr uml::host::planning how() const { return {.bf16 = true}; }
    constexpr bool operator==(const own&) const = default;
};

constexpr void add_one_more(uml::graph& g) {
    for (int i = 0; i < g.node_count; ++i)
        if (g.nodes[i].kind == uml::op::add_constant) g.nodes[i].value += 1;
}

} // namespace

template <> struct uml::host::operations_of<own> {
    static constexpr operation_table table = [] {
        operation blind = max_pool;
        blind.takes_bf16 = false;
        return cpu_operations.with(op::max_pool, blind).with(add_one_more).with_bf16();
    }();
};

TEST_CASE("cpu: a backend's own pass runs on fixed networks and on those described at run time") {
    const auto constants = [](const uml::program_view& p) {
        std::vector<float> all;
        for (const uml::node& n : p.nodes)
            if (n.kind == uml::op::add_constant) all.push_back(n.value);
        return all;
    };
    const auto described = [](const auto& where) {
        return uml::dynamic_program::make(
            where, [](uml::graph& g) { uml::describe<uml::edge_network>(g, edge, {}, uml::output_set::answer); });
    };
    const auto plain = described(uml::cpu{}), made = described(own{});
    REQUIRE(plain);
    REQUIRE(made);
    std::vector<float> more = constants(plain->view());
    REQUIRE(!more.empty());
    for (float& value : more) value += 1;
    CHECK(constants(made->view()) == more);
    CHECK(constants(uml::static_program<uml::edge_network, edge, own{}>::view()) == more);
}

TEST_CASE("cpu: an operation whose entry does not take bf16 is an error, not nonsense") {
    const own::engine e{};
    const auto tables = uml::dynamic_program::make(
        own{}, [](uml::graph& g) { uml::describe<uml::edge_network>(g, edge, {}, uml::output_set::answer); });
    REQUIRE(tables);
    const auto weights = e.make_weights(tables->view(), {});
    REQUIRE(weights);
    const auto refused = e.make_workspace(tables->view(), *weights, own::engine::code_of<void>(), {}, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == uml::errc::unsupported);
    CHECK(refused.error().what.view().ends_with("max_pool: it has a tensor of bf16, which its entry in the backend's "
                                                "table does not say that it takes"));
}
