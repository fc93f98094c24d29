// Pictures that are on the device already and results that stay there, on the host's functions.
#include "support/ruled_model.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/cuda/host.hpp"
#include "uml/model/load.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

using uml::cuda_on_host, uml::device_picture, uml::image_view, uml::precision;
namespace gpu = uml::gpu;

constexpr uml::config shape{
    .height = 64, .width = 48, .regions = 2, .classes = 3, .channel_divisor = 8, .stem_stride = 2};
using net = uml::networks::edge<shape>;
using model = uml::model<net, cuda_on_host>;

model loaded(const cuda_on_host& where) {
    auto m = uml_test::load_ruled<net>(where);
    REQUIRE(m);
    return *std::move(m);
}
model::workspace workspace_of(const model& m) {
    auto w = m.make_workspace();
    REQUIRE(w);
    return *std::move(w);
}
std::vector<float> picture(int seed) { return uml_test::made_picture(shape, seed); }
std::vector<float> numbers(const model::findings& f) { return uml_test::numbers_of(shape, f); }

/// A block of what the host's runtime says is a device's memory.
struct on_device {
    gpu::owned memory;

    explicit on_device(const void* from, std::size_t bytes, int device = 0) {
        const gpu::runtime& on = gpu::on_host::functions;
        REQUIRE(on.use(device) == 0);
        auto made = gpu::make_memory(on, static_cast<std::int64_t>(bytes), false, "a picture");
        REQUIRE(made);
        memory = *std::move(made);
        REQUIRE(on.copy(memory.get(), from, bytes) == 0);
    }
    [[nodiscard]] const float* floats() const { return static_cast<const float*>(memory.get()); }
    [[nodiscard]] const std::uint8_t* bytes() const { return static_cast<const std::uint8_t*>(memory.get()); }
};

template <class M>
concept takes_device_pictures = requires(const M& m, typename M::workspace& w, device_picture p) {
    m.run(p, w);
};
static_assert(takes_device_pictures<model>);
static_assert(!takes_device_pictures<uml::model<net, uml::cpu>>);

} // namespace

TEST_CASE("a picture on the device gives what the same one of the host gives: floats, bytes, grey, gaps between rows") {
    const auto m = loaded({});
    auto w = workspace_of(m);
    const auto pixels = picture(1);
    const image_view host(pixels.data(), 64, 48, 3);
    const auto want = numbers(*m.run(host, w));
    const on_device there(pixels.data(), pixels.size() * 4);
    const auto got = m.run(device_picture(image_view(there.floats(), 64, 48, 3)), w);
    REQUIRE(got);
    CHECK(numbers(*got) == want);

    std::vector<std::uint8_t> wide(64 * 200);
    for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<std::uint8_t>(i * 7 % 256);
    const on_device bytes(wide.data(), wide.size());
    for (const int channels : {3, 1}) {
        const auto a = m.run(image_view(wide.data(), 64, 48, channels, 200), w);
        REQUIRE(a);
        const auto expected = numbers(*a);
        const auto b = m.run(device_picture(image_view(bytes.bytes(), 64, 48, channels, 200)), w);
        REQUIRE(b);
        CHECK(numbers(*b) == expected);
    }
}

TEST_CASE("several pictures on the device in one run; results stay there too") {
    const auto m = loaded({.precision = precision::bf16, .images = 3});
    auto w = workspace_of(m);
    const auto first = picture(1), second = picture(2);
    const image_view host[] = {{first.data(), 64, 48, 3}, {second.data(), 64, 48, 3}};
    model::findings found[2];
    REQUIRE(m.run(host, w, found));
    const auto want_first = numbers(found[0]), want_second = numbers(found[1]);
    const on_device a(first.data(), first.size() * 4), b(second.data(), second.size() * 4);
    const device_picture there[] = {device_picture({b.floats(), 64, 48, 3}), device_picture({a.floats(), 64, 48, 3})};
    REQUIRE(m.run(there, w, found));
    CHECK(numbers(found[0]) == want_second);
    CHECK(numbers(found[1]) == want_first);

    for (int image = 0; image < 2; ++image) {
        const auto logits = m.device_output(w, "seg_logits", image);
        REQUIRE(logits.data != nullptr);
        CHECK(gpu::on_host::blocks.device_of(logits.data) == 0);
        CHECK(gpu::on_host::blocks.device_of(found[image].logits.data) == -1);
        const auto& seen = found[image].logits;
        REQUIRE((logits.h == seen.h && logits.w == seen.w && logits.c == seen.c));
        CHECK(std::memcmp(logits.data, seen.data, static_cast<std::size_t>(seen.h * seen.w * seen.c) * 4) == 0);
    }
    CHECK(m.device_output(w, "nothing").data == nullptr);
    CHECK(m.device_output(w, "seg_logits", 3).data == nullptr);
    CHECK(m.device_output(w, "seg_logits", -1).data == nullptr);
    const auto other = loaded({.precision = precision::bf16, .images = 3});
    CHECK(other.device_output(w, "seg_logits").data == nullptr);
}

TEST_CASE("an address that is not what it is said to be is an error, before anything runs") {
    const auto m = loaded({});
    auto w = workspace_of(m);
    const auto pixels = picture(1);
    const on_device there(pixels.data(), pixels.size() * 4), elsewhere(pixels.data(), pixels.size() * 4, 1);
    const auto refusal = [](const auto& r) {
        REQUIRE_FALSE(r);
        return std::string(r.error().what);
    };
    CHECK(refusal(m.run(device_picture(image_view(pixels.data(), 64, 48, 3)), w)) ==
          "device_picture: its samples are not in a device's memory");
    CHECK(refusal(m.run(image_view(there.floats(), 64, 48, 3), w)) ==
          "picture: its samples are in a device's memory: give a device_picture");
    CHECK(refusal(m.run(device_picture(image_view(elsewhere.floats(), 64, 48, 3)), w)) ==
          "device_picture: its samples are on device 1, the network is on device 0");
    CHECK(refusal(m.run(device_picture(), w)) == "picture: no pixels");
    CHECK(refusal(m.run(device_picture(image_view(there.floats(), 48, 64, 3)), w)) ==
          "picture: 48 x 64 pixels (height x width), the network takes 64 x 48");
    CHECK(refusal(m.run(device_picture(image_view(there.floats(), 64, 48, 3, 7)), w)) ==
          "picture: a row of 7 bytes is shorter than its pixels");
    const device_picture two[] = {device_picture({there.floats(), 64, 48, 3}),
                                  device_picture({there.floats(), 64, 48, 3})};
    model::findings found[2];
    CHECK(refusal(m.run(two, w, found)) == "2 pictures with room for 2 findings: a run takes 1 to 1");
    auto foreign = workspace_of(loaded({}));
    CHECK(refusal(m.run(two[0], foreign)) == "the workspace was made by another model");
    CHECK(m.run(two[0], w));
}
