// Resizing equals Pillow's bit for bit, with every filter, of bytes and of floats.
#include "support/hex.hpp"
#include "uml/picture/resize.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace {

using uml_test::from_hex;

template <class T> std::vector<T> samples_of(const std::vector<std::uint8_t>& bytes) {
    std::vector<T> samples(bytes.size() / sizeof(T));
    std::memcpy(samples.data(), bytes.data(), bytes.size());
    return samples;
}

/// With a gap of 3 samples behind every row of both pictures, and no byte of scratch memory too many.
template <class T>
std::vector<T> resized(const std::vector<T>& from, int channels, int h, int w, int new_h, int new_w,
                       uml::resampling filter) {
    const auto wide = [&](int width) { return static_cast<std::size_t>(width * channels + 3); };
    const T gap{77};
    std::vector<T> source(static_cast<std::size_t>(h) * wide(w), gap),
        out(static_cast<std::size_t>(new_h) * wide(new_w), gap);
    for (std::size_t y = 0; y < static_cast<std::size_t>(h); ++y)
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(y) * w * channels, w * channels,
                    source.begin() + static_cast<std::ptrdiff_t>(y * wide(w)));
    const auto bytes = [&](int width) { return static_cast<std::int64_t>(wide(width) * sizeof(T)); };
    const uml::image_view view(source.data(), h, w, channels, bytes(w));
    const uml::image_span to(out.data(), new_h, new_w, channels, bytes(new_w));
    std::vector<std::byte> scratch(static_cast<std::size_t>(uml::resize_bytes(view, new_h, new_w, filter)));
    const auto r = uml::resize(view, to, scratch, filter);
    REQUIRE_MESSAGE(r, r.error().what.c_str());
    std::vector<T> packed;
    for (std::size_t y = 0; y < static_cast<std::size_t>(new_h); ++y) {
        const auto row = out.begin() + static_cast<std::ptrdiff_t>(y * wide(new_w));
        packed.insert(packed.end(), row, row + new_w * channels);
        for (int k = 0; k < 3; ++k) CHECK(row[new_w * channels + k] == gap);
    }
    return packed;
}

} // namespace

TEST_CASE("resizing equals Pillow's with every filter") {
    std::ifstream file(UML_SOURCE_DIR "/tests/data/picture.txt");
    REQUIRE(file);
    int cases = 0, filter = 0, h = 0, w = 0, new_h = 0, new_w = 0;
    std::string mode, from, to;
    for (; file >> filter >> mode >> h >> w >> new_h >> new_w >> from >> to; ++cases) {
        CAPTURE(filter);
        CAPTURE(mode);
        CAPTURE(cases);
        const auto resampling = static_cast<uml::resampling>(filter);
        if (mode == "F")
            CHECK(resized(samples_of<float>(from_hex(from)), 1, h, w, new_h, new_w, resampling) ==
                  samples_of<float>(from_hex(to)));
        else
            CHECK(resized(from_hex(from), mode == "L" ? 1 : 3, h, w, new_h, new_w, resampling) == from_hex(to));
    }
    CHECK(cases == 6 * 3 * 8);
}

TEST_CASE("floats of several channels are resized channel by channel") {
    const std::vector<float> a = {0.1F, 0.9F, 0.4F, 0.3F, 0.7F, 0.2F}, b = {5, 3, -1, 8, 2, 6};
    std::vector<float> both;
    for (std::size_t i = 0; i < a.size(); ++i) both.insert(both.end(), {a[i], b[i]});
    const auto filter = uml::resampling::bicubic;
    const auto one = resized(a, 1, 2, 3, 5, 4, filter), two = resized(b, 1, 2, 3, 5, 4, filter);
    const auto together = resized(both, 2, 2, 3, 5, 4, filter);
    for (std::size_t i = 0; i < one.size(); ++i) {
        CHECK(together[2 * i] == one[i]);
        CHECK(together[2 * i + 1] == two[i]);
    }
}

TEST_CASE("what cannot be resized is said") {
    std::uint8_t pixels[12] = {}, out[12] = {};
    float floats[12] = {};
    std::byte scratch[4096];
    const uml::image_view view(pixels, 3, 4, 1);
    const auto refused = [&](const uml::image_view& from, const uml::image_span& to, std::span<std::byte> memory,
                             uml::errc code, std::string_view what) {
        const auto r = uml::resize(from, to, memory);
        REQUIRE_FALSE(r);
        CHECK(r.error().code == code);
        CHECK(r.error().what.view() == what);
    };
    using uml::errc;
    refused({}, uml::image_span(out, 2, 2, 1), scratch, errc::invalid_argument, "resize: no pixels");
    refused(view, {}, scratch, errc::invalid_argument, "resize: the result: no pixels");
    refused(uml::image_view(pixels, 3, 4, 1, 3), uml::image_span(out, 2, 2, 1), scratch, errc::invalid_argument,
            "resize: a row of 3 bytes is shorter than its pixels");
    refused(uml::image_view(pixels, 3, 4, 1, std::numeric_limits<std::int64_t>::max()), uml::image_span(out, 2, 2, 1),
            scratch, errc::invalid_argument,
            "resize: 3 rows of 9223372036854775807 bytes are more than a memory can have");
    constexpr int most = std::numeric_limits<int>::max();
    refused(uml::image_view(floats, most, most, most), uml::image_span(floats, 2, 2, most), scratch,
            errc::invalid_argument, "resize: a row of -17179869180 bytes is shorter than its pixels");
    refused(view, uml::image_span(floats, 2, 2, 1), scratch, errc::invalid_argument,
            "resize: the result has other samples or channels than the picture");
    refused(view, uml::image_span(out, 2, 2, 3), scratch, errc::invalid_argument,
            "resize: the result has other samples or channels than the picture");
    refused(view, uml::image_span(out, 2, 2, 1), std::span(scratch).first(8), errc::too_small,
            "resize: needs " + std::to_string(uml::resize_bytes(view, 2, 2)) + " bytes of scratch memory, has 8");
}

TEST_CASE("a part of a picture is a view of it") {
    std::vector<std::uint8_t> bytes(4 * 5 * 3);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    const uml::image_view whole(bytes.data(), 4, 5, 3);
    const auto part = uml::crop(whole, {1, 2, 2, 3});
    REQUIRE(part);
    CHECK(part->data == bytes.data() + 15 + 6);
    CHECK(part->height == 2);
    CHECK(part->width == 3);
    CHECK(part->row_bytes == 15);
    std::vector<float> floats(20);
    CHECK(uml::crop(uml::image_view(floats.data(), 4, 5, 1), {3, 4, 1, 1})->data == floats.data() + 19);
    for (const uml::rectangle wrong :
         {uml::rectangle{-1, 0, 1, 1}, {0, 3, 1, 3}, {4, 0, 1, 1}, {0, 0, 0, 1}, {2147483647, 0, 2, 1}})
        CHECK(uml::crop(whole, wrong).error().code == uml::errc::invalid_argument);
    CHECK(uml::crop(whole, {0, 3, 1, 3}).error().what == "crop: 1 x 3 pixels from (0, 3) on do not lie inside 4 x 5");
    CHECK_FALSE(uml::crop({}, {0, 0, 1, 1}));
}
