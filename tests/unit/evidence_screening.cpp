// Accept or refer, and reliable pixels.
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
