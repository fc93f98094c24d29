// PNG of every kind, and what its samples mean. Also run with stb_image alone, which must say the same.
#include "programs/png_maker.hpp"
#include "support/meaning.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace support;

namespace {

std::string complaint(const file_bytes& file, const std::optional<level_range>& levels = {}) {
    const auto p = decode_picture(file, levels);
    return p ? "" : std::string(p.error().what.view());
}

using values = std::vector<std::uint8_t>;

values picture_of(const file_bytes& file, const std::optional<level_range>& levels = {}) {
    const auto p = decode_picture(file, levels);
    if (!p) FAIL(p.error().what.view());
    return p->data;
}

// The regions of a mask, or nothing where it is refused.
values regions_of(const file_bytes& file, int regions) {
    const auto r = decode_raster(file);
    if (!r) return {};
    const auto mask = to_regions(*r, regions);
    return mask ? mask->data : values{};
}

const png_chunk three_colors{"PLTE", {0, 0, 0, 128, 0, 0, 10, 20, 30}};

} // namespace

TEST_CASE("grey of every depth becomes 0 to 255") {
    CHECK(picture_of(make_png(4, 1, 0, {0, 1, 1, 0})) == values{0, 255, 255, 0});
    CHECK(picture_of(make_png(4, 2, 0, {0, 1, 2, 3})) == values{0, 85, 170, 255});
    CHECK(picture_of(make_png(3, 4, 0, {0, 7, 15})) == values{0, 119, 255});
    CHECK(picture_of(make_png(3, 8, 0, {0, 7, 255})) == values{0, 7, 255});
    CHECK(picture_of(make_png(4, 16, 0, {0, 257, 257 * 100 + 128, 65535})) == values{0, 1, 100, 255});
    CHECK(picture_of(make_png(2, 16, 2, {0, 257, 514, 65535, 771, 1028})) == values{0, 1, 2, 255, 3, 4});
}

TEST_CASE("samples of 16 bits that use only the lower ones need levels") {
    const std::vector<int> twelve{8, 16 * 100 + 8, 16 * 255 + 8, 0};
    const file_bytes plain = make_png(4, 16, 0, twelve);
    CHECK(complaint(plain) ==
          "16 bits a sample, of which only values from 0 to 4088 are used, less than half of the range: say with "
          "--levels LOW HIGH which are black and white");
    CHECK(picture_of(plain, level_range{0, 4095}) == values{0, 100, 255, 0});
    CHECK(picture_of(plain, level_range{1608, 1609}) == values{0, 0, 255, 0});
    // The same with a high offset: half of the range is what a picture must use.
    CHECK_FALSE(complaint(make_png(2, 16, 0, {32768, 32768 + 4095})).empty());
    CHECK_FALSE(complaint(make_png(2, 16, 0, {0, 32767})).empty());
    CHECK(complaint(make_png(2, 16, 0, {0, 32768})).empty());
    // At the ends of what levels can be.
    const file_bytes whole = make_png(4, 16, 0, {0, 1, 65534, 65535});
    CHECK(picture_of(whole, level_range{0, 65535}) == values{0, 0, 255, 255});
    CHECK(picture_of(whole, level_range{0, 1}) == values{0, 255, 255, 255});
    CHECK(picture_of(whole, level_range{65534, 65535}) == values{0, 0, 0, 255});
    // Levels are for more than 8 bits: others say themselves what is white, or with sBIT alone where they end.
    const png_chunk four{"sBIT", {4}};
    CHECK(picture_of(make_png(3, 8, 0, {0, 0x80, 0xf0}, {four}), level_range{0, 4095}) == values{0, 136, 255});
    CHECK(picture_of(make_png(2, 8, 0, {0, 15}, {four}), level_range{0, 15}) == values{0, 255});
    CHECK(complaint(make_png(2, 8, 0, {0, 15}, {four}), level_range{0, 4095}) ==
          "8 bits a sample, of which only values from 0 to 15 are used: say with --levels LOW HIGH which are black and "
          "white");
    CHECK(picture_of(make_png(2, 8, 0, {10, 20}), level_range{0, 4095}) == values{10, 20});
}

TEST_CASE("sBIT says where the range ends") {
    const png_chunk twelve{"sBIT", {12}};
    CHECK(picture_of(make_png(3, 16, 0, {8, 16 * 100 + 8, 16 * 255 + 8}, {twelve})) == values{0, 100, 255});
    // As the standard has it: the upper bits.
    CHECK(picture_of(make_png(3, 16, 0, {0, 1606 << 4, 65535}, {twelve})) == values{0, 100, 255});
    CHECK_FALSE(complaint(make_png(2, 16, 0, {0, 2047}, {twelve})).empty());
    CHECK(picture_of(make_png(3, 8, 0, {0, 0x80, 0xf0}, {{"sBIT", {4}}})) == values{0, 136, 255});
    CHECK_FALSE(complaint(make_png(2, 8, 0, {0, 15}, {{"sBIT", {4}}})).empty());
    CHECK(complaint(make_png(1, 8, 0, {0}, {{"sBIT", {9}}})) == "damaged: sBIT says more bits than there are");
}

TEST_CASE("what is transparent is black") {
    CHECK(picture_of(make_png(3, 8, 4, {255, 0, 255, 255, 200, 128})) == values{0, 255, 100});
    CHECK(picture_of(make_png(2, 8, 6, {255, 255, 255, 0, 10, 20, 30, 255})) == values{0, 0, 0, 10, 20, 30});
    CHECK(picture_of(make_png(3, 16, 4, {65535, 0, 65535, 65535, 0, 65535})) == values{0, 255, 0});
    CHECK(picture_of(make_png(3, 8, 0, {7, 8, 7}, {{"tRNS", {0, 7}}})) == values{0, 8, 0});
    CHECK(picture_of(make_png(2, 8, 2, {1, 2, 3, 1, 2, 4}, {{"tRNS", {0, 1, 0, 2, 0, 3}}})) ==
          values{0, 0, 0, 1, 2, 4});
    CHECK(picture_of(make_png(3, 2, 3, {2, 1, 0}, {three_colors, {"tRNS", {255, 0}}})) ==
          values{10, 20, 30, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("palettes are colours for a picture and numbers for a mask") {
    for (const int depth : {2, 4, 8}) {
        const file_bytes file = make_png(3, depth, 3, {0, 1, 2}, {three_colors});
        CHECK(picture_of(file) == values{0, 0, 0, 128, 0, 0, 10, 20, 30});
        CHECK(regions_of(file, 3) == values{0, 1, 2});
    }
    CHECK(regions_of(make_png(4, 1, 3, {0, 1, 1, 0}, {three_colors}), 2).empty()); // more colours than numbers
    CHECK(complaint(make_png(1, 8, 3, {3}, {three_colors})) == "damaged: a pixel's number is not in the palette");
    CHECK(complaint(make_png(1, 8, 3, {0})) == "damaged: no palette");
}

TEST_CASE("a mask is one region number per pixel, at any depth") {
    const values wanted{0, 1, 1, 0};
    CHECK(regions_of(make_png(4, 1, 0, {0, 1, 1, 0}), 2) == wanted);
    for (const int depth : {2, 4, 8, 16}) {
        const int white = (1 << depth) - 1;
        CHECK(regions_of(make_png(4, depth, 0, {0, 1, 1, 0}), 2) == wanted);
        CHECK(regions_of(make_png(4, depth, 0, {0, white, white, 0}), 2) == wanted);
        CHECK(regions_of(make_png(4, depth, 0, {0, 2, 2, 0}), 2).empty());
        CHECK(regions_of(make_png(4, depth, 0, {0, 1, white, 0}), 2).empty());
    }
    CHECK(regions_of(make_png(4, 16, 0, {0, 255, 255, 0}), 2) == wanted);
    CHECK(regions_of(make_png(4, 8, 3, {0, 255, 255, 0}, {{"PLTE", file_bytes(768)}}), 2) == wanted);
    CHECK(regions_of(make_png(4, 16, 0, {0, 255, 65535, 0}, {}), 2).empty());
    CHECK(regions_of(make_png(4, 8, 0, {0, 128, 255, 0}), 2).empty());
    CHECK(regions_of(make_png(4, 8, 0, {0, 2, 1, 0}), 3) == values{0, 2, 1, 0});
    CHECK(regions_of(make_png(4, 8, 0, {0, 255, 255, 0}), 3).empty());
    // Grey written as colour; colours; transparency.
    CHECK(regions_of(make_png(2, 8, 2, {0, 0, 0, 255, 255, 255}), 2) == values{0, 1});
    CHECK(regions_of(make_png(2, 8, 2, {0, 0, 0, 255, 0, 0}), 2).empty());
    CHECK(regions_of(make_png(2, 8, 4, {0, 255, 1, 255}), 2) == values{0, 1});
    CHECK(regions_of(make_png(2, 8, 4, {0, 0, 1, 255}), 2).empty());
}

TEST_CASE("a gamma that is not that of ordinary pictures is refused, unless a profile overrules it") {
    const auto gamma = [](std::uint32_t n) {
        png_chunk c{"gAMA", {}};
        put_big(c.body, n);
        return c;
    };
    CHECK(complaint(make_png(1, 8, 0, {1}, {gamma(45455)})).empty());
    CHECK(complaint(make_png(1, 8, 0, {1}, {gamma(100000)})) ==
          "a gamma of 100000 / 100000, where pictures have 45455: convert it");
    CHECK(complaint(make_png(1, 8, 0, {1}, {gamma(100000), {"sRGB", {0}}})).empty());
    CHECK(regions_of(make_png(1, 8, 0, {1}, {gamma(100000)}), 2) == values{1});
}

TEST_CASE("EXIF turns a picture and a mask upright") {
    // Stored as 1 2 3 / 4 5 6.
    const std::vector<int> samples{1, 2, 3, 4, 5, 6};
    const struct {
        int orientation, width;
        values upright;
    } all[] = {{1, 3, {1, 2, 3, 4, 5, 6}}, {2, 3, {3, 2, 1, 6, 5, 4}}, {3, 3, {6, 5, 4, 3, 2, 1}},
               {4, 3, {4, 5, 6, 1, 2, 3}}, {5, 2, {1, 4, 2, 5, 3, 6}}, {6, 2, {4, 1, 5, 2, 6, 3}},
               {7, 2, {6, 3, 5, 2, 4, 1}}, {8, 2, {3, 6, 2, 5, 1, 4}}, {9, 3, {1, 2, 3, 4, 5, 6}}};
    for (const auto& c : all) {
        CAPTURE(c.orientation);
        const file_bytes file = make_png(3, 8, 0, samples, {{"eXIf", make_exif(c.orientation)}});
        const auto p = decode_picture(file);
        REQUIRE(p);
        CHECK(p->width == c.width);
        CHECK(p->data == c.upright);
        CHECK(regions_of(file, 7) == c.upright);
    }
}

TEST_CASE("a bit that has flipped anywhere is found") {
    const file_bytes good = make_png(3, 8, 3, {0, 1, 2}, {three_colors, {"tEXt", {'a', 0, 'b'}}});
    REQUIRE(complaint(good).empty());
    for (std::size_t i = 8; i < good.size(); ++i) {
        file_bytes bad = good;
        bad[i] ^= 0x10;
        CAPTURE(i);
        CHECK_FALSE(complaint(bad).empty());
    }
    for (std::size_t length = 0; length < good.size(); ++length)
        CHECK_FALSE(decode_picture(std::span(good).first(length)));
}

TEST_CASE("a PNG with chunks in the wrong order, missing or unknown is refused") {
    const file_bytes body = stored(1, 8, 1, {5});
    const file_bytes head{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0};
    const auto file = [](std::initializer_list<png_chunk> chunks) {
        file_bytes out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
        for (const png_chunk& c : chunks) put_chunk(out, c);
        return out;
    };
    CHECK(complaint(file({{"IHDR", head}, {"IDAT", body}, {"IEND", {}}})).empty());
    CHECK(complaint(file({{"IDAT", body}, {"IEND", {}}})) == "damaged: the first chunk is not IHDR");
    CHECK(complaint(file({{"IHDR", head}, {"IEND", {}}})) == "damaged: no pixels");
    CHECK(complaint(file({{"IHDR", head}, {"IDAT", body}})) == "damaged: the file ends before its last chunk");
    CHECK(complaint(file({{"IHDR", head}, {"IHDR", head}, {"IDAT", body}, {"IEND", {}}})) == "damaged: two headers");
    CHECK(complaint(file({{"IHDR", head}, {"IDAT", body}, {"tEXt", {}}, {"IDAT", body}, {"IEND", {}}})) ==
          "damaged: the pixels are in two places");
    CHECK(complaint(file({{"IHDR", head}, {"ABCD", {}}, {"IDAT", body}, {"IEND", {}}})) ==
          "needs chunk ABCD, which is not known");
    CHECK(complaint(file({{"IHDR", head}, {"acTL", {}}, {"IDAT", body}, {"IEND", {}}})) ==
          "an animation, not a picture");
    CHECK_FALSE(complaint(file({{"IHDR", head}, {"IDAT", {body.begin(), body.end() - 7}}, {"IEND", {}}})).empty());
    CHECK_FALSE(complaint(file({{"IHDR", head}, {"IDAT", {}}, {"IEND", {}}})).empty());
}

TEST_CASE("sizes beyond the limits are named, with the limits") {
    const auto file = [](std::uint32_t width, std::uint32_t height) {
        file_bytes out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, head;
        put_big(head, width);
        put_big(head, height);
        head.insert(head.end(), {8, 0, 0, 0, 0});
        put_chunk(out, {"IHDR", head});
        return out;
    };
    const std::string limits = " pixels; at most 32768 on a side and 33554432 in all are read";
    CHECK(complaint(file(40000, 3)) == "40000 x 3" + limits);
    CHECK(complaint(file(3, 40000)) == "3 x 40000" + limits);
    CHECK(complaint(file(32767, 32767)) == "32767 x 32767" + limits);
    CHECK(complaint(file(0xffffffff, 0xffffffff)) == "4294967295 x 4294967295" + limits);
    CHECK(complaint(file(32769, 1)) == "32769 x 1" + limits);
    CHECK(complaint(file(32768, 1025)) == "32768 x 1025" + limits);
    CHECK(complaint(file(32768, 1024)).find(limits) == std::string::npos);
    CHECK(complaint(file(0, 3)) == "damaged: no pixels");
}

TEST_CASE("a TIFF's other tags reach no library, which would copy what each of them points to") {
    std::vector<std::uint8_t> file;
    const auto put = [&](std::uint32_t n, int bytes) {
        for (int i = 0; i < bytes; ++i) file.push_back(static_cast<std::uint8_t>(n >> (8 * i)));
    };
    const std::uint32_t large = 100'000, others = 50;
    file = {'I', 'I', 42, 0};
    put(8 + large, 4);
    for (std::uint32_t i = 0; i < large; ++i) file.push_back(static_cast<std::uint8_t>(i));
    const std::uint32_t tags[][2] = {{256, 8}, {257, 8}, {258, 8}, {259, 1}, {262, 1},
                                     {273, 8}, {277, 1}, {278, 8}, {279, 64}};
    put(9 + others, 2);
    for (const auto& [tag, value] : tags) put(tag, 2), put(4, 2), put(1, 4), put(value, 4);
    for (std::uint32_t i = 0; i < others; ++i) put(50'000 + i, 2), put(1, 2), put(large, 4), put(8, 4);
    put(0, 4);
    const auto facts = check_tiff(file);
    REQUIRE(facts);
    CHECK(facts->plain.size() == 8 + 64 + 2 + 10 * 12 + 4);
    if (reads_tiff()) {
        const auto p = decode_picture(file);
        REQUIRE(p);
        CHECK(std::equal(p->data.begin(), p->data.end(), file.begin() + 8));
    }
    // Nor is any list longer than strips can be many.
    const std::size_t bits = 8 + large + 2 + 2 * 12;
    for (const std::uint32_t count : {32768u, 32769u}) {
        for (std::size_t i = 0; i < 4; ++i) file[bits + 4 + i] = static_cast<std::uint8_t>(count >> (8 * i));
        file[bits + 2] = 3; // two bytes each
        CHECK(check_tiff(file).error().what.view() ==
              (count == 32768 ? "damaged: tag 258 has several numbers" : "damaged: tag 258 is no number"));
    }
}
