// Running: which pictures are taken, that answers depend on nothing but the picture, and what the findings say.
#include "support/tiny.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace {

using uml::errc;
using uml::image_view;
using uml_test::draft;
using uml_test::pixels;
using uml_test::tiny;
using uml_test::tiny_config;
using uml_test::tiny_network;
using backend = uml::reference;
constexpr int h = 16, w = 24;

template <class net = tiny, class B = backend> uml::model<net, B> loaded(std::uint64_t seed = 1) {
    draft d = draft::of<tiny_network>(net::configuration, seed).labelled("tiny", net::configuration);
    d.metadata["uml.screening"] = R"({"image_vacuity": 0.75, "pixel_vacuity": 0.5})";
    auto m = uml::load<net, B>(std::span<const std::byte>(d.bytes()));
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    return *std::move(m);
}

template <class M> auto answer(const M& m, const image_view& picture) {
    auto s = m.make_workspace();
    REQUIRE(s);
    const auto f = m.run(picture, *s);
    REQUIRE_MESSAGE(f, f.error().what.c_str());
    return uml_test::numbers_of(*f);
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
    REQUIRE(a.size() == b.size());
    double off = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        off += static_cast<double>(a[i] - b[i]) * static_cast<double>(a[i] - b[i]);
        size += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    }
    return std::sqrt(off / size);
}

} // namespace

TEST_CASE("pictures that the network does not take") {
    const auto m = loaded();
    auto s = m.make_workspace();
    REQUIRE(s);
    const auto picture = pixels(h, w, 3);
    const std::vector<std::uint8_t> bytes(h * w * 3);
    const auto before = uml_test::numbers_of(*m.run(image_view(picture.data(), h, w, 3), *s));
    const auto refused = [&](const image_view& v, errc code, const char* sentence) {
        const auto f = m.run(v, *s);
        REQUIRE_FALSE(f);
        CHECK(f.error().code == code);
        CHECK(std::string(f.error().what.view()) == sentence);
    };
    const char* size = "picture: 24 x 16 pixels (height x width), the network takes 16 x 24";
    refused(image_view(picture.data(), w, h, 3), errc::wrong_shape, size);
    refused(image_view(picture.data(), 0, w, 3), errc::wrong_shape,
            "picture: 0 x 24 pixels (height x width), the network takes 16 x 24");
    refused(image_view(picture.data(), h, -w, 3), errc::wrong_shape,
            "picture: 16 x -24 pixels (height x width), the network takes 16 x 24");
    refused(image_view(picture.data(), h, w, 2), errc::wrong_shape, "picture: 2 channels, the network takes 3 or 1");
    refused(image_view(picture.data(), h, w, 4), errc::wrong_shape, "picture: 4 channels, the network takes 3 or 1");
    refused(image_view(bytes.data(), h, w, 0), errc::wrong_shape, "picture: 0 channels, the network takes 3 or 1");
    refused(image_view(static_cast<const float*>(nullptr), h, w, 3), errc::invalid_argument, "picture: no pixels");
    refused(image_view(), errc::invalid_argument, "picture: no pixels");
    refused(image_view(picture.data(), h, w, 3, w * 3 * 4 - 4), errc::invalid_argument,
            "picture: a row of 284 bytes is shorter than its pixels");
    refused(image_view(bytes.data(), h, w, 3, w * 3 - 1), errc::invalid_argument,
            "picture: a row of 71 bytes is shorter than its pixels");
    refused(image_view(picture.data(), h, w, 3, w * 3 * 4 + 2), errc::invalid_argument,
            "picture: a row of 290 bytes is not a whole number of floats");
    // Rows that reach beyond all memory, in either direction, and floats that begin between two places of floats.
    constexpr auto far_away = std::numeric_limits<std::int64_t>::max();
    refused(image_view(picture.data(), h, w, 3, far_away - 3), errc::invalid_argument,
            "picture: 16 rows of 9223372036854775804 bytes are more than a memory can have");
    refused(image_view(bytes.data(), h, w, 3, far_away / h + 1), errc::invalid_argument,
            "picture: 16 rows of 576460752303423488 bytes are more than a memory can have");
    refused(image_view(bytes.data(), h, w, 3, std::numeric_limits<std::int64_t>::min()), errc::invalid_argument,
            "picture: a row of -9223372036854775808 bytes is shorter than its pixels");
    refused(image_view(bytes.data(), h, w, 3, -w * 3), errc::invalid_argument,
            "picture: a row of -72 bytes is shorter than its pixels");
    std::vector<std::byte> room(h * w * 3 * 4 + 8);
    for (const int off : {1, 2, 3}) {
        image_view between(picture.data(), h, w, 3);
        between.data = room.data() + off;
        refused(between, errc::invalid_argument, "picture: floats begin at an address that is no multiple of 4");
    }
    // Sizes whose product exceeds 64 bits are sizes like others.
    constexpr int most = std::numeric_limits<int>::max(), least = std::numeric_limits<int>::min();
    for (const int n : {most, least, -1, 0}) {
        const auto f = m.run(image_view(picture.data(), n, n, n), *s);
        REQUIRE_FALSE(f);
        CHECK(f.error().code == errc::wrong_shape);
        CHECK_FALSE(m.run(image_view(bytes.data(), n, n, n), *s));
        CHECK_FALSE(m.run(image_view(picture.data(), h, w, n), *s));
    }
    // Float samples: from 0 to 1 but for rounding, in every row and at its end.
    constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (const float wrong : {nan, -nan, inf, -inf, 1.002F, -0.002F, 255.F, -1e-2F, 1e30F})
        for (const std::size_t at : {std::size_t{0}, std::size_t{w * 3 - 1}, picture.size() - 1}) {
            auto other = picture;
            other[at] = wrong;
            refused(image_view(other.data(), h, w, 3), errc::invalid_argument,
                    "picture: float samples must be from 0 (black) to 1 (white); here are others, or NaN");
        }
    for (const float right : {0.F, -0.F, 1.F, 1.0009F, -0.0009F, std::numeric_limits<float>::denorm_min()}) {
        auto other = picture;
        other.front() = other.back() = right;
        CHECK(m.run(image_view(other.data(), h, w, 3), *s));
    }
    // Nothing has run: the last findings stand.
    CHECK(answer(m, image_view(picture.data(), h, w, 3)) == before);

    using one_channel = uml::network<tiny_network, uml::config{.height = h, .width = w, .channels_in = 1}>;
    const auto single = loaded<one_channel>();
    auto other = single.make_workspace();
    REQUIRE(other);
    const auto f = single.run(image_view(picture.data(), h, w, 3), *other);
    REQUIRE_FALSE(f);
    CHECK(f.error().what == "picture: 3 channels, the network takes 1");
}

TEST_CASE("8-bit and float pictures, rows with gaps between them") {
    const auto m = loaded();
    std::vector<std::uint8_t> bytes;
    std::vector<float> floats;
    for (const float v : pixels(h, w, 3)) {
        bytes.push_back(static_cast<std::uint8_t>(v * 255));
        floats.push_back(static_cast<float>(bytes.back()) / 255.0F);
    }
    const auto expected = answer(m, image_view(floats.data(), h, w, 3));
    CHECK(answer(m, image_view(bytes.data(), h, w, 3)) == expected);

    constexpr std::size_t row = w * 3, gap = 5;
    std::vector<std::uint8_t> wide((row + gap) * h, 0xff);
    std::vector<float> wide_floats((row + gap) * h, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t y = 0; y < h; ++y) {
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(y * row), row,
                    wide.begin() + static_cast<std::ptrdiff_t>(y * (row + gap)));
        std::copy_n(floats.begin() + static_cast<std::ptrdiff_t>(y * row), row,
                    wide_floats.begin() + static_cast<std::ptrdiff_t>(y * (row + gap)));
    }
    CHECK(answer(m, image_view(wide.data(), h, w, 3, row + gap)) == expected);
    CHECK(answer(m, image_view(wide_floats.data(), h, w, 3, (row + gap) * 4)) == expected);
}

TEST_CASE("a grey picture stands for three equal channels, whichever way it comes") {
    const auto grey = pixels(h, w, 1);
    std::vector<float> repeated;
    for (const float v : grey) repeated.insert(repeated.end(), 3, v);
    const auto m = loaded();
    const auto expected = answer(m, image_view(repeated.data(), h, w, 3));
    CHECK(answer(m, image_view(grey.data(), h, w, 1)) == expected);

    constexpr uml::config folded{.height = h, .width = w, .regions = 2, .classes = 3, .grey = true};
    const auto g = loaded<uml::network<tiny_network, folded>>();
    CHECK(g.channels() == 1);
    const auto sum_first = answer(g, image_view(grey.data(), h, w, 1));
    CHECK(distance(sum_first, expected) < 1e-6);
    CHECK(g.prepared_bytes() < m.prepared_bytes());
}

TEST_CASE("the same picture gives the same bits, whatever ran before and whatever the memory held") {
    const auto m = loaded();
    const auto first = pixels(h, w, 3, 1), second = pixels(h, w, 3, 2);
    const image_view a(first.data(), h, w, 3), b(second.data(), h, w, 3);
    const auto of_a = answer(m, a), of_b = answer(m, b);
    CHECK(of_a != of_b);
    auto s = m.make_workspace();
    REQUIRE(s);
    for (int i = 0; i < 3; ++i) {
        CHECK(uml_test::numbers_of(*m.run(a, *s)) == of_a);
        CHECK(uml_test::numbers_of(*m.run(b, *s)) == of_b);
    }
    for (const int fill : {0x00, 0xff, 0x7f}) {
        std::vector<std::byte> memory(static_cast<std::size_t>(m.arena_bytes()) + 64);
        std::memset(memory.data(), fill, memory.size());
        auto filled = m.make_workspace({}, memory);
        REQUIRE(filled);
        CHECK(uml_test::numbers_of(*m.run(a, *filled)) == of_a);
    }
}

TEST_CASE("a workspace in the caller's memory: exactly arena_bytes, and not a byte beside it") {
    constexpr auto bytes = static_cast<std::size_t>(uml::arena_bytes<tiny, backend{}>);
    constexpr std::size_t margin = 256;
    alignas(64) static std::byte room[bytes + 2 * margin];
    const auto m = loaded();
    CHECK(m.arena_bytes() == static_cast<std::int64_t>(bytes));
    const auto picture = pixels(h, w, 3);
    const image_view v(picture.data(), h, w, 3);
    const auto expected = answer(m, v);
    for (std::byte& b : room) b = std::byte{0xa5};
    auto s = m.make_workspace({}, std::span(room).subspan(margin, bytes));
    REQUIRE(s);
    const auto f = m.run(v, *s);
    REQUIRE(f);
    CHECK(uml_test::numbers_of(*f) == expected);
    CHECK(reinterpret_cast<const std::byte*>(f->logits.data) >= room + margin);
    CHECK(reinterpret_cast<const std::byte*>(f->logits.data) < room + margin + bytes);
    bool all_of_it = false;
    for (std::size_t i = 0; i < margin; ++i) {
        CHECK(room[i] == std::byte{0xa5});
        CHECK(room[margin + bytes + i] == std::byte{0xa5});
        all_of_it = all_of_it || room[margin + bytes - 1 - i] != std::byte{0xa5};
    }
    CHECK(all_of_it);
    alignas(64) static std::byte exact[bytes];
    auto in_array = m.make_workspace(exact); // its size is checked by the compiler
    REQUIRE(in_array);
    CHECK(uml_test::numbers_of(*m.run(v, *in_array)) == expected);

    for (const auto& given : {std::span(room).first(bytes - 1), std::span(room).subspan(1, bytes)}) {
        const auto small = m.make_workspace({}, given);
        REQUIRE_FALSE(small);
        CHECK(small.error().code == errc::too_small);
        CHECK(small.error().what.view().starts_with("the memory for an arena has "));
        CHECK(small.error().what.view().ends_with(std::to_string(bytes) + " are needed"));
    }
}

TEST_CASE("several models in one process do not disturb each other") {
    constexpr uml::config other_config{.height = 32, .width = 8, .regions = 4, .classes = 2, .channels_in = 1};
    const auto a = loaded(1), b = loaded(2);
    const auto c = loaded<uml::network<tiny_network, other_config>>(3);
    const auto p = pixels(h, w, 3), q = pixels(32, 8, 1);
    const image_view v(p.data(), h, w, 3), other(q.data(), 32, 8, 1);
    const auto of_a = answer(a, v), of_b = answer(b, v), of_c = answer(c, other);
    CHECK(of_a != of_b);
    auto sa = a.make_workspace();
    auto sb = b.make_workspace();
    auto sc = c.make_workspace();
    const auto fa = a.run(v, *sa);
    const auto fc = c.run(other, *sc);
    const auto fb = b.run(v, *sb);
    CHECK(uml_test::numbers_of(*fa) == of_a); // still valid after the others have run
    CHECK(uml_test::numbers_of(*fb) == of_b);
    CHECK(uml_test::numbers_of(*fc) == of_c);
    // A model and a workspace can be moved.
    auto moved = loaded(2);
    moved = loaded(1);
    auto made = moved.make_workspace();
    auto s = *std::move(made);
    CHECK(uml_test::numbers_of(*moved.run(v, s)) == of_a);
}

TEST_CASE("a workspace serves the model that made it, moved or not, and no other") {
    auto a = loaded();
    const auto b = loaded(2);
    auto of_a = a.make_workspace(), of_b = b.make_workspace();
    REQUIRE(of_a);
    REQUIRE(of_b);
    const auto p = pixels(h, w, 3);
    const image_view picture(p.data(), h, w, 3);
    const auto refused = b.run(picture, *of_a);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
    CHECK(refused.error().what == "the workspace was made by another model");
    CHECK(b.output(*of_a, "cls_alpha").data == nullptr);
    const auto expected = answer(b, picture);
    const auto moved = std::move(a); // as a program does that loads new weights into a slot
    CHECK(moved.run(picture, *of_a));
    CHECK(uml_test::numbers_of(*b.run(picture, *of_b)) == expected);
}

TEST_CASE("what was moved away is refused: workspaces and models") {
    auto m = loaded();
    auto made = m.make_workspace();
    REQUIRE(made);
    const auto p = pixels(h, w, 3);
    const image_view picture(p.data(), h, w, 3);
    const auto expected = uml_test::numbers_of(*m.run(picture, *made));
    auto s = *std::move(made);
    const auto gone = m.run(picture, *made);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == errc::invalid_argument);
    CHECK(gone.error().what == "the workspace has been moved away");
    CHECK(m.output(*made, "cls_alpha").data == nullptr);
    CHECK(uml_test::numbers_of(*m.run(picture, s)) == expected);
    auto other = m.make_workspace();
    *other = std::move(s);
    CHECK(m.run(picture, s).error().what == "the workspace has been moved away");
    CHECK(uml_test::numbers_of(*m.run(picture, *other)) == expected);

    const auto no_model = [](const auto& from) {
        const auto none = from.make_workspace();
        REQUIRE_FALSE(none);
        CHECK(none.error().code == errc::invalid_argument);
        CHECK(none.error().what == "the model has been moved away");
    };
    auto kept = std::move(m);
    no_model(m);
    auto third = loaded(2);
    third = std::move(kept);
    no_model(kept);
    CHECK(uml_test::numbers_of(*third.run(picture, *other)) == expected);
}

TEST_CASE("findings and outputs are the same numbers, in the shapes that the network says") {
    const auto m = loaded();
    auto s = m.make_workspace();
    const auto p = pixels(h, w, 3);
    const auto f = m.run(image_view(p.data(), h, w, 3), *s);
    REQUIRE(f);
    CHECK(f->height() == h);
    CHECK(f->width() == w);
    CHECK(f->regions() == 2);
    CHECK(f->diagnosis.classes() == 3);
    const auto logits = m.output(*s, "seg_logits"), vacuity = m.output(*s, "mutual_uncertainty.0");
    CHECK(m.output(*s, "seg_logits.0").data == nullptr);
    CHECK(m.output(*s, "").data == nullptr);
    CHECK(f->logits.data == logits.data);
    CHECK(m.output(*s, "cls_uncertainty")(0, 0, 0) == doctest::Approx(f->diagnosis.vacuity()));
    int ones = 0;
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            CHECK(f->region_logit(y, x, 1) == logits(y, x, 1));
            CHECK(f->region(y, x) == (logits(y, x, 1) > logits(y, x, 0) ? 1 : 0));
            ones += f->region(y, x);
            CHECK(f->pixel_vacuity(y, x) == vacuity(y, x, 0));
            CHECK(f->pixel(y, x).vacuity() == doctest::Approx(f->pixel_vacuity(y, x)));
            CHECK(f->reliable(y, x) == (f->pixel_vacuity(y, x) <= 0.5F));
        }
    CHECK(ones > 0);
    CHECK(ones < h * w);
    CHECK(m.accepts(*f) == (f->diagnosis.vacuity() <= 0.75F));
    CHECK(m.accepts(*f) == f->accepted());
}

TEST_CASE("findings: ties go to the first region, thresholds count themselves in, nothing known is never accepted") {
    const float logits[] = {1, 1, 1, 0, 2, 2, -1, -3, -1};
    const float alpha[] = {1, 1, 1, 4, 1, 1, 2, 2, 2};
    const float vacuity[] = {1, 0.5F, std::numeric_limits<float>::quiet_NaN()};
    const float classes[] = {3, 1};
    uml::findings f;
    f.logits = {logits, 1, 3, 3, 3};
    f.alpha = {alpha, 1, 3, 3, 3};
    f.vacuity = {vacuity, 1, 3, 1, 1};
    CHECK(f.region(0, 0) == 0);
    CHECK(f.region(0, 1) == 1);
    CHECK(f.region(0, 2) == 0);
    CHECK(f.pixel(0, 1).vacuity() == 0.5F);
    CHECK_FALSE(f.accepted()); // no diagnosis
    f.diagnosis = {classes, 2};
    CHECK_FALSE(f.accepted()); // no calibration
    for (int x = 0; x < 3; ++x) CHECK_FALSE(f.reliable(0, x));
    f.thresholds = {.image_vacuity = 0.5F, .pixel_vacuity = 0.5F};
    CHECK(f.accepted());
    CHECK_FALSE(f.reliable(0, 0));
    CHECK(f.reliable(0, 1));
    CHECK_FALSE(f.reliable(0, 2));
    f.thresholds.image_vacuity = 0.499F;
    CHECK_FALSE(f.accepted());
    f.thresholds = {.image_vacuity = 1, .pixel_vacuity = 1};
    CHECK(f.reliable(0, 0));
    CHECK_FALSE(f.reliable(0, 2));
}

namespace {

struct masks_only {
    static constexpr std::string_view label = "masks_only";

    static constexpr void describe(uml::builder& g, const uml::config& c) {
        const uml::value x = g.input({c.channels_in, c.height, c.width});
        const uml::value y = g.conv(x, "regions", {.out = c.regions, .kernel = 3});
        g.output(y, "seg_logits");
    }
};

} // namespace

TEST_CASE("a network that answers only a part: the rest of the findings is empty") {
    using net = uml::network<masks_only, tiny_config>;
    const auto m = uml::load<net, backend>(std::span<const std::byte>(draft::of<masks_only>(tiny_config).bytes()));
    REQUIRE(m);
    CHECK(m->classes() == 0);
    CHECK(m->regions() == 2);
    auto s = m->make_workspace();
    const auto p = pixels(h, w, 3);
    const auto f = m->run(image_view(p.data(), h, w, 3), *s);
    REQUIRE(f);
    CHECK(f->diagnosis.classes() == 0);
    CHECK_FALSE(f->accepted());
    CHECK(f->vacuity.pixels() == 0);
    CHECK(f->logits.pixels() == h * w);
}
