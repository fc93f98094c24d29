// Resizing equals Pillow's, and maps come back to a picture's own pixels.
#include "support/hex.hpp"
#include "support/maps.hpp"
#include "support/resize.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

using namespace support;

namespace {

using uml_test::from_hex;

int most_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    if (a.size() != b.size()) return 256;
    int most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}

reading two_regions(int height, int width, const std::vector<float>& lead) {
    reading r;
    r.height = height, r.width = width, r.regions = 2;
    for (const float m : lead) r.logits.insert(r.logits.end(), {0, m});
    r.pixel_vacuity.assign(lead.size(), 0.25f);
    return r;
}

} // namespace

TEST_CASE("resizing and grey conversion equal Pillow's") {
    std::ifstream file(UML_SOURCE_DIR "/tests/data/resize.txt");
    REQUIRE(file);
    int cases = 0, channels = 0, height = 0, width = 0, new_height = 0, new_width = 0;
    for (; file >> channels >> height >> width >> new_height >> new_width; ++cases) {
        CAPTURE(cases);
        std::string from, to, grey;
        file >> from >> to;
        picture p(height, width, channels);
        p.data = from_hex(from);
        // From version 13 on Pillow shrinks columns first where that is cheaper, which rounds in another order.
        const bool same_order = new_height * width >= new_width * height;
        CHECK(most_difference(resize(p, new_height, new_width).data, from_hex(to)) <= (same_order ? 0 : 1));
        if (channels == 1) continue;
        file >> grey;
        CHECK(to_grey(p).data == from_hex(grey));
    }
    CHECK(cases == 20);
}

TEST_CASE("float maps are resized with the same weights") {
    picture p(6, 5, 1);
    std::vector<float> map;
    for (std::size_t i = 0; i < p.pixels(); ++i) {
        p.data[i] = static_cast<std::uint8_t>(i * 37 % 256);
        map.push_back(p.data[i]);
    }
    for (const auto& [h, w] : {std::pair{6, 5}, {13, 11}, {4, 9}, {3, 2}}) {
        const picture expected = resize(p, h, w);
        resized_rows rows(map.data(), 6, 5, 1, h, w);
        for (int y = 0; y < h; ++y) {
            const float* row = rows.row(y);
            for (int x = 0; x < w; ++x) CHECK(std::fabs(row[x] - static_cast<float>(*expected.at(y, x))) <= 1);
        }
    }
}

TEST_CASE("a map at the picture's own size is not changed, and a tie goes to the lower region") {
    const pixel_maps maps = map_back(two_regions(2, 3, {1, -1, 0, -2, 3, 0.5f}), 2, 3);
    CHECK(maps.mask.data == std::vector<std::uint8_t>{1, 0, 0, 0, 1, 1});
    CHECK(maps.vacuity == std::vector<float>(6, 0.25f));
}

TEST_CASE("regions are counted, and their parts hang together over corners") {
    // #..#
    // .#..
    // ....
    // ..##
    reading r = two_regions(4, 4, {1, -1, -1, 1, -1, 1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 1});
    r.pixel_vacuity[0] = 0.75f;
    const auto regions = summarize(map_back(r, 4, 4), 2);
    CHECK(regions[0].pixels == 11);
    CHECK(regions[0].parts.empty());
    CHECK(regions[1].pixels == 5);
    CHECK(regions[1].share == doctest::Approx(5.0 / 16));
    CHECK(regions[1].mean_vacuity == doctest::Approx(0.35));
    REQUIRE(regions[1].parts.size() == 3);
    CHECK(regions[1].parts[0].pixels == 2);
    CHECK(regions[1].parts[0].mean_vacuity == doctest::Approx(0.5));
    CHECK(regions[1].parts[0].width == 2);
    CHECK(regions[1].parts[0].height == 2);
    CHECK(regions[1].parts[1].left == 2);
    CHECK(regions[1].parts[1].top == 3);
    CHECK(regions[1].parts[1].height == 1);
    CHECK(regions[1].parts[2].pixels == 1);
}

TEST_CASE("parts are followed in every direction") {
    // ..#..#
    // .#..#.
    // #...##
    const auto regions = summarize(
        map_back(two_regions(3, 6, {-1, -1, 1, -1, -1, 1, -1, 1, -1, -1, 1, -1, 1, -1, -1, -1, 1, 1}), 3, 6), 2);
    REQUIRE(regions[1].parts.size() == 2);
    CHECK(regions[1].parts[0].pixels == 4);
    CHECK(regions[1].parts[1].pixels == 3);
    CHECK(regions[1].parts[1].left == 0);
}

TEST_CASE("a region that is not there has no pixels and no mean") {
    const auto regions = summarize(map_back(two_regions(1, 2, {-1, -1}), 5, 8), 2);
    CHECK(regions[0].pixels == 40);
    CHECK(regions[1].pixels == 0);
    CHECK(regions[1].mean_vacuity == 0);
}

TEST_CASE("reliable pixels have at most the limit") {
    reading r = two_regions(1, 3, {1, 1, 1});
    r.pixel_vacuity = {0.2f, 0.5f, 0.50001f};
    CHECK(reliable_mask(map_back(r, 1, 3), 0.5).data == std::vector<std::uint8_t>{1, 1, 0});
}
