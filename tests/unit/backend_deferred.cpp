// The engine concept holds for a device: a handle in the backend's value, memory that the host cannot read, tensors of
// two bytes, an operation of its own, branches that run side by side, a queue that runs later, several pictures in one
// run, and a device that fails.
#include "support/ruled_model.hpp"

#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace {

using uml::bf16, uml::node, uml::op, uml::program_view, uml::result;

constexpr int failing_device = 13;
/// value / Σ over channels, in one operation.
constexpr op inverse_sum{static_cast<op>(uml::first_backend_op)};

struct deferred_engine;
struct deferred {
    using engine = deferred_engine;
    int device = 0, images = 1;
    friend constexpr bool operator==(const deferred&, const deferred&) = default;
};

/// Runs the reference backend's kernels on the device, but only when somebody waits, the later operations of an order
/// first. Tensors are bf16; while an operation runs they are floats at twice their places.
struct deferred_engine {
    using host = uml::reference_engine<float>;
    deferred value{};

    using scalar = float;
    struct code {};
    using weights = host::weights;
    struct workspace {
        uml::memory_block memory;                   ///< of the device
        std::unique_ptr<host::workspace> floats;    ///< its registers, so to speak
        std::vector<std::vector<float>> pictures{}; ///< in flight to the device
        const weights* bound = nullptr;
        std::vector<float> staging{}; ///< where the host reads results
    };

    static constexpr uml::rewrites passes = uml::all_rewrites();
    template <class program> static constexpr code code_of() { return {}; }
    constexpr result<void> check() const {
        if (value.device >= 0) return {};
        return uml::fail(uml::errc::invalid_argument, {"there is no device ", value.device});
    }
    constexpr double relative_limit() const { return 3e-2; }
    constexpr void lower(uml::graph& g) const {
        if (g.region_count != 0)
            return; // the library's passes have not run, which the test of `inverse_sum` would notice
        for (int i = 0; i < g.node_count; ++i) {
            node& n = g.nodes[i];
            if (n.kind != op::divide_into || g.nodes[n.in[0]].kind != op::sum_channels) continue;
            n.kind = inverse_sum;
            n.in[0] = g.nodes[n.in[0]].in[0];
        }
        uml::passes::prune(g);
    }
    constexpr bool supports(const node& n) const { return !uml::of_backend(n.kind) || n.kind == inverse_sum; }
    constexpr uml::schedule order() const { return uml::schedule::branches; }
    constexpr int images() const { return value.images; }
    constexpr uml::tensor_form tensor(const uml::site& at) const { return uml::padded_form(at.n, uml::dtype::bf16); }
    constexpr std::int64_t scratch_bytes(const uml::site& at) const { return host{}.scratch_bytes(at); }
    constexpr std::int64_t packed_bytes(const uml::site& at) const { return host{}.packed_bytes(at); }
    constexpr std::int64_t step_bytes(const uml::site&) const { return 0; }

    result<weights> make_weights(const program_view& p, std::span<std::byte> m) const {
        return host{}.make_weights(p, m);
    }
    const void* identity(const weights& w) const { return w.memory.data(); }
    int pack_row_multiple(const program_view&, std::size_t) const { return 0; }
    result<void> pack(const program_view& p, std::size_t i, const uml::dense_parameter& a,
                      const uml::dense_parameter& b, weights& w) const {
        return host{}.pack(p, i, a, b, w);
    }
    result<workspace> make_workspace(const program_view& p, const weights& w, const code&, uml::executor,
                                     std::span<std::byte>) const {
        auto memory = uml::memory_block::allocate(p.sizes.arena, "a device"),
             floats = uml::memory_block::allocate(2 * p.sizes.arena + 2 * p.sizes.live, "floats");
        if (!memory || !floats) return uml::fail(uml::errc::out_of_memory, "no memory on the device");
        workspace s{*std::move(memory), std::make_unique<host::workspace>(host::workspace{*std::move(floats)})};
        s.bound = &w;
        s.staging.resize(static_cast<std::size_t>(p.sizes.arena));
        return result<workspace>(std::move(s));
    }
    result<void> run(const program_view& p, const weights&, workspace& s, std::span<const uml::image_view> all,
                     const uml::run_watch* watch) const {
        if (watch != nullptr)
            if (auto r = watch->before(p, 0); !r) return r; // all operations are handed over at once
        if (value.device == failing_device)
            return uml::fail(uml::errc::device, {"device ", value.device, ": the launch failed"});
        s.pictures.clear();
        for (const uml::image_view& v : all) {
            const auto* first = static_cast<const float*>(v.data);
            s.pictures.emplace_back(first, first + v.height * v.width * v.channels);
        }
        return {};
    }
    std::span<std::byte> idle_memory(const program_view&, workspace&) const { return {}; } // the device's
    result<void> fetch(const program_view& p, workspace& s, int image, std::span<const uml::id> which,
                       std::span<uml::tensor_view<const float>> views) const {
        if (!s.pictures.empty()) drain(p, s);
        s.pictures.clear();
        for (std::size_t k = 0; k < which.size(); ++k) {
            const node& n = p.nodes[static_cast<std::size_t>(which[k])];
            float* const to = s.staging.data() + n.offset / 2;
            const bf16* const from = place(s, n, static_cast<std::size_t>(image));
            for (std::int64_t e = 0; e < (n.out.pixels() - 1) * n.step + n.out.c; ++e) to[e] = uml::to_f32(from[e]);
            views[k] = {to, n.out.h, n.out.w, n.out.c, n.step};
        }
        return {};
    }

private:
    static bf16* place(const workspace& s, const node& n, std::size_t image) {
        return s.memory.as<bf16>(n.offset) + static_cast<std::int64_t>(image) * n.out.pixels() * n.step;
    }
    static float* in_floats(const workspace& s, const node& n) { return s.floats->memory.as<float>(2 * n.offset); }
    template <class F> static void each(const node& n, F f) {
        for (std::int64_t pixel = 0; pixel < n.out.pixels(); ++pixel)
            for (int k = 0; k < n.out.c; ++k) f(pixel * n.step + k);
    }

    static void drain(const program_view& p, workspace& s) {
        std::vector<node> floats(p.nodes.begin(), p.nodes.end());
        for (node& n : floats) {
            n.offset *= 2;
            n.scratch = 2 * p.sizes.arena;
        }
        program_view doubled = p;
        doubled.nodes = floats;
        std::vector<std::size_t> sorted(p.nodes.size());
        for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = sorted.size() - 1 - i;
        std::ranges::stable_sort(sorted, {}, [&](std::size_t i) { return p.nodes[i].order; });
        for (const std::size_t i : sorted)
            for (std::size_t image = 0; image < s.pictures.size(); ++image) run_one(doubled, p, s, i, image);
    }
    static void run_one(const program_view& doubled, const program_view& p, workspace& s, std::size_t i,
                        std::size_t image) {
        const node& n = p.nodes[i];
        for (int j = 0; j < n.inputs; ++j) {
            const node& x = p.input(n, j);
            each(x, [&](std::int64_t e) { in_floats(s, x)[e] = uml::to_f32(place(s, x, image)[e]); });
        }
        float* const y = in_floats(s, n);
        if (n.kind == op::input)
            each(n, [&](std::int64_t e) { y[e] = s.pictures[image][static_cast<std::size_t>(e)]; });
        else if (n.kind == inverse_sum)
            for (std::int64_t pixel = 0; pixel < n.out.pixels(); ++pixel) {
                const node& x = p.input(n, 0);
                float sum = 0;
                for (int k = 0; k < x.out.c; ++k) sum += in_floats(s, x)[pixel * x.step + k];
                y[pixel * n.step] = n.value / sum;
            }
        else
            host::run_operation(doubled, *s.bound, *s.floats, doubled.nodes[i]);
        if (n.kind != op::slice) each(n, [&](std::int64_t e) { place(s, n, image)[e] = uml::to_bf16(y[e]); });
    }
};
static_assert(uml::backend<deferred>);

constexpr uml::config shape{
    .height = 64, .width = 64, .regions = 2, .classes = 3, .channel_divisor = 8, .stem_stride = 2};
using net = uml::networks::edge<shape>;

template <class B> auto loaded(const B& where) { return uml_test::load_ruled<net>(where); }
std::vector<float> picture(int seed) { return uml_test::made_picture(shape, seed); }
template <class F> std::vector<float> numbers(const F& f) { return uml_test::numbers_of(shape, f); }
template <class B> std::vector<float> answer(const B& where, int seed) {
    const auto m = loaded(where);
    REQUIRE(m);
    auto w = m->make_workspace();
    REQUIRE(w);
    std::vector<float> pixels = picture(seed);
    const auto f = m->run(uml_test::view_of(shape, pixels), *w);
    REQUIRE(f);
    std::ranges::fill(pixels, -1.0F); // a queue must have taken its own copy by now
    return numbers(*f);
}

} // namespace

TEST_CASE("a device with a queue that runs later gives what the host gives, but for its rounding") {
    const auto on_host = answer(uml::reference{}, 1), on_device = answer(deferred{.device = 1}, 1);
    const double d = uml_test::relative_difference(on_device, on_host);
    CHECK(d < 3e-2);
    CHECK(d > 1e-6); // two bytes do round
    CHECK(on_host[0] > 1.0F);
}

TEST_CASE("tensors of two bytes take half the memory, an operation of the backend's own stands in the program") {
    const auto half = uml::static_program<net::description, net::configuration, deferred{}>::view();
    CHECK(std::ranges::count(half.nodes, inverse_sum, &node::kind) == 3);
    for (const node& n : half.nodes) CHECK(n.type == uml::dtype::bf16);
    constexpr auto bytes = uml::arena_bytes<net, deferred{}>, two = uml::arena_bytes<net, deferred{.images = 2}>;
    CHECK(two > bytes * 3 / 2);
    CHECK(two <= bytes * 2);
}

TEST_CASE("several pictures in one run") {
    const auto m = loaded(deferred{.images = 2});
    REQUIRE(m);
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto first = picture(1), second = picture(2);
    const uml::image_view both[] = {{first.data(), 64, 64, 3}, {second.data(), 64, 64, 3}};
    uml::findings found[2];
    REQUIRE(m->run(both, *w, found));
    const auto numbers_of_second = numbers(found[1]);
    CHECK(numbers_of_second == answer(deferred{}, 2));
    const uml::image_view three[] = {both[0], both[1], both[0]};
    const auto refused = m->run(three, *w, found);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == "3 pictures with room for 2 findings: a run takes 1 to 2");
}

TEST_CASE("a device that fails says so to the caller of run, one that is not there to the caller of load") {
    const auto m = loaded(deferred{.device = failing_device});
    REQUIRE(m);
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto pixels = picture(1);
    const auto f = m->run(uml_test::view_of(shape, pixels), *w);
    REQUIRE_FALSE(f);
    CHECK(f.error().code == uml::errc::device);
    CHECK(f.error().what == "device 13: the launch failed");
    const auto none = loaded(deferred{.device = -1});
    REQUIRE_FALSE(none);
    CHECK(none.error().what == "there is no device -1");
}
