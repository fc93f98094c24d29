// Risk control and masks: by hand, and simulations of each promise.
#include "trust_draws.hpp"
#include "uml/trust.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace t = uml::trust;

TEST_CASE("risk control by hand") {
    const std::array<double, 4> loss{0, 0.05, 0.1, 0.3};
    const auto mean = [&](std::size_t j) { return loss[j]; };
    CHECK(t::control_risk(4, 19, mean, 0.15) == std::optional<std::size_t>(2)); // (19 * 0.1 + 1) / 20 = 0.145
    CHECK(t::control_risk(4, 19, mean, 0.05) == std::optional<std::size_t>(0)); // (0 + 1) / 20
    CHECK(t::control_risk(4, 18, mean, 0.05) == std::nullopt);
    CHECK(t::control_risk(4, 0, mean, 0.5) == std::nullopt);
    CHECK(t::hoeffding_bentkus(0, 299, 0.01) == doctest::Approx(std::pow(0.99, 299)));
    CHECK(t::hoeffding_bentkus(0.3, 100, 0.2) == 1);
    CHECK(t::hoeffding_bentkus(0, 0, 0.2) == 1);
    CHECK(t::learn_then_test(
              4, 299, [](std::size_t) { return 0.0; }, 0.01, 0.95) == std::optional<std::size_t>(3));
    CHECK(t::learn_then_test(
              4, 298, [](std::size_t) { return 0.0; }, 0.01, 0.95) == std::nullopt);
}

TEST_CASE("simulation: conformal risk control in expectation, Learn then Test with confidence") {
    // Loss of a unit at setting j: max(0, j / 100 - x), x exponential with mean 1 / 4; its expectation is exact.
    constexpr int trials = 400;
    constexpr std::size_t settings = 101;
    constexpr std::size_t n = 100;
    const auto expected = [](std::size_t j) {
        const double s = static_cast<double>(j) / 100;
        return s - (1 - std::exp(-4 * s)) / 4;
    };
    draws::generator random(3);
    double controlled = 0;
    int broken = 0;
    int bold = 0;
    for (int trial = 0; trial < trials; ++trial) {
        std::vector<double> x;
        for (std::size_t i = 0; i < n; ++i) x.push_back(random.exponential() / 4);
        const auto mean = [&](std::size_t j) {
            double sum = 0;
            for (const double v : x) sum += std::max(0.0, static_cast<double>(j) / 100 - v);
            return sum / static_cast<double>(n);
        };
        const auto crc = t::control_risk(settings, n, mean, 0.1);
        REQUIRE(crc);
        controlled += expected(*crc) / trials;
        const auto ltt = t::learn_then_test(settings, n, mean, 0.1, 0.9);
        if (!ltt) continue;
        broken += expected(*ltt) > 0.1 ? 1 : 0;
        bold += *ltt > 15 ? 1 : 0;
    }
    MESSAGE("risk control: ", controlled, " of 0.1; Learn then Test broken in ", broken, " of ", trials);
    CHECK(controlled <= 0.1);
    CHECK(controlled > 0.08);
    CHECK(broken <= (0.1 + draws::chance_of(0.1, trials)) * trials);
    CHECK(bold > trials / 2);
}

TEST_CASE("foreground probability") {
    const std::array<float, 2> logits{0, std::log(3.0F)};
    CHECK(t::foreground_probability(logits.data(), 2) == doctest::Approx(0.75));
    const std::array<float, 3> three{0, 0, 0};
    CHECK(t::foreground_probability(three.data(), 3) == doctest::Approx(2.0 / 3));
    const std::array<float, 2> far{-3000, 3000};
    CHECK(t::foreground_probability(far.data(), 2) == 1);
}

TEST_CASE("simulation: masks miss no more than promised, on average over patients") {
    constexpr int trials = 200;
    constexpr std::uint32_t units = 40;
    draws::generator random(9);
    const auto image = [&](bool hard, std::vector<float>& score, std::vector<bool>& truth) {
        score.clear();
        truth.clear();
        for (int p = 0; p < 40; ++p) {
            truth.push_back(p < 15);
            const double u = random.uniform();
            score.push_back(static_cast<float>(p < 15 ? (hard ? u : std::sqrt(std::sqrt(u))) : u * u));
        }
    };
    std::vector<float> score;
    std::vector<bool> truth;
    double missed = 0;
    for (int trial = 0; trial < trials; ++trial) {
        std::vector<double> curve(t::mask_levels + 1);
        for (std::uint32_t patient = 0; patient < units; ++patient) {
            const bool hard = random.chance(0.3);
            const int slices = hard ? 1 : 5;
            for (int s = 0; s < slices; ++s) {
                image(hard, score, truth);
                t::add_missed(std::span(curve), score, truth, 1.0 / slices);
            }
        }
        const auto rule = t::calibrate_mask_set(curve, units, 0.1);
        REQUIRE(rule);
        CHECK(rule->threshold > 0);
        for (int fresh = 0; fresh < 20; ++fresh) {
            image(random.chance(0.3), score, truth);
            int lost = 0;
            for (std::size_t p = 0; p < 15; ++p) lost += rule->contains(static_cast<double>(score[p])) ? 0 : 1;
            missed += lost / 15.0 / 20 / trials;
        }
    }
    MESSAGE("missed ", missed, " of 0.1");
    CHECK(missed <= 0.1 + 0.004);
    CHECK(missed > 0.06);
}

TEST_CASE("mask sets by hand: shares below a threshold, too few images, no foreground") {
    std::vector<double> curve(t::mask_levels + 1);
    const std::vector<float> score{0.25F, 0.5F, 1.0F, 0.0F};
    const std::vector<bool> truth{true, true, true, false};
    t::add_missed(std::span(curve), score, truth, 1);
    t::add_missed(std::span(curve), score, std::vector<bool>(4), 1); // nothing to miss
    CHECK(curve[250] == 0);
    CHECK(curve[251] == doctest::Approx(1.0 / 3)); // 0.25 is below 0.251, not below 0.25
    CHECK(curve[501] == doctest::Approx(1.0 / 3));
    CHECK(curve[1000] == 0); // 1 is below no threshold
    std::vector<double> one = curve;
    CHECK(t::calibrate_mask_set(one, 1, 0.4)->threshold == 0); // one image proves nothing
    CHECK(t::calibrate_mask_set(curve, 9, 0.1)->threshold == 0.25);
    CHECK_FALSE(t::calibrate_mask_set(one, 0, 0.1));
    CHECK_FALSE(t::calibrate_mask_set(one, 1, 0));
    CHECK_FALSE(t::calibrate_mask_set(std::span(one).first(5), 1, 0.1));
}
