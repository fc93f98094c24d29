// Tempered probabilities and the fit of their temperature.
#include "trust_draws.hpp"
#include "uml/trust.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

namespace t = uml::trust;

TEST_CASE("the temperature that made the labels is found, and the probabilities fit") {
    draws::generator random(77);
    for (const double temperature : {0.2, 1.0, 8.0}) {
        CAPTURE(temperature);
        std::vector<float> evidence;
        std::vector<int> labels;
        for (int i = 0; i < 4000; ++i) {
            std::array<float, 3> e{};
            for (float& x : e) x = static_cast<float>(random.exponential() * random.exponential() * 10);
            const uml::dirichlet<float> d(e.data(), 3, 1, uml::holds::evidence);
            const double draw = random.uniform();
            const auto first = static_cast<double>(uml::tempered_probability(d, 0, temperature));
            const auto second = static_cast<double>(uml::tempered_probability(d, 1, temperature));
            labels.push_back(draw < first ? 0 : draw < first + second ? 1 : 2);
            evidence.insert(evidence.end(), e.begin(), e.end());
        }
        const auto fitted = t::fit_temperature<float>(evidence, 3, labels);
        REQUIRE(fitted);
        CHECK(*fitted == doctest::Approx(temperature).epsilon(0.15));
        const auto nll = [&](double at) { // with the prior
            return t::tempered_nll<float>(evidence, 3, labels, at) + std::log(at) * std::log(at) / (2 * 4000.0);
        };
        CHECK(nll(*fitted) <= nll(*fitted * 1.01));
        CHECK(nll(*fitted) <= nll(*fitted / 1.01));
    }
    // Right answers alone ask for no certainty: at T the loss is log(1 + 2 T / 9) and the prior's share.
    const std::vector<float> sure{0, 9, 9, 0, 0, 9};
    const auto fitted = t::fit_temperature<float>(sure, 2, std::array{1, 0, 1});
    REQUIRE(fitted);
    const auto slope = [&](double at) { // of the loss, by log T: 2 T / (9 + 2 T) - T / (9 + T) + log T / 3
        return 2 * at / (9 + 2 * at) - at / (9 + at) + std::log(at) / 3;
    };
    CHECK(std::abs(slope(*fitted)) < 1e-6);
    CHECK(*fitted > 0.5);
    const std::vector<float> rows{1, 2, 3, 4};
    CHECK_FALSE(t::fit_temperature<float>(rows, 2, std::array{0, 2}));
    CHECK_FALSE(t::fit_temperature<float>(rows, 3, std::array{0, 1}));
    CHECK_FALSE(t::fit_temperature<float>(std::array{-1.0F, 1.0F}, 2, std::array{0}));
}

TEST_CASE("tempering keeps the order, the vacuous and the sum; 1 changes nothing") {
    const std::array<float, 3> alpha{1, 5, 2.5F};
    const uml::dirichlet d(alpha);
    for (const double temperature : {0.01, 1.0, 30.0}) {
        float sum = 0;
        for (int k = 0; k < 3; ++k) sum += uml::tempered_probability(d, k, temperature);
        CHECK(sum == doctest::Approx(1));
        CHECK(uml::tempered_probability(d, 1, temperature) > uml::tempered_probability(d, 2, temperature));
        CHECK(uml::tempered_probability(d, 2, temperature) > uml::tempered_probability(d, 0, temperature));
    }
    for (int k = 0; k < 3; ++k) CHECK(uml::tempered_probability(d, k, 1) == doctest::Approx(d.probability(k)));
    CHECK(uml::tempered_vacuity(d, 1) == doctest::Approx(d.vacuity()));
    CHECK(uml::tempered_vacuity(d, 2) == doctest::Approx(6.0 / 11.5));
    const std::array<double, 2> nothing{1, 1};
    CHECK(uml::tempered_probability(uml::dirichlet(nothing), 1, 0.01) == 0.5);
    CHECK(uml::tempered_vacuity(uml::dirichlet(nothing), 0.01) == 1);
}
