// Figures of one region against naive ones (tests/data/make_metrics_oracle.py), and lesions by hand.
#include "metrics_oracle.hpp"
#include "uml/metrics.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

namespace m = uml::metrics;

namespace {

/// The numbers of a line, "nan" included, which streams do not read.
std::vector<double> numbers(const std::string& line) {
    std::vector<double> all;
    const char* at = line.c_str();
    for (char* end = nullptr;; at = end) {
        const double x = std::strtod(at, &end);
        if (end == at) return all;
        all.push_back(x);
    }
}

void same(double value, double expected) {
    if (std::isnan(expected))
        CHECK(std::isnan(value));
    else
        CHECK(std::abs(value - expected) <= 1e-12 * (1 + expected));
}

} // namespace

TEST_CASE("overlap, lesions and outlines of every region equal the naive ones") {
    std::ifstream file = oracle::open("regions.txt");
    std::string line;
    int pairs = 0;
    for (; std::getline(file, line); ++pairs) {
        CAPTURE(pairs);
        const auto size = numbers(line);
        REQUIRE(size.size() == 2);
        const int height = static_cast<int>(size[0]);
        const int width = static_cast<int>(size[1]);
        std::array<std::vector<double>, 2> expected;
        for (auto& e : expected) {
            REQUIRE(std::getline(file, line));
            e = numbers(line);
            REQUIRE(e.size() == 9);
        }
        std::vector<std::uint8_t> predicted;
        std::vector<std::uint8_t> truth;
        for (int y = 0; y < height; ++y) {
            REQUIRE(std::getline(file, line));
            for (const char c : line) {
                predicted.push_back(static_cast<std::uint8_t>((c - '0') % 3));
                truth.push_back(static_cast<std::uint8_t>((c - '0') / 3));
            }
        }
        for (int label = 1; label <= 2; ++label) {
            CAPTURE(label);
            const std::vector<double>& e = expected[static_cast<std::size_t>(label - 1)];
            const m::region_overlap o = m::overlap_of_region(predicted, truth, label);
            same(o.dice, e[0]);
            same(o.iou, e[1]);
            same(o.sensitivity, e[2]);
            same(o.specificity, e[3]);
            same(o.ppv, e[4]);
            same(m::match_lesions(predicted, truth, height, width, label).f1(), e[5]);
            std::vector<bool> a;
            std::vector<bool> b;
            for (std::size_t p = 0; p < truth.size(); ++p) {
                a.push_back(predicted[p] == label);
                b.push_back(truth[p] == label);
            }
            const m::surface_distance d = m::surface_distances(a, b, height, width, 0.5, 1.5);
            same(d.hd95_max, e[6]);
            same(d.hd, e[7]);
            same(d.nsd, e[8]);
            same(d.assd, 0.5 * m::surface_distances(a, b, height, width).assd);
            same(d.hd95, 0.5 * m::surface_distances(a, b, height, width).hd95);
        }
    }
    CHECK(pairs == 7);
}

TEST_CASE("lesions hang together over corners and are paired one to one") {
    const std::vector<int> truth{1, 0, 0, 0, 2, //
                                 0, 1, 0, 0, 2, //
                                 0, 0, 0, 1, 0};
    int count = 0;
    const auto number = m::lesions(truth, 3, 5, 1, &count);
    CHECK(count == 2);
    CHECK(number[0] == 1);
    CHECK(number[6] == 1);
    CHECK(number[13] == 2);
    CHECK(number[4] == 0);
    const std::vector<int> predicted{1, 0, 1, 0, 0, //
                                     0, 1, 0, 0, 0, //
                                     1, 0, 0, 0, 0};
    // All four predicted pixels hang together over corners: IoU 2 / 4.
    const m::lesion_match match = m::match_lesions(predicted, truth, 3, 5, 1);
    CHECK(match.found == 1);
    CHECK(match.missed == 1);
    CHECK(match.invented == 0);
    CHECK(match.f1() == doctest::Approx(2.0 / 3));
    CHECK(m::match_lesions(predicted, truth, 3, 5, 1, 0.6).found == 0);
    // IoU 3/5 and 1/5 for the first predicted lesion, 1/6 for the second, whose turn comes after a lesion that is
    // taken.
    const std::vector<int> three{1, 1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1}, two{1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0};
    const m::lesion_match late = m::match_lesions(two, three, 1, 13, 1);
    CHECK(late.found == 2);
    CHECK(late.missed == 1);
    CHECK(late.invented == 0);
    CHECK(std::isnan(m::match_lesions(predicted, predicted, 3, 5, 2).f1()));
    CHECK(m::match_lesions(predicted, truth, 3, 5, 2).f1() == 0);
    CHECK(std::isnan(m::overlap_of_region(predicted, std::vector<int>(3), 1).dice));
    CHECK(m::lesions(truth, 4, 5, 1).empty());
    CHECK(std::isnan(m::match_lesions(predicted, std::vector<int>(3), 3, 5, 1).f1()));
}

TEST_CASE("one pixel is a mask") {
    const std::vector<int> set{1}, empty{0};
    const m::region_overlap o = m::overlap_of_region(set, set, 1);
    CHECK(o.dice == 1);
    CHECK(o.iou == 1);
    CHECK(o.sensitivity == 1);
    CHECK(o.ppv == 1);
    CHECK(std::isnan(o.specificity));
    CHECK(m::overlap_of_region(empty, empty, 1).specificity == 1);
    CHECK(m::overlap_of_region(empty, empty, 1).dice == 1);
    CHECK(m::lesions(set, 1, 1, 1) == set);
    CHECK(m::match_lesions(set, set, 1, 1, 1).f1() == 1);
    CHECK(m::dice(set, set) == 1);
    CHECK(m::outline(set, 1, 1) == std::vector<bool>{true});
    CHECK(m::surface_distances(set, set, 1, 1).hd == 0);
    const std::vector<bool> left{true, false, false},
        right{false, false, true}; // a pixel is 1 wide, and so is the limit
    CHECK(m::surface_distances(left, right, 1, 3).hd == 2);
    CHECK(m::surface_distances(left, right, 1, 3).nsd == 0);
    const std::vector<bool> block(64, true), corner = m::outline(std::vector<bool>(64, true), 8, 8);
    CHECK(m::surface_distances(block, corner, 8, 8).hd == 0); // sizes that fill machine words to the last bit
}
