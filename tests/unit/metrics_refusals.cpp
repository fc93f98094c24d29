// Metrics of what does not fit together, of ties and of values that are not there: none is made up.
#include "uml/metrics.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace m = uml::metrics;
using std::isnan;
using list = std::vector<int>;
using numbers = std::vector<double>;
using truths = std::vector<bool>;

TEST_CASE("labels and predictions of different counts, or outside the classes, give nothing") {
    CHECK(m::confusion(list{0}, list{0, 0}, 1).empty());
    CHECK(m::confusion(list{1}, list{0}, 1).empty());
    CHECK(m::confusion(list{0}, list{1}, 1).empty());
    CHECK(m::confusion(list{-1}, list{0}, 1).empty());
    CHECK(m::confusion(list{0}, list{0}, 1) == std::vector<std::size_t>{1});
    CHECK(isnan(m::accuracy(list{1}, list{1, 1})));
    CHECK(isnan(m::accuracy(list{}, list{})));
    CHECK(m::accuracy(list{1, 0}, list{1, 1}) == 0.5);
}

TEST_CASE("the AUC needs a row of probabilities for every label, and labels that are classes") {
    CHECK(isnan(m::auc(list{0, 1}, numbers{0.8, 0.2, 0.3}, 2)));
    CHECK(isnan(m::auc(list{0, 1, 2}, numbers{0.8, 0.2, 0.3, 0.7, 0.5, 0.5}, 2)));
    CHECK(isnan(m::auc(list{0, 2}, numbers{0.8, 0.2, 0.3, 0.7}, 2)));
    CHECK(m::auc(list{0, 1}, numbers{0.8, 0.2, 0.3, 0.7}, 2) == 1);
}

TEST_CASE("probabilities that are none, and labels that are no classes, give nothing, whichever class they are of") {
    const std::vector<int> labels{0, 1, 2, 1};
    const std::vector<double> right{.5, .25, .25, .25, .5, .25, 0, 0, 1, .25, .75, 0};
    const auto all = [](const std::vector<int>& l, const std::vector<double>& p) {
        return std::array{m::auc(l, p, 3), m::ece_classwise(l, p, 3), m::brier(l, p, 3),
                          m::negative_log_likelihood(l, p, 3)};
    };
    for (const double v : all(labels, right)) CHECK_FALSE(std::isnan(v));
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    for (std::size_t at = 0; at < right.size(); ++at)
        for (const double wrong : {nan, infinity, -infinity, -0.25, 1.25, 255.}) {
            std::vector<double> spoilt = right;
            spoilt[at] = wrong;
            const auto found = all(labels, spoilt);
            CHECK(std::isnan(found[0]) == std::isnan(wrong)); // any score orders
            for (std::size_t k = 1; k < found.size(); ++k) CHECK(std::isnan(found[k]));
        }
    for (const int wrong : {-1, 3, 255})
        for (std::size_t at = 0; at < labels.size(); ++at) {
            std::vector<int> spoilt = labels;
            spoilt[at] = wrong;
            for (const double v : all(spoilt, right)) CHECK(std::isnan(v));
        }
}

TEST_CASE("a ROC curve needs both kinds, and has one point for equal scores, the last ones too") {
    CHECK(m::roc_curve(numbers{0.1, 0.2}, truths{false, false}).empty());
    CHECK(m::roc_curve(numbers{0.1, 0.2}, truths{true, true}).empty());
    CHECK(m::roc_curve(numbers{0.9, 0.1, 0.1}, truths{true, false, true}).size() == 3);
    // Of two negatives one is beaten, one has the positive's score.
    CHECK(m::auroc(numbers{0.9, 0.9, 0.1}, truths{true, false, false}) == 0.75);
}

TEST_CASE("a mean leaves out what is undefined, wherever it stands") {
    CHECK(m::mean(numbers{1, m::undefined, 3}) == 2);
    CHECK(isnan(m::mean(numbers{m::undefined})));
}

TEST_CASE("masks without extent have no lesions and no distances") {
    for (const auto& [height, width] : std::vector<std::pair<int, int>>{{0, 5}, {5, 0}, {0, 0}, {-1, -1}}) {
        const truths none(height == -1 ? 1u : 0u);
        CHECK(isnan(m::surface_distances(none, none, height, width).nsd));
        int count = 7;
        CHECK(m::lesions(list(none.size()), height, width, 1, &count).empty());
        CHECK(count == 7);
    }
}

TEST_CASE("of lesions that overlap equally the first true one takes the first predicted one") {
    const list predicted{0, 0, 1, 0, 0, //
                         0, 1, 0, 0, 0, //
                         1, 0, 0, 0, 1, //
                         0, 0, 0, 0, 1, //
                         0, 0, 0, 0, 1};
    const list truth{0, 0, 1, 0, 0, //
                     0, 0, 0, 1, 0, //
                     1, 0, 0, 0, 1, //
                     1, 0, 0, 0, 0, //
                     1, 0, 0, 0, 0};
    // A fifth of each pair is shared. Had another pair been the first, two would be found.
    const m::lesion_match match = m::match_lesions(predicted, truth, 5, 5, 1);
    CHECK(match.found == 1);
    CHECK(match.missed == 1);
    CHECK(match.invented == 1);
}

TEST_CASE("lesions that do not touch are no pair, however little is asked for") {
    const m::lesion_match match = m::match_lesions(list{1, 0, 0}, list{0, 0, 1}, 1, 3, 1, 0);
    CHECK(match.found == 0);
    CHECK(match.missed == 1);
    CHECK(match.invented == 1);
}

TEST_CASE("fifteen bins, and the bootstrap's seed of 0, unless it is told otherwise") {
    CHECK(m::reliability(numbers{0.5}, truths{true}).size() == 15);
    const std::vector<std::uint32_t> groups{1, 1, 2, 3, 5, 8, 9};
    const auto sum = [](std::span<const std::size_t> images) {
        double all = 0;
        for (const std::size_t i : images) all += static_cast<double>(i * i * i);
        return all;
    };
    const m::interval plain = m::bootstrap95_by_group(groups, sum, 100),
                      told = m::bootstrap95_by_group(groups, sum, 100, 0),
                      other = m::bootstrap95_by_group(groups, sum, 100, 1);
    CHECK(plain.low == told.low);
    CHECK(plain.high == told.high);
    CHECK((plain.low != other.low || plain.high != other.high));
}
