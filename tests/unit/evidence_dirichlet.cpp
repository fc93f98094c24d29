// What a Dirichlet says, against values in 40 digits; checked and unchecked views; maps over pixels.
#include "metrics_oracle.hpp"
#include "uml/evidence.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace {

constexpr std::array<double, 3> some_alpha{3, 1, 2};
constexpr uml::dirichlet<double> some(some_alpha);
static_assert(some.classes() == 3 && some.strength() == 6 && some.vacuity() == 0.5);
static_assert(some.alpha(2) == 2 && some.evidence(2) == 1 && some.belief(0) == 2.0 / 6 && some.probability(0) == 0.5);
static_assert(some.predicted() == 0 && some.max_probability() == 0.5 && some.variance(0) == 0.25 / 7);

template <class T> void matches_the_exact_values(double tolerance) {
    for (const auto& row : oracle::table("dirichlet.txt")) {
        const auto classes = static_cast<std::size_t>(row[0]);
        std::vector<T> alpha;
        for (std::size_t k = 0; k < classes; ++k) alpha.push_back(static_cast<T>(row[k + 1]));
        const double* const expected = row.data() + classes + 1;
        const uml::dirichlet d(alpha);
        CAPTURE(row);
        const auto same = [&](T value, double exact) {
            CHECK(std::abs(static_cast<double>(value) - exact) <= tolerance * (std::abs(exact) + 1e-3));
        };
        same(d.vacuity(), expected[0]);
        same(d.dissonance(), expected[1]);
        same(d.entropy(), expected[2]);
        same(d.expected_entropy(), expected[3]);
        same(d.mutual_information(), expected[4]);
        same(d.variance(0), expected[5]);
        // Small values keep their leading digits: nothing cancels.
        CHECK(static_cast<double>(d.mutual_information()) == doctest::Approx(expected[4]).epsilon(tolerance * 10));

        T masses = d.vacuity();
        T probabilities = 0;
        for (int k = 0; k < d.classes(); ++k) {
            CHECK(d.belief(k) >= 0);
            masses += d.belief(k);
            probabilities += d.probability(k);
        }
        same(masses, 1);
        same(probabilities, 1);
    }
}

} // namespace

TEST_CASE_TEMPLATE("measures equal their exact values", T, float, double) {
    matches_the_exact_values<T>(sizeof(T) == 4 ? 2e-5 : 1e-12);
}

TEST_CASE("digamma") {
    for (const auto& row : oracle::table("digamma.txt")) {
        CAPTURE(row[0]);
        CHECK(std::abs(uml::digamma(row[0]) - row[1]) <= 4e-16 * (std::abs(row[1]) + 5));
        CHECK(std::abs(uml::digamma_minus_log(row[0]) - row[2]) <= 2e-14 * std::abs(row[2]));
        CHECK(uml::digamma(static_cast<float>(row[0])) == doctest::Approx(row[1]).epsilon(1e-5));
    }
}

TEST_CASE("no evidence at all: everything is vacuous, nothing dissonant") {
    const std::vector<float> evidence(5, 0.0F);
    const auto d = uml::dirichlet<float>::from_evidence(evidence);
    CHECK(d.vacuity() == 1.0F);
    CHECK(d.dissonance() == 0.0F);
    CHECK(d.belief(4) == 0.0F);
    CHECK(d.probability(3) == 0.2F);
    CHECK(d.predicted() == 0);
    CHECK(d.entropy() == doctest::Approx(std::log(5.0)));
}

TEST_CASE("dissonance is high for balanced evidence and 0 for evidence on one side") {
    const std::array<double, 3> one_sided{100, 0, 0};
    const std::array<double, 3> balanced{100, 100, 0};
    CHECK(uml::dirichlet<double>::from_evidence(one_sided).dissonance() == 0.0);
    CHECK(uml::dirichlet<double>::from_evidence(balanced).dissonance() == doctest::Approx(200.0 / 203));
}

TEST_CASE("tiny evidence is not lost beside the 1 of alpha") {
    const std::array<float, 2> evidence{1e-12F, 3e-12F};
    const auto d = uml::dirichlet<float>::from_evidence(evidence);
    CHECK(d.belief(1) == doctest::Approx(1.5e-12));
    CHECK(d.predicted() == 1);
    CHECK(d.dissonance() > 0.0F);
}

TEST_CASE("the softmax of alpha is an option of its own") {
    const std::array<double, 2> alpha{1, 3};
    const uml::dirichlet d(alpha);
    CHECK(d.probability(1) == 0.75);
    CHECK(d.softmax_of_alpha(1) == doctest::Approx(1 / (1 + std::exp(-2.0))));
    const std::array<float, 2> large{1, 1e6F};
    CHECK(uml::dirichlet(large).softmax_of_alpha(1) == 1.0F);
}

TEST_CASE("strides and planes") {
    const std::array<float, 6> memory{1, 10, 2, 20, 3, 30};
    const uml::dirichlet<float> even(std::span<const float>(memory).first(5), 2);
    CHECK(even.classes() == 3);
    CHECK(even.strength() == 6.0F);
    const uml::dirichlet odd(memory.data() + 1, 3, 2);
    CHECK(odd.strength() == 60.0F);
}

TEST_CASE("make refuses what is no Dirichlet") {
    using d = uml::dirichlet<double>;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(d::make(std::array<double, 2>{1, 1}).has_value());
    CHECK(d::make(std::array<double, 2>{0, 0}, 1, uml::holds::evidence).has_value());
    CHECK_FALSE(d::make(std::array<double, 1>{1}).has_value());
    CHECK_FALSE(d::make({}).has_value());
    CHECK_FALSE(d::make(std::array<double, 2>{1, 0.999}).has_value());
    CHECK_FALSE(d::make(std::array<double, 2>{1, -0.001}, 1, uml::holds::evidence).has_value());
    CHECK_FALSE(d::make(std::array<double, 2>{1, 1}, 0).has_value());
    CHECK_FALSE(d::make(std::array<double, 3>{1, 1, 1}, 3).has_value());
    CHECK(d::make(std::array<double, 2>{1, nan}).error().code == uml::errc::not_finite);
    CHECK(d::make(std::array<double, 2>{infinity, 1}).error().code == uml::errc::not_finite);
    CHECK(d::make(std::array<double, 2>{1e308, 1e308}).error().code == uml::errc::not_finite);
    CHECK(d::make(std::array<double, 2>{1, nan}).error().what == "Dirichlet: class 1 is not a finite number");
}

TEST_CASE("maps over pixels read every class of every pixel and nothing between") {
    constexpr int height = 2;
    constexpr int width = 3;
    constexpr int classes = 3;
    constexpr int step = 7;
    std::vector<float> memory(height * width * step, std::numeric_limits<float>::quiet_NaN());
    const uml::tensor_view<float> alpha{memory.data() + 2, height, width, classes, step};
    for (int p = 0; p < height * width; ++p)
        for (int k = 0; k < classes; ++k) alpha.pixel(p)[k] = 1.0F + static_cast<float>((p * 5 + k * 3) % 7);
    std::vector<float> out(height * width);
    std::vector<std::uint8_t> labels(height * width);

    const auto at = [&](std::size_t p) {
        return uml::dirichlet<float>(alpha.pixel(static_cast<std::int64_t>(p)), classes);
    };
    REQUIRE(uml::vacuity_map(alpha, out));
    for (std::size_t p = 0; p < out.size(); ++p) CHECK(out[p] == at(p).vacuity());
    REQUIRE(uml::dissonance_map(alpha, out));
    for (std::size_t p = 0; p < out.size(); ++p) CHECK(out[p] == doctest::Approx(at(p).dissonance()).epsilon(1e-5));
    REQUIRE(uml::entropy_map(alpha, out));
    for (std::size_t p = 0; p < out.size(); ++p) CHECK(out[p] == doctest::Approx(at(p).entropy()).epsilon(1e-5));
    REQUIRE(uml::mutual_information_map(alpha, out));
    for (std::size_t p = 0; p < out.size(); ++p)
        CHECK(out[p] == doctest::Approx(at(p).mutual_information()).epsilon(1e-5));
    REQUIRE(uml::probability_map(alpha, 1, out));
    for (std::size_t p = 0; p < out.size(); ++p) CHECK(out[p] == at(p).probability(1));
    REQUIRE(uml::predicted_map(alpha, labels));
    for (std::size_t p = 0; p < out.size(); ++p) CHECK(labels[p] == at(p).predicted());

    const uml::tensor_view<const float> evidence{alpha.data, height, width, classes, step};
    REQUIRE(uml::vacuity_map(evidence, out, uml::holds::evidence));
    CHECK(out[0] == 3 / (at(0).strength() + 3));

    std::vector<float> small(height * width - 1);
    CHECK(uml::vacuity_map(alpha, small).error().code == uml::errc::too_small);
    CHECK_FALSE(uml::probability_map(alpha, 3, out));
    CHECK_FALSE(uml::vacuity_map(uml::tensor_view<const float>{}, out));
    CHECK_FALSE(uml::vacuity_map(uml::tensor_view<float>{memory.data(), 2, 3, 1, 7}, out));
    CHECK_FALSE(uml::vacuity_map(uml::tensor_view<float>{memory.data(), 2, 3, 3, 2}, out));
    CHECK_FALSE(uml::vacuity_map(uml::tensor_view<float>{memory.data(), 0, 3, 3, 7}, out));
    CHECK_FALSE(uml::vacuity_map(uml::tensor_view<float>{memory.data(), 2, 0, 3, 7}, out));
    CHECK_FALSE(uml::probability_map(alpha, -1, out));
}

TEST_CASE("the smallest map: one pixel, two classes, nothing between, room for no more") {
    const std::array<float, 2> alpha{3, 1};
    const uml::tensor_view<const float> map{alpha.data(), 1, 1, 2, 2};
    std::array<float, 1> out{};
    REQUIRE(uml::vacuity_map(map, out));
    CHECK(out[0] == 0.5F);
    REQUIRE(uml::probability_map(map, 0, out));
    CHECK(out[0] == 0.75F);
    REQUIRE(uml::probability_map(map, 1, out));
    CHECK(out[0] == 0.25F);
}

TEST_CASE("an opinion of a Dirichlet has equal base rates, whatever they were before") {
    const std::array<float, 3> alpha{4, 1, 1};
    std::array<float, 4> masses{};
    std::array<float, 3> rates{0.5F, 0.25F, 0.25F};
    uml::opinion<float>(masses, rates).assign(uml::dirichlet(alpha));
    CHECK(rates == std::array{1 / 3.F, 1 / 3.F, 1 / 3.F});
    CHECK(masses == std::array{0.5F, 0.F, 0.F, 0.5F});
}
