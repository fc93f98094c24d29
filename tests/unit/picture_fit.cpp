// Frames of any layout reach the network as training prepared its pictures, and its maps come back to their pixels.
#include "support/hex.hpp"
#include "uml/picture.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace {

using uml_test::from_hex;

using uml::errc;
using uml::pixel_layout;
using bytes = std::vector<std::uint8_t>;

/// Samples that differ from each other, the same every time.
bytes noise(int count) {
    bytes all(static_cast<std::size_t>(count));
    unsigned state = 5;
    for (auto& v : all) v = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    return all;
}

/// Red, green and blue in another order, with a sample of `alpha` behind them if there are four.
bytes ordered(const bytes& rgb, bool turned, bool four) {
    bytes all;
    for (std::size_t i = 0; i < rgb.size(); i += 3) {
        all.insert(all.end(), {rgb[i + (turned ? 2 : 0)], rgb[i + 1], rgb[i + (turned ? 0 : 2)]});
        if (four) all.push_back(static_cast<std::uint8_t>(i));
    }
    return all;
}

std::vector<std::byte> scratch_for(const uml::image_view& frame, int height, int width, int channels,
                                   const uml::fitting& how = {}) {
    const auto needed = uml::fit_bytes(frame, height, width, channels, how);
    REQUIRE(needed);
    return std::vector<std::byte>(static_cast<std::size_t>(*needed));
}

} // namespace

TEST_CASE("grey equals Pillow's, from every order of the samples") {
    std::ifstream file(UML_SOURCE_DIR "/tests/data/resize.txt");
    REQUIRE(file);
    int cases = 0, channels = 0, height = 0, width = 0, new_height = 0, new_width = 0;
    while (file >> channels >> height >> width >> new_height >> new_width) {
        std::string from, to, grey;
        file >> from >> to;
        if (channels == 1) continue;
        file >> grey;
        ++cases;
        const bytes rgb = from_hex(from), wanted = from_hex(grey);
        for (const auto layout : {pixel_layout::rgb, pixel_layout::bgr, pixel_layout::rgba, pixel_layout::bgra}) {
            const bool turned = layout == pixel_layout::bgr || layout == pixel_layout::bgra;
            const int n = uml::channels_of(layout);
            const bytes source = ordered(rgb, turned, n == 4);
            const uml::image_view view(source.data(), height, width, n);
            bytes out(wanted.size()), colour(rgb.size());
            CHECK(uml::convert(view, layout, uml::image_span(out.data(), height, width, 1)));
            CHECK(out == wanted);
            CHECK(uml::convert(view, layout, uml::image_span(colour.data(), height, width, 3)));
            CHECK(colour == rgb);
        }
    }
    CHECK(cases == 10);
}

TEST_CASE("floats, grey as colour, and luma of video") {
    const float rgb[] = {0.25F, 0.5F, 1.F};
    float grey = 0, colour[3] = {};
    CHECK(uml::convert(uml::image_view(rgb, 1, 1, 3), pixel_layout::rgb, uml::image_span(&grey, 1, 1, 1)));
    CHECK(static_cast<double>(grey) == doctest::Approx((19595 * 0.25 + 38470 * 0.5 + 7471) / 65536));
    CHECK(uml::convert(uml::image_view(rgb, 1, 1, 3), pixel_layout::bgr, uml::image_span(colour, 1, 1, 3)));
    CHECK((colour[0] == 1.F && colour[1] == 0.5F && colour[2] == 0.25F));
    CHECK(uml::convert(uml::image_view(rgb, 1, 1, 1), pixel_layout::grey, uml::image_span(colour, 1, 1, 3)));
    CHECK((colour[0] == 0.25F && colour[1] == 0.25F && colour[2] == 0.25F));

    const bytes y = {0, 15, 16, 17, 126, 234, 235, 255};
    bytes out(8);
    CHECK(uml::convert(uml::image_view(y.data(), 1, 8, 1), pixel_layout::nv12, uml::image_span(out.data(), 1, 8, 1)));
    CHECK(out == bytes{0, 0, 0, 1, 128, 254, 255, 255});
    CHECK(uml::convert(uml::image_view(y.data(), 1, 8, 1), pixel_layout::nv12_full,
                       uml::image_span(out.data(), 1, 8, 1)));
    CHECK(out == y);
}

TEST_CASE("fitting is conversion, then resizing, of the region") {
    const bytes rgb = noise(12 * 17 * 3), frame = ordered(rgb, true, true);
    const uml::image_view view(frame.data(), 12, 17, 4), plain(rgb.data(), 12, 17, 3);
    for (const int channels : {1, 3})
        for (const auto filter : {uml::resampling::nearest, uml::resampling::bilinear, uml::resampling::lanczos})
            for (const uml::rectangle region : {uml::rectangle{}, {3, 2, 7, 11}}) {
                const uml::fitting how{.filter = filter, .region = region};
                bytes converted(static_cast<std::size_t>(12 * 17 * channels)),
                    wanted(static_cast<std::size_t>(8 * 9 * channels)), out(wanted.size());
                const uml::image_span all(converted.data(), 12, 17, channels);
                REQUIRE(uml::convert(plain, pixel_layout::rgb, all));
                const auto part = uml::crop(all, region.height > 0 ? region : uml::rectangle{0, 0, 12, 17});
                REQUIRE(part);
                std::vector<std::byte> memory(static_cast<std::size_t>(uml::resize_bytes(*part, 8, 9, filter)));
                REQUIRE(uml::resize(*part, uml::image_span(wanted.data(), 8, 9, channels), memory, filter));
                auto scratch = scratch_for(view, 8, 9, channels, how);
                const auto p =
                    uml::fit(view, pixel_layout::bgra, uml::image_span(out.data(), 8, 9, channels), scratch, how);
                REQUIRE_MESSAGE(p, p.error().what.c_str());
                CHECK(out == wanted);
                CHECK(p->source == (region.height > 0 ? region : uml::rectangle{0, 0, 12, 17}));
                CHECK(p->target == uml::rectangle{0, 0, 8, 9});
            }
}

TEST_CASE("a letterbox keeps the ratio of the sides, with the fill on both of the others") {
    const auto placed = [](int h, int w, int height, int width) {
        const auto p = uml::place(h, w, height, width, {.letterbox = true});
        REQUIRE(p);
        return p->target;
    };
    CHECK(placed(480, 640, 256, 256) == uml::rectangle{32, 0, 192, 256});
    CHECK(placed(640, 480, 256, 256) == uml::rectangle{0, 32, 256, 192});
    CHECK(placed(100, 100, 64, 96) == uml::rectangle{0, 16, 64, 64});
    CHECK(placed(128, 192, 64, 96) == uml::rectangle{0, 0, 64, 96});
    CHECK(placed(1, 30000, 64, 64) == uml::rectangle{31, 0, 1, 64});
    CHECK(placed(3, 2, 4, 4) == uml::rectangle{0, 0, 4, 3}); // 2.67 columns, one of four left over

    const bytes frame = noise(4 * 8);
    const uml::image_view view(frame.data(), 4, 8, 1);
    const uml::fitting how{.letterbox = true, .fill = 9.6F};
    bytes out(8 * 8, 77);
    auto scratch = scratch_for(view, 8, 8, 1, how);
    REQUIRE(uml::fit(view, pixel_layout::grey, uml::image_span(out.data(), 8, 8, 1), scratch, how));
    bytes wanted(64, 10);
    std::copy(frame.begin(), frame.end(), wanted.begin() + 16);
    CHECK(out == wanted);

    const std::vector<float> tall = {0.5F, 0.25F, 1.F, 0.F};
    std::vector<float> floats(16, 7.F);
    const uml::image_view narrow(tall.data(), 4, 1, 1);
    const uml::fitting half{.letterbox = true, .fill = 0.5F};
    auto more = scratch_for(narrow, 4, 4, 1, half);
    const auto p = uml::fit(narrow, pixel_layout::grey, uml::image_span(floats.data(), 4, 4, 1), more, half);
    REQUIRE(p);
    CHECK(p->target == uml::rectangle{0, 1, 4, 1});
    for (int y = 0; y < 4; ++y)
        for (int x = 0; x < 4; ++x)
            CHECK(floats[static_cast<std::size_t>(4 * y + x)] == (x == 1 ? tall[static_cast<std::size_t>(y)] : 0.5F));
}

TEST_CASE("maps and masks come back to the pixels that the network has seen") {
    // 6 x 6 of two channels with a step of 3, of which the letterbox used the rows 1 to 4.
    std::vector<float> numbers;
    for (int i = 0; i < 36; ++i) {
        const float v = static_cast<float>(i % 7) - 3.F;
        numbers.insert(numbers.end(), {0.25F, v, 99.F});
    }
    const uml::tensor_view<const float> map{numbers.data(), 6, 6, 2, 3};
    const uml::placement p{10, 14, {1, 2, 8, 12}, {1, 0, 4, 6}};
    std::vector<std::byte> scratch(static_cast<std::size_t>(uml::back_bytes(p, 2)));

    std::vector<float> seen, wanted(8 * 12 * 2), back(10 * 14 * 2);
    for (std::size_t i = 6; i < 30; ++i) seen.insert(seen.end(), {numbers[3 * i], numbers[3 * i + 1]});
    const uml::image_view part(seen.data(), 4, 6, 2);
    std::vector<std::byte> memory(static_cast<std::size_t>(uml::resize_bytes(part, 8, 12)));
    REQUIRE(uml::resize(part, uml::image_span(wanted.data(), 8, 12, 2), memory));

    REQUIRE(uml::map_back(map, p, uml::image_span(back.data(), 10, 14, 2), scratch, -5.F));
    bytes mask(10 * 14);
    REQUIRE(uml::mask_back(map, p, uml::image_span(mask.data(), 10, 14, 1), scratch, 200));
    int first = 0, second = 0;
    for (int y = 0; y < 10; ++y)
        for (int x = 0; x < 14; ++x) {
            const auto at = static_cast<std::size_t>(14 * y + x);
            if (y < 1 || y >= 9 || x < 2) {
                CHECK((back[2 * at] == -5.F && back[2 * at + 1] == -5.F));
                CHECK(mask[at] == 200);
                continue;
            }
            const auto i = 2 * static_cast<std::size_t>(12 * (y - 1) + x - 2);
            CHECK((back[2 * at] == wanted[i] && back[2 * at + 1] == wanted[i + 1]));
            CHECK(mask[at] == (wanted[i + 1] > wanted[i] ? 1 : 0));
            ++(mask[at] == 0 ? first : second);
        }
    CHECK(first > 0);
    CHECK(second > 0);
    const double numbers_of_reference[] = {1, 2, 2, 1}; // a backend of doubles; the first of equals
    const uml::tensor_view<const double> precise{numbers_of_reference, 1, 1, 4, 4};
    std::uint8_t one = 9;
    const uml::placement whole{1, 1, {0, 0, 1, 1}, {0, 0, 1, 1}};
    std::vector<std::byte> little(static_cast<std::size_t>(uml::back_bytes(whole, 4)));
    CHECK(uml::mask_back(precise, whole, uml::image_span(&one, 1, 1, 1), little));
    CHECK(one == 1);
}

TEST_CASE("what does not fit is said, and nothing is written") {
    bytes frame(4 * 6 * 3), out(16 * 4, 7);
    std::vector<std::byte> scratch(4096);
    const uml::image_view view(frame.data(), 4, 6, 3);
    const uml::image_span to(out.data(), 4, 4, 1);
    const auto refused = [&](const auto& r, errc code, std::string_view what) {
        REQUIRE_FALSE(r);
        CHECK(r.error().code == code);
        CHECK(r.error().what.view() == what);
        CHECK(std::all_of(out.begin(), out.end(), [](auto v) { return v == 7; }));
    };
    float f = 0;
    refused(uml::fit({}, pixel_layout::rgb, to, scratch), errc::invalid_argument, "fit: no pixels");
    refused(uml::fit(view, pixel_layout::rgba, to, scratch), errc::invalid_argument,
            "fit: 3 channels, its layout has 4");
    refused(uml::fit(view, pixel_layout::rgb, uml::image_span(out.data(), 4, 4, 2), scratch), errc::invalid_argument,
            "fit: 2 channels are wanted, which is neither 1 nor 3");
    refused(uml::fit(uml::image_view(frame.data(), 4, 6, 1), pixel_layout::nv12, uml::image_span(out.data(), 4, 4, 3),
                     scratch),
            errc::unsupported, "fit: NV12 gives grey; convert it where 3 channels are wanted");
    refused(uml::fit(uml::image_view(&f, 1, 1, 1), pixel_layout::nv12, to, scratch), errc::invalid_argument,
            "fit: NV12 has 8-bit samples");
    refused(uml::fit(uml::image_view(&f, 1, 1, 1), pixel_layout::grey, to, scratch), errc::invalid_argument,
            "fit: the result has other samples than the frame");
    refused(uml::fit(view, pixel_layout::rgb, to, scratch, {.region = {0, 3, 4, 4}}), errc::invalid_argument,
            "fit: the region of 4 x 4 pixels from (0, 3) on does not lie inside 4 x 6");
    const auto needed = *uml::fit_bytes(view, 4, 4, 1);
    refused(uml::fit(view, pixel_layout::rgb, to, std::span(scratch).first(9)), errc::too_small,
            "fit: needs " + std::to_string(needed) + " bytes of scratch memory, has 9");
    const uml::placement p{4, 6, {0, 0, 4, 6}, {0, 0, 4, 4}};
    const uml::tensor_view<const float> map{&f, 1, 1, 1, 1};
    refused(uml::mask_back(map, p, uml::image_span(out.data(), 4, 6, 1), scratch), errc::invalid_argument,
            "mask_back: the placement is not of a picture of 1 x 1 pixels");
    const uml::placement one{4, 6, {0, 0, 4, 6}, {0, 0, 1, 1}};
    refused(uml::mask_back(map, one, to, scratch), errc::invalid_argument,
            "mask_back: the result has 4 x 4 pixels, the frame 4 x 6");
    std::vector<float> floats(4 * 6 * 2);
    refused(uml::mask_back(map, one, uml::image_span(floats.data(), 4, 6, 1), scratch), errc::invalid_argument,
            "mask_back: the result holds bytes of 1 channel, for 256 regions at most");
    refused(uml::map_back(map, one, uml::image_span(floats.data(), 4, 6, 2), scratch), errc::invalid_argument,
            "map_back: the result holds floats of 1 channels");
    refused(uml::place(4, 6, 0, 4), errc::invalid_argument, "fit: no pixels");
    refused(uml::place(4, 0, 4, 4), errc::invalid_argument, "fit: no pixels");
    refused(uml::convert(view, pixel_layout::rgb, to), errc::invalid_argument,
            "convert: the result has another size or other samples than the frame");
}
