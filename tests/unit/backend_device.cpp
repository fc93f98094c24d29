// The CUDA backend without a device: its engine, plan, graph and kernels on functions of the host that can fail.
#include "support/ruled_model.hpp"

#include "uml/backend/cuda/host.hpp"
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <thread>
#include <vector>

namespace {

using uml::cuda_on_host, uml::precision;
namespace gpu = uml::gpu;
using gpu::on_host::fault;

constexpr uml::config shape{
    .height = 64, .width = 48, .regions = 2, .classes = 3, .channel_divisor = 8, .stem_stride = 2};
using net = uml::networks::edge<shape>;

template <class B> auto loaded(const B& where) { return uml_test::load_ruled<net>(where); }
std::vector<float> picture(int seed) { return uml_test::made_picture(shape, seed); }
template <class F> std::vector<float> numbers(const F& f) { return uml_test::numbers_of(shape, f); }
template <class M> std::vector<float> answer(const M& m, const uml::image_view& v) {
    auto w = m.make_workspace();
    REQUIRE(w);
    const auto f = m.run(v, *w);
    REQUIRE(f);
    return numbers(*f);
}
template <class B> std::vector<float> answer(const B& where, int seed) {
    const auto m = loaded(where);
    REQUIRE(m);
    const auto pixels = picture(seed);
    return answer(*m, uml_test::view_of(shape, pixels));
}
/// While it lives, the host's runtime plays a fault.
struct playing {
    explicit playing(fault f) { gpu::on_host::played = f; }
    ~playing() { gpu::on_host::played = fault::none; }
};

} // namespace

TEST_CASE("each precision is as near to the reference as it promises, and rounds as it says") {
    const auto want = answer(uml::reference{}, 1);
    const double f32 = uml_test::relative_difference(answer(cuda_on_host{}, 1), want);
    const double tf32 = uml_test::relative_difference(answer(cuda_on_host{.precision = precision::tf32}, 1), want);
    const double bf16 = uml_test::relative_difference(answer(cuda_on_host{.precision = precision::bf16}, 1), want);
    CHECK(f32 < 5e-6);
    CHECK(tf32 > 1e-5);
    CHECK(tf32 < 3e-3);
    CHECK(bf16 > 1e-4);
    CHECK(bf16 < 3e-2);
}

TEST_CASE("several pictures in one run give what each gives alone, fewer than the most too") {
    for (const auto p : {precision::f32, precision::bf16}) {
        const auto m = loaded(cuda_on_host{.precision = p, .images = 3});
        REQUIRE(m);
        auto w = m->make_workspace();
        REQUIRE(w);
        const auto first = picture(1), second = picture(2);
        const uml::image_view both[] = {{first.data(), 64, 48, 3}, {second.data(), 64, 48, 3}};
        uml::findings found[2];
        REQUIRE(m->run(both, *w, found));
        CHECK(numbers(found[0]) == answer(cuda_on_host{.precision = p}, 1));
        CHECK(numbers(found[1]) == answer(cuda_on_host{.precision = p}, 2));
    }
}

TEST_CASE("pictures of 8 bits, with gaps between rows") {
    std::vector<std::uint8_t> wide(64 * 200, 9);
    std::vector<float> floats;
    for (std::size_t y = 0; y < 64; ++y)
        for (std::size_t i = 0; i < 48 * 3; ++i) {
            wide[y * 200 + i] = static_cast<std::uint8_t>((y * 11 + i * 5) % 256);
            floats.push_back(static_cast<float>(wide[y * 200 + i]) / 255.0F);
        }
    const auto m = loaded(cuda_on_host{});
    REQUIRE(m);
    const auto want = answer(*m, uml::image_view(floats.data(), 64, 48, 3));
    CHECK(answer(*m, uml::image_view(wide.data(), 64, 48, 3, 200)) == want);
}

TEST_CASE("one model, several threads; a run makes no object and takes no memory of the device") {
    const auto m = loaded(cuda_on_host{});
    REQUIRE(m);
    std::vector<float> got[3];
    std::thread threads[3];
    for (int i = 0; i < 3; ++i)
        threads[i] = std::thread([&m, &to = got[i], i] {
            auto w = m->make_workspace();
            const auto pixels = picture(i);
            for (int again = 0; w && again < 2; ++again) {
                const int before = gpu::on_host::there;
                const auto f = m->run(uml_test::view_of(shape, pixels), *w);
                if (f && (i > 0 || before > 0)) to = numbers(*f);
            }
        });
    for (std::thread& t : threads) t.join();
    for (int i = 0; i < 3; ++i) CHECK(got[i] == answer(cuda_on_host{}, i));
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto pixels = picture(1);
    const int before = gpu::on_host::there;
    REQUIRE(m->run(uml_test::view_of(shape, pixels), *w));
    CHECK(gpu::on_host::there == before);
}

TEST_CASE("a workspace that was refused for memory does not spoil the next one") {
    const auto m = loaded(cuda_on_host{});
    REQUIRE(m);
    {
        const playing now(fault::no_memory);
        const auto refused = m->make_workspace();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == uml::errc::out_of_memory);
    }
    CHECK(m->make_workspace());
}

TEST_CASE("a kernel that cannot be launched refuses the workspace, whichever it is, and leaves nothing behind") {
    const auto m = loaded(cuda_on_host{});
    REQUIRE(m);
    const int before = gpu::on_host::there;
    for (const int good : {0, 1, 17, 60}) {
        gpu::on_host::good_launches = good;
        const auto refused = m->make_workspace();
        gpu::on_host::good_launches = -1;
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == uml::errc::device);
        CHECK(gpu::on_host::there == before);
    }
    CHECK(m->make_workspace());
}

TEST_CASE("a workspace moved while it runs is waited for once, where it went") {
    const auto m = loaded(cuda_on_host{});
    REQUIRE(m);
    const auto pixels = picture(1);
    const int before = gpu::on_host::there;
    {
        auto first = m->make_workspace(), second = m->make_workspace();
        REQUIRE(first);
        REQUIRE(second);
        REQUIRE(m->run(uml_test::view_of(shape, pixels), *first));
        {
            auto moved = *std::move(first); // and is gone before what it was moved from
            REQUIRE(m->run(uml_test::view_of(shape, pixels), moved));
            moved = *std::move(second);
            REQUIRE(m->run(uml_test::view_of(shape, pixels), moved));
        }
    }
    CHECK(gpu::on_host::there == before);
}

TEST_CASE("what fails is an error of its own, and nothing is left behind") {
    const int before = gpu::on_host::there;
    const auto refusal = [](const cuda_on_host& where, fault f) {
        const playing now(f);
        const auto m = loaded(where);
        REQUIRE_FALSE(m);
        return m.error();
    };
    CHECK(refusal({}, fault::no_device).what == "no CUDA device: no CUDA-capable device is detected");
    CHECK(refusal({}, fault::old_driver).what == "the CUDA driver, for 11.4, is older than the CUDA runtime 13.0");
    CHECK(refusal({}, fault::old_device).what == "CUDA device 0 has compute capability 7.5; 8.0 or newer is needed");
    CHECK(refusal({.device = 2}, fault::none).what == "there is no CUDA device 2, only 2 from 0 on");
    CHECK(refusal({.device = -1}, fault::none).what == "there is no CUDA device -1");
    CHECK(refusal({.precision = precision::i8}, fault::none).what ==
          "the cuda backend computes in f32, tf32 or bf16, not in i8");
    CHECK(refusal({.images = 0}, fault::none).what == "a run takes 1 to 256 images, not 0");
    CHECK(refusal({}, fault::no_memory).code == uml::errc::out_of_memory);
    CHECK(gpu::on_host::there == before);
    {
        const auto m = loaded(cuda_on_host{});
        REQUIRE(m);
        const int with_model = gpu::on_host::there;
        {
            const playing now(fault::no_memory);
            const auto w = m->make_workspace();
            REQUIRE_FALSE(w);
            CHECK(w.error().code == uml::errc::out_of_memory);
        }
        CHECK(gpu::on_host::there == with_model);
        std::vector<std::byte> own(1024);
        const auto on_the_host = m->make_workspace(own);
        REQUIRE_FALSE(on_the_host);
        CHECK(on_the_host.error().code == uml::errc::invalid_argument);
        auto w = m->make_workspace();
        REQUIRE(w);
        const auto pixels = picture(1);
        for (const fault f : {fault::launch, fault::running}) {
            const playing now(f);
            const auto r = m->run(uml_test::view_of(shape, pixels), *w);
            REQUIRE_FALSE(r);
            CHECK(r.error().code == uml::errc::device);
        }
        CHECK(m->run(uml_test::view_of(shape, pixels), *w));
    }
    CHECK(gpu::on_host::there == before);
}

TEST_CASE("fragments lie as the PTX manual has them") {
    // mma.m16n8k16 with .bf16: group = lane / 4, in it = lane % 4; element i of A: row group for i in {0, 1, 4, 5},
    // else group + 8; column 2 · in it + i % 2, and 8 more from i = 4 on. B: row 2 · in it + i % 2, 8 more from i = 2
    // on.
    for (int lane = 0; lane < 32; ++lane) {
        const int group = lane / 4, in_it = lane % 4;
        for (int i = 0; i < 8; ++i) {
            const gpu::position p = gpu::first_operand(lane, i / 2);
            CHECK(p.row == (i % 4 < 2 ? group : group + 8));
            CHECK(2 * p.word + i % 2 == 2 * in_it + i % 2 + (i < 4 ? 0 : 8));
        }
        for (int i = 0; i < 4; ++i) {
            const gpu::position b = gpu::second_operand(lane, i / 2), d = gpu::sum_position(lane, i);
            CHECK(b.row == group);
            CHECK(2 * b.word + i % 2 == 2 * in_it + i % 2 + (i < 2 ? 0 : 8));
            CHECK(d.row == (i < 2 ? group : group + 8));
            CHECK(d.word == 2 * in_it + i % 2);
            // mma.m16n8k8 with .tf32: A: row group for i in {0, 2}, column in it, 4 more from i = 2 on; B: row in it,
            // or 4 more.
            const gpu::position t = gpu::first_operand(lane, i);
            CHECK(t.row == (i % 2 == 0 ? group : group + 8));
            CHECK(t.word == in_it + (i < 2 ? 0 : 4));
        }
    }
}

TEST_CASE("numbers are rounded as the device rounds them") {
    CHECK(gpu::to_tf32(1.0F + 0x1p-11F) == 1.0F + 0x1p-10F); // ties away from zero
    CHECK(gpu::to_tf32(1.0F + 0x1p-12F) == 1.0F);
    CHECK(gpu::to_tf32(-1.0F - 0x1p-11F) == -1.0F - 0x1p-10F);
    for (const float x : {0.0F, -1.5F, 3.14159F, 1e-30F, 65280.0F, 1.0F + 0x1p-8F, 1.0F + 0x1.8p-7F})
        CHECK(gpu::to_bf16_bits(x) == uml::to_bf16(x).bits);
    CHECK(std::isnan(gpu::from_bf16_bits(gpu::to_bf16_bits(NAN))));
}

TEST_CASE("cuda on the host: an operation that the graph gets later is one that the backend lacks") {
    const auto has = [](int o) {
        uml::node n{};
        n.kind = static_cast<uml::op>(o);
        return cuda_on_host::engine{}.supports(n);
    };
    const int last = static_cast<int>(uml::op::gate);
    for (int o = 0; o <= last; ++o) CHECK(has(o));
    CHECK_FALSE(has(last + 1));
    CHECK_FALSE(has(uml::first_backend_op - 1));
}
