// Evidence at its limits, to the exact value: bounds that are still allowed, firsts of equals, defaults, more numbers
// than fit a block.
#include "uml/evidence/dirichlet.hpp"
#include "uml/evidence/familiarity.hpp"
#include "uml/evidence/fuse_pixels.hpp"
#include "uml/evidence/fusion.hpp"
#include "uml/evidence/opinion.hpp"
#include "uml/evidence/scaled.hpp"
#include "uml/evidence/screening.hpp"
#include "uml/evidence/temperature.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using uml::fusion_rule;
using uml::opinion;
using uml::scaled;
using numbers = std::vector<double>;

namespace {

bool made(numbers masses) { return opinion<double>::make(masses).has_value(); }

opinion<double> of(numbers& masses) { return opinion<double>(masses); }

} // namespace

TEST_CASE("masses may be 0 and 1, and sum to 1 within a ten-thousandth") {
    CHECK(made({0, 1, 0}));
    CHECK_FALSE(made({1.00005, 0, 0})); // the sum would do
    CHECK_FALSE(made({1, -0.5, 0.5}));
    CHECK_FALSE(made({std::numeric_limits<double>::quiet_NaN(), 0.5, 0.5}));
    CHECK(made({0, 0, 1 - 1e-4}));
    CHECK(made({1e-4, 1, 0}));
    CHECK_FALSE(made({0, 0, 1 - 1.1e-4}));
    CHECK_FALSE(made({1.1e-4, 1, 0}));
}

TEST_CASE("the most probable class is the first of equals, and never the vacuity") {
    numbers second{0.1, 0.2, 0.7}, last{0.1, 0.2, 0.4, 0.3}, equal{0.3, 0.3, 0.4};
    CHECK(of(second).predicted() == 1);
    CHECK(of(last).predicted() == 2);
    CHECK(of(equal).predicted() == 0);
}

TEST_CASE("a Dirichlet's parameters between 1 and 2, and base rates that are 1 / K but for the last bit") {
    numbers masses{0.2, 0, 0.8}, alpha(3);
    REQUIRE(of(masses).write_alpha(alpha));
    CHECK(alpha[0] == 1.5);
    CHECK(alpha[1] == 1);
    const double third = 1.0 / 3, below = std::nextafter(third, 0);
    REQUIRE(3 * below < 1);
    numbers vacuous{0, 0, 0, 1}, rates{below, third, 1 - below - third};
    REQUIRE(opinion<double>(vacuous, rates).write_alpha(alpha));
    CHECK(alpha[0] == 1);
}

TEST_CASE("the first opinions of a table") {
    numbers memory(3 * 4);
    const uml::opinion_table<double> table(memory, 2);
    CHECK(table.size() == 4);
    CHECK(table.first(2).size() == 2);
    CHECK(table.first(4).size() == 4);
}

TEST_CASE("a dogmatic source decides, wherever it stands") {
    for (std::size_t at = 0; at < 3; ++at)
        for (const fusion_rule rule : {fusion_rule::cumulative, fusion_rule::averaging, fusion_rule::weighted}) {
            CAPTURE(at);
            numbers memory{0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.25, 0.25, 0.5}, out(3);
            memory[3 * at] = 0.875, memory[3 * at + 1] = 0.125, memory[3 * at + 2] = 0;
            const auto conflict = uml::fuse(rule, uml::opinion_table<double>(memory, 2), of(out));
            REQUIRE(conflict);
            CHECK(*conflict == 0);
            CHECK(out == numbers{0.875, 0.125, 0});
        }
}

TEST_CASE("the result may stand in the place of any source") {
    const numbers given{0.5, 0.25, 0.25, 0.125, 0.375, 0.5, 0.25, 0.5, 0.25};
    for (const fusion_rule rule : {fusion_rule::cumulative, fusion_rule::averaging, fusion_rule::weighted}) {
        numbers apart = given, expected(3);
        REQUIRE(uml::fuse(rule, uml::opinion_table<double>(apart, 2), of(expected)));
        for (std::size_t at = 0; at < 3; ++at) {
            CAPTURE(at);
            numbers memory = given;
            const uml::opinion_table<double> sources(memory, 2);
            REQUIRE(uml::fuse(rule, sources, sources[at]));
            for (std::size_t k = 0; k < 3; ++k) CHECK(std::abs(memory[3 * at + k] - expected[k]) <= 1e-15);
        }
    }
}

TEST_CASE("every source is checked, the first too") {
    numbers out(3);
    for (std::size_t at = 0; at < 2; ++at) {
        numbers memory{0.5, 0.25, 0.25, 0.5, 0.25, 0.25};
        memory[3 * at] = 0.75;
        CHECK_FALSE(uml::fuse(fusion_rule::cumulative, uml::opinion_table<double>(memory, 2), of(out)));
    }
    numbers alpha{std::numeric_limits<double>::quiet_NaN(), 2};
    CHECK_FALSE(uml::dirichlet<double>::make(std::span<const double>(alpha)));
    alpha[0] = 0.5;
    CHECK_FALSE(uml::dirichlet<double>::make(std::span<const double>(alpha)));
    alpha[0] = 1;
    CHECK(uml::dirichlet<double>::make(std::span<const double>(alpha)));
}

TEST_CASE("one map, with nothing between its pixels, is fused to its own opinion") {
    const numbers alpha{4, 1};
    numbers masses(3), scratch(3);
    const std::array<uml::tensor_view<const double>, 1> maps{uml::tensor_view<const double>{alpha.data(), 1, 1, 2, 2}};
    const std::span<const uml::tensor_view<const double>> all(maps);
    REQUIRE(uml::fuse_pixels(fusion_rule::cumulative, all, std::span<double>(scratch),
                             uml::tensor_view<double>{masses.data(), 1, 1, 3, 3}));
    CHECK(std::abs(masses[0] - 0.6) <= 1e-15);
    CHECK(masses[1] == 0);
    CHECK(std::abs(masses[2] - 0.4) <= 1e-15);
    const auto small = uml::fuse_pixels(fusion_rule::cumulative, all, std::span<double>(scratch).first(2),
                                        uml::tensor_view<double>{masses.data(), 1, 1, 3, 3});
    REQUIRE_FALSE(small);
    CHECK(small.error().what == "pixel fusion: scratch memory of 2 elements, 3 are needed");
}

TEST_CASE("a tempered vacuity counts the evidence of every class") {
    const numbers alpha{4, 2};
    CHECK(uml::tempered_vacuity(uml::dirichlet<double>(std::span<const double>(alpha)), 1) == 2.0 / 6);
    CHECK(uml::tempered_vacuity(uml::dirichlet<double>(std::span<const double>(alpha)), 4) == 8.0 / 12);
}

TEST_CASE("what nobody has set accepts nothing and knows no kind") {
    const uml::screening none;
    CHECK(none.image_vacuity == 0);
    CHECK(none.pixel_vacuity == 0);
    CHECK(none.image_distance == 0);
    const uml::familiarity_model nothing;
    CHECK(nothing.residual == 1);
    CHECK(nothing.threshold == 0);
}

TEST_CASE("numbers of any magnitude: sums and ratios across their blocks are exact") {
    const auto power = [](int n) { return std::ldexp(1.0, n); };
    using S = scaled<double>;
    CHECK((S(power(-250)) + S(power(-270))) / S(power(-250)) == 1 + power(-20));
    CHECK((S(power(-270)) + S(power(-250))) / S(power(-250)) == 1 + power(-20));
    CHECK(S(power(-300)) / S(1) == power(-300));
    CHECK(S(power(-400)) * S(power(-400)) / S(1) == power(-800));
    CHECK(S(power(-400)) * S(power(-400)) * S(power(-400)) / S(1) == 0);
    CHECK(S(power(300)) / S(1) == power(300));
    CHECK(S(power(300)) / S(power(-300)) == power(600));
    CHECK((S(power(255)) * S(power(255))) / S(power(255)) == power(255));
}

namespace {

/// Statistics of D features in which direction q is (0.6, 0.8) of the features 2q and 2q + 1.
struct statistics {
    std::vector<float> mean, scale, variances;
    std::vector<uml::f16> directions;
    uml::familiarity_model f;

    statistics(std::size_t d, std::size_t q) : mean(d), scale(d), variances(q), directions(d * q) {
        for (std::size_t i = 0; i < d; ++i)
            mean[i] = static_cast<float>(i % 7) / 64, scale[i] = 0.5f + static_cast<float>(i % 5) / 16;
        for (std::size_t k = 0; k < q; ++k) {
            variances[k] = 1 + static_cast<float>(k % 3);
            directions[k * d + 2 * k] = uml::to_f16(0.6f), directions[k * d + 2 * k + 1] = uml::to_f16(0.8f);
        }
        f = {mean, scale, directions, variances, 2, 1};
    }

    /// As the definition says it, one sum after the other.
    [[nodiscard]] double distance(const numbers& x) const {
        double norm = 0, rest = 0, explained = 0;
        for (const double v : x) norm += v * v;
        numbers z;
        for (std::size_t i = 0; i < x.size(); ++i)
            z.push_back((x[i] / std::sqrt(norm) - static_cast<double>(mean[i])) / static_cast<double>(scale[i]));
        for (const double v : z) rest += v * v;
        for (std::size_t k = 0; k < variances.size(); ++k) {
            double along = 0;
            for (std::size_t i = 0; i < z.size(); ++i)
                along += z[i] * static_cast<double>(uml::to_f32(directions[k * z.size() + i]));
            explained += along * along / static_cast<double>(variances[k]);
            rest -= along * along;
        }
        return std::sqrt((explained + rest / 2) / static_cast<double>(x.size()));
    }
};

} // namespace

TEST_CASE("distances of few and of many features, along none, one and more directions than a block has") {
    for (const auto& size : std::vector<std::array<std::size_t, 2>>{
             {1, 0}, {5, 0}, {5, 2}, {64, 3}, {65, 32}, {128, 64}, {130, 64}, {131, 65}, {300, 129}}) {
        const std::size_t d = size[0], q = size[1];
        CAPTURE(d);
        CAPTURE(q);
        const statistics s(d, q);
        numbers x;
        for (std::size_t i = 0; i < d; ++i) x.push_back(1 + static_cast<double>(i * i % 11));
        REQUIRE(s.f.check());
        const auto distance = s.f.distance(std::span<const double>(x));
        REQUIRE(distance);
        CHECK(std::abs(*distance - s.distance(x)) <= 1e-13 * s.distance(x));
    }
}

TEST_CASE("statistics at the bounds of what is plausible, and beyond") {
    const auto holds = [](auto change) {
        statistics s(5, 2);
        change(s);
        s.f.mean = s.mean, s.f.scale = s.scale, s.f.variances = s.variances, s.f.directions = s.directions;
        return s.f.check().has_value();
    };
    CHECK(holds([](statistics&) {}));
    CHECK(holds([](statistics& s) { s.f.residual = 5000, s.f.threshold = 100; }));
    CHECK_FALSE(holds([](statistics& s) { s.f.residual = 5001; }));
    CHECK_FALSE(holds([](statistics& s) { s.f.threshold = 101; }));
    CHECK(holds([](statistics& s) { s.mean[3] = -1, s.scale[3] = 1, s.variances[1] = 5000; }));
    CHECK_FALSE(holds([](statistics& s) { s.mean[3] = 1.25f; }));
    CHECK_FALSE(holds([](statistics& s) { s.scale[3] = 1.25f; }));
    CHECK_FALSE(holds([](statistics& s) { s.variances[1] = 5001; }));
    CHECK_FALSE(holds([](statistics& s) { s.variances[1] = 0; }));
    CHECK_FALSE(holds([](statistics& s) { s.mean[0] = std::numeric_limits<float>::quiet_NaN(); }));
    CHECK_FALSE(holds([](statistics& s) { s.scale[0] = 0; }));
    CHECK_FALSE(holds([](statistics& s) { s.directions[5 + 2] = uml::to_f16(2); }));
    CHECK_FALSE(holds([](statistics& s) { s.variances.assign(5, 1), s.directions.assign(25, uml::to_f16(0.45f)); }));
}
