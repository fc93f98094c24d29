// Frames of any size and layout, made to what the weights say that pictures are, in the workspace's own memory.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/model/prepare.hpp"
#include "uml/picture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace {

using uml::errc, uml::image_view, uml::image_span;
using uml_test::draft;
constexpr uml::config config = uml_test::edge_config;
using net = uml::networks::edge<config>;
constexpr int n = config.height;

draft labelled(const std::string& rule) {
    draft d = draft::of<uml::edge_network>(config).labelled("edge", config);
    if (!rule.empty()) d.metadata["uml.input"] = rule;
    return d;
}
auto loaded(const std::string& rule = "") {
    auto m = uml::load<net, uml::cpu>(std::span<const std::byte>(labelled(rule).bytes()));
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    return *std::move(m);
}
std::vector<std::uint8_t> noise(std::size_t count) {
    std::vector<std::uint8_t> all(count);
    unsigned state = 9;
    for (auto& v : all) v = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    return all;
}
std::vector<float> as_floats(const std::vector<std::uint8_t>& bytes) {
    std::vector<float> all;
    for (const std::uint8_t v : bytes) all.push_back(static_cast<float>(v) / 255.0F);
    return all;
}
/// The frame by hand.
template <class T> std::vector<T> fitted(const image_view& frame, uml::pixel_layout layout, const uml::fitting& how) {
    std::vector<T> to(n * n);
    std::vector<std::byte> scratch(static_cast<std::size_t>(*uml::fit_bytes(frame, n, n, 1, how)));
    REQUIRE(uml::fit(frame, layout, image_span(to.data(), n, n, 1), scratch, how));
    return to;
}
template <class T> std::vector<T> pixels_of(const image_view& v) {
    const T* first = static_cast<const T*>(v.data);
    return {first, first + v.height * v.width * v.channels};
}

} // namespace

TEST_CASE("a frame in the workspace's memory: the picture and the answer that it has by hand, 8 bits and float") {
    const auto m = loaded();
    auto own = m.make_workspace(), other = m.make_workspace();
    const auto bytes = noise(48 * 80 * 3);
    const auto floats = as_floats(bytes);
    const auto check = [&]<class T>(const std::vector<T>& samples, uml::pixel_layout layout, const uml::framing& said) {
        const image_view frame(samples.data(), 48, 80, 3);
        const auto by_hand = fitted<T>(frame, layout, {});
        for (int again = 0; again < 2; ++again) {
            const auto p = m.prepare_input(frame, *own, said);
            REQUIRE_MESSAGE(p, p.error().what.c_str());
            CHECK(pixels_of<T>(p->picture) == by_hand);
            CHECK(p->where == *uml::place(48, 80, n, n));
            const auto answer = uml_test::numbers_of(*m.run(*p, *own));
            CHECK(answer == uml_test::numbers_of(*m.run(image_view(by_hand.data(), n, n, 1), *other)));
        }
    };
    check(bytes, uml::pixel_layout::rgb, {});
    check(floats, uml::pixel_layout::rgb, {});
    check(bytes, uml::pixel_layout::bgr, {.layout = uml::pixel_layout::bgr});
}

TEST_CASE("a region, a letterbox, four channels and one") {
    const auto m = loaded();
    auto own = m.make_workspace();
    const auto bytes = noise(48 * 80 * 4);
    const image_view frame(bytes.data(), 48, 80, 4);
    const uml::rectangle part{8, 16, 32, 48};
    const auto p = m.prepare_input(frame, *own, {.layout = {}, .region = part, .letterbox = true});
    REQUIRE(p);
    const uml::fitting how{.region = part, .letterbox = true};
    CHECK(pixels_of<std::uint8_t>(p->picture) == fitted<std::uint8_t>(frame, uml::pixel_layout::rgba, how));
    CHECK(p->where == *uml::place(48, 80, n, n, how));
    const image_view grey(bytes.data(), n, n, 1); // of the network's size already
    CHECK(pixels_of<std::uint8_t>(m.prepare_input(grey, *own)->picture) ==
          std::vector<std::uint8_t>(bytes.begin(), bytes.begin() + n * n));
}

TEST_CASE("the weights' own filter and levels") {
    const auto bytes = noise(48 * 80);
    const auto floats = as_floats(bytes);
    const image_view frame(bytes.data(), 48, 80, 1), same(floats.data(), 48, 80, 1);
    const uml::fitting lanczos{.filter = uml::resampling::lanczos};
    {
        const auto m = loaded(R"({"resampling": "lanczos", "channels": "grey", "range": [0, 1]})");
        auto own = m.make_workspace();
        CHECK(pixels_of<std::uint8_t>(m.prepare_input(frame, *own)->picture) ==
              fitted<std::uint8_t>(frame, uml::pixel_layout::grey, lanczos));
        auto wanted = fitted<float>(same, uml::pixel_layout::grey, lanczos);
        bool beyond = false;
        for (float& v : wanted) {
            beyond = beyond || v < 0 || v > 1;
            v = std::min(1.0F, std::max(0.0F, v));
        }
        CHECK(beyond); // Lanczos overshoots, and run would refuse it
        CHECK(pixels_of<float>(m.prepare_input(same, *own)->picture) == wanted);
        CHECK(m.run(*m.prepare_input(same, *own), *own));
    }
    const auto m = loaded(R"({"levels": [50, 150]})");
    CHECK(m.card().input.levels[1] == 150);
    auto own = m.make_workspace();
    const auto from_bytes = pixels_of<float>(m.prepare_input(frame, *own)->picture);
    const auto resized = fitted<std::uint8_t>(frame, uml::pixel_layout::grey, {});
    for (std::size_t i = 0; i < resized.size(); ++i) {
        const double exact = std::min(1.0, std::max(0.0, (resized[i] - 50) / 100.0));
        CHECK(static_cast<double>(from_bytes[i]) == doctest::Approx(exact).epsilon(1e-6));
    }
    const auto from_floats = pixels_of<float>(m.prepare_input(same, *own)->picture);
    for (std::size_t i = 0; i < resized.size(); ++i) // alike, but for the rounding of bytes
        CHECK(std::abs(from_floats[i] - from_bytes[i]) <= 0.0101F);
    CHECK(m.run(*m.prepare_input(frame, *own), *own));
}

TEST_CASE("rules that cannot be followed, frames that cannot be, and too little memory") {
    const auto bytes = noise(48 * 80 * 3);
    const image_view frame(bytes.data(), 48, 80, 3);
    const auto refusal = [](const auto& r, errc code) {
        REQUIRE_FALSE(r);
        CHECK(r.error().code == code);
        return std::string(r.error().what.view());
    };
    for (const auto& [rule, member] : {std::pair{R"({"crop": 1})", R"("crop": 1)"},
                                       {R"({"channels": "rgb"})", R"("channels": "rgb")"},
                                       {R"({"range": [-1, 1]})", R"("range": [-1, 1])"},
                                       {R"({"levels": [9, 9]})", R"("levels": [9, 9])"},
                                       {R"({"levels": [0, 1, 2]})", R"("levels": [0, 1, 2])"},
                                       {R"({"resampling": "best"})", R"("resampling": "best")"},
                                       {" \n\t{\"range\": [0, 255]}", R"("range": [0, 255])"},
                                       {"{\"levels\"", "JSON that cannot be read"}}) {
        const auto m = loaded(rule); // the network itself can be run
        auto own = m.make_workspace();
        CHECK(refusal(m.prepare_input(frame, *own), errc::unsupported) ==
              "prepare_input: the weights' metadata uml.input has " + std::string(member) +
                  ", which this version cannot follow");
    }
    const auto m = loaded("grey, value / 255"); // free text says nothing
    auto own = m.make_workspace();
    CHECK(refusal(m.prepare_input(image_view(), *own), errc::invalid_argument) ==
          "prepare_input: the frame: no pixels");
    CHECK(refusal(m.prepare_input(image_view(bytes.data(), 4, 4, 2), *own), errc::invalid_argument) ==
          "prepare_input: the frame: 2 channels, its layout has 1");
    const float bad[] = {0, 2}, none[] = {0, std::numeric_limits<float>::quiet_NaN()};
    for (const float* v : {bad, none})
        CHECK(refusal(m.prepare_input(image_view(v, 1, 2, 1), *own), errc::invalid_argument) ==
              "prepare_input: float samples must be from 0 (black) to 1 (white); here are others, or NaN");
    const auto stranger = loaded();
    auto elsewhere = stranger.make_workspace();
    CHECK(refusal(m.prepare_input(frame, *elsewhere), errc::invalid_argument) ==
          "the workspace was made by another model");
    const auto needed = m.input_bytes(frame);
    REQUIRE(needed);
    std::vector<std::byte> memory(static_cast<std::size_t>(*needed));
    const auto given = m.prepare_input(frame, std::span(memory));
    REQUIRE(given);
    CHECK(pixels_of<std::uint8_t>(given->picture) == fitted<std::uint8_t>(frame, uml::pixel_layout::rgb, {}));
    CHECK(refusal(m.prepare_input(frame, std::span(memory).first(64)), errc::too_small) ==
          "prepare_input: needs " + std::to_string(*needed) + " bytes of scratch memory, has 64");
}

TEST_CASE("prepared weights carry the rule") {
    const auto file = labelled(R"({"levels": [10, 200], "resampling": "box"})").bytes();
    const auto bytes = uml::prepare<net, uml::cpu{}>(*uml::weights_from(std::span<const std::byte>(file)));
    REQUIRE_MESSAGE(bytes, bytes.error().what.c_str());
    const auto m = uml::use<net, uml::cpu{}>(bytes->bytes());
    REQUIRE(m);
    CHECK(m->card().input.filter == uml::resampling::box);
    CHECK(m->card().input.levels[0] == 10);
    CHECK(m->card().input.levels[1] == 200);
    const auto odd = labelled(R"({"crop": 1})").bytes();
    const auto other = uml::prepare<net, uml::cpu{}>(*uml::weights_from(std::span<const std::byte>(odd)));
    CHECK(uml::use<net, uml::cpu{}>(other->bytes())->card().input.unknown == "a member");
}
