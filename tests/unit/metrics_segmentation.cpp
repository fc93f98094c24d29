// Dice and surface distances against MedPy, the distance transform against brute force.
#include "metrics_oracle.hpp"
#include "uml/metrics/segmentation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace m = uml::metrics;

TEST_CASE("Dice, ASSD and HD95 equal MedPy's") {
    std::ifstream file = oracle::open("masks.txt");
    int height = 0;
    int width = 0;
    int pairs = 0;
    for (double dice = 0, assd = 0, hd95 = 0; file >> height >> width >> dice >> assd >> hd95; ++pairs) {
        CAPTURE(pairs);
        std::vector<std::uint8_t> a;
        std::vector<std::uint8_t> b;
        std::string row;
        for (int y = 0; y < height; ++y) {
            file >> row;
            REQUIRE(row.size() == static_cast<std::size_t>(width));
            for (const char c : row) {
                a.push_back((c - '0') & 1);
                b.push_back((c - '0') & 2);
            }
        }
        CHECK(m::dice(a, b) == doctest::Approx(dice).epsilon(1e-13));
        const m::surface_distance d = m::surface_distances(a, b, height, width);
        CHECK(d.assd == doctest::Approx(assd).epsilon(1e-13));
        CHECK(d.hd95 == doctest::Approx(hd95).epsilon(1e-13));
        const m::surface_distance swapped = m::surface_distances(b, a, height, width);
        CHECK(swapped.assd == doctest::Approx(assd).epsilon(1e-13));
        CHECK(swapped.hd95 == d.hd95);
    }
    CHECK(pairs == 9);
}

TEST_CASE("empty masks: Dice 1 for two, 0 for one; distances undefined") {
    const std::vector<std::uint8_t> empty(12);
    std::vector<std::uint8_t> one(12);
    one[5] = 1;
    CHECK(m::dice(empty, empty) == 1.0);
    CHECK(m::dice(empty, one) == 0.0);
    CHECK(std::isnan(m::dice(empty, std::vector<std::uint8_t>(11))));
    CHECK(std::isnan(m::surface_distances(empty, one, 3, 4).assd));
    CHECK(std::isnan(m::surface_distances(one, empty, 3, 4).hd95));
    CHECK(std::isnan(m::surface_distances(one, one, 3, 5).assd));
    CHECK(std::isnan(m::surface_distances(one, one, 3, 5).nsd));
    CHECK(m::surface_distances(empty, empty, 3, 4).nsd == 1);
    CHECK(m::surface_distances(empty, one, 3, 4).nsd == 0);
    CHECK(m::surface_distances(one, one, 3, 4).nsd == 1);
}

TEST_CASE("the distance transform is exact") {
    std::uint32_t state = 1;
    const auto random = [&state] { return (state = state * 1664525u + 1013904223u) >> 16; };
    for (int round = 0; round < 60; ++round) {
        const int height = 1 + static_cast<int>(random() % 19);
        const int width = 1 + static_cast<int>(random() % 23);
        std::vector<std::uint8_t> set(static_cast<std::size_t>(height * width));
        for (auto& s : set) s = random() % 17 == 0 ? 1 : 0;
        set[random() % set.size()] = 1;
        const auto fast = m::squared_distances(set, height, width);
        bool equal = true;
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                std::int64_t best = INT64_MAX;
                for (int v = 0; v < height; ++v)
                    for (int u = 0; u < width; ++u)
                        if (set[static_cast<std::size_t>(v * width + u)])
                            best = std::min<std::int64_t>(best, (x - u) * (x - u) + (y - v) * (y - v));
                equal = equal && fast[static_cast<std::size_t>(y * width + x)] == best;
            }
        CHECK_MESSAGE(equal, height << " x " << width);
    }
}
