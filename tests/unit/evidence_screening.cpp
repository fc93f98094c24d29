// Accept or refer, reliable pixels, and thresholds from calibration data.
#include "uml/evidence.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <vector>

TEST_CASE("an image is accepted up to its threshold; without calibration never") {
    const std::array<float, 3> alpha{4, 1, 1}; // vacuity 0.5
    const uml::dirichlet diagnosis(alpha);
    CHECK(uml::screening{.image_vacuity = 0.5F}.accepts(diagnosis));
    CHECK_FALSE(uml::screening{.image_vacuity = 0.49F}.accepts(diagnosis));
    CHECK_FALSE(uml::screening{}.accepts(diagnosis));
    CHECK_FALSE(uml::screening{.image_vacuity = 1}.accepts(std::numeric_limits<float>::quiet_NaN()));

    std::array<float, 4> masses{};
    const uml::opinion opinion(masses);
    opinion.assign(diagnosis);
    CHECK(uml::screening{.image_vacuity = 0.5F}.accepts(opinion));

    struct {
        uml::dirichlet<float> diagnosis;
    } const findings{diagnosis};
    CHECK(uml::screening{.image_vacuity = 0.5F}.accepts(findings));
    CHECK_FALSE(uml::screening{.image_vacuity = 0.4F}.accepts(findings));
}

TEST_CASE("reliable pixels") {
    const std::vector<float> vacuity{0.1F, 0.6F, 0.3F, std::numeric_limits<float>::quiet_NaN()};
    const uml::screening policy{.pixel_vacuity = 0.3F};
    std::vector<std::uint8_t> mask(4, 9);
    REQUIRE(policy.reliable_mask(std::span(vacuity), mask));
    CHECK(mask == std::vector<std::uint8_t>{1, 0, 1, 0});
    CHECK(policy.fraction_reliable(std::span(vacuity)) == 0.5);
    CHECK(policy.fraction_reliable(std::span<const float>()) == 0.0);
    CHECK_FALSE(policy.reliable_mask(std::span(vacuity), std::span(mask).first(3)));
}

namespace {

std::array<uml::calibration_case, 6> cases() {
    return {{{0.4F, true}, {0.1F, false}, {0.3F, false}, {0.2F, true}, {0.3F, false}, {0.5F, true}}};
}

} // namespace

TEST_CASE("a threshold for a wanted coverage") {
    auto data = cases();
    const auto half = uml::threshold_for_coverage(data, 0.5);
    REQUIRE(half);
    CHECK(half->threshold == 0.3F); // both cases at 0.3 are accepted: 4 of 6
    CHECK(half->accepted == 4);
    CHECK(half->coverage == doctest::Approx(4.0 / 6));
    CHECK(half->risk == doctest::Approx(0.25));
    CHECK(uml::threshold_for_coverage(data, 0.01)->threshold == 0.1F);
    CHECK(uml::threshold_for_coverage(data, 1)->threshold == 0.5F);
    CHECK_FALSE(uml::threshold_for_coverage(data, 0));
    CHECK_FALSE(uml::threshold_for_coverage(data, 1.1));
    CHECK_FALSE(uml::threshold_for_coverage({}, 0.5));

    // The screening that comes out accepts just that share.
    const uml::screening policy{.image_vacuity = half->threshold};
    int accepted = 0;
    for (const auto& c : data) accepted += policy.accepts(c.vacuity) ? 1 : 0;
    CHECK(accepted == 4);
}

TEST_CASE("a threshold for a wanted risk") {
    auto data = cases();
    const auto quarter = uml::threshold_for_risk(data, 0.25);
    REQUIRE(quarter);
    CHECK(quarter->threshold == 0.3F);
    CHECK(quarter->risk == doctest::Approx(0.25));
    CHECK(uml::threshold_for_risk(data, 0)->threshold == 0.1F);
    CHECK(uml::threshold_for_risk(data, 0.5)->threshold == 0.5F);
    CHECK_FALSE(uml::threshold_for_risk(data, 1));
    std::array<uml::calibration_case, 2> hopeless{{{0.1F, true}, {0.2F, false}}};
    CHECK_FALSE(uml::threshold_for_risk(hopeless, 0.4));
    std::array<uml::calibration_case, 2> broken{{{std::numeric_limits<float>::quiet_NaN(), true}, {0.2F, false}}};
    CHECK(uml::threshold_for_risk(broken, 0.4).error().code == uml::errc::not_finite);
}
