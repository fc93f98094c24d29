// Conformal thresholds and class sets: by hand, and simulations of each promise.
#include "trust_draws.hpp"
#include "uml/trust.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace t = uml::trust;

namespace {

constexpr double everything = t::class_set_rule::everything;

/// A patient of some difficulty, and what an overconfident network says of his slices.
struct patients {
    std::vector<double> probability;
    std::vector<int> label;
    std::vector<std::uint32_t> group;

    /// `slices` of the hard patients and one of the easy ones; the share `hard` is hard.
    void draw(draws::generator& random, std::uint32_t count, double hard, int slices) {
        for (std::uint32_t patient = 0; patient < count; ++patient) {
            const bool is_hard = random.chance(hard);
            for (int s = 0; s < (is_hard ? slices : 1); ++s) {
                const int y = random.chance(0.1) ? 2 : random.chance(0.5) ? 1 : 0; // class 2 is rare
                std::array<double, 3> e{};
                for (double& x : e) x = random.exponential() * (is_hard ? 6 : 1);
                e[static_cast<std::size_t>(y)] += random.exponential() * (y == 2 ? 2 : 5);
                const double sum = e[0] + e[1] + e[2];
                for (const double x : e) probability.push_back(x / sum);
                label.push_back(y);
                group.push_back(patient);
            }
        }
    }
    [[nodiscard]] std::span<const double> row(std::size_t i) const { return std::span(probability).subspan(3 * i, 3); }
};

t::class_set_rule rule_of(const patients& p, const t::class_set_options& options, bool by_patient = true) {
    std::vector<t::conformal_case> scratch(p.label.size());
    const auto rule = t::calibrate_class_sets<double>(
        p.probability, 3, p.label,
        by_patient ? std::span<const std::uint32_t>(p.group) : std::span<const std::uint32_t>{}, options, scratch);
    REQUIRE(rule);
    return *rule;
}

} // namespace

TEST_CASE("the conformal quantile is the ceil((n + 1) coverage)-th smallest score") {
    std::vector<t::conformal_case> cases;
    for (std::uint32_t i = 0; i < 9; ++i) cases.push_back({10.0 - i, i});
    CHECK(*t::conformal_threshold(cases, 0.9) == 10); // 9 of 9, though (9 + 1) 0.9 is above 9 in binary
    CHECK(*t::conformal_threshold(cases, 0.85) == 10);
    CHECK(*t::conformal_threshold(cases, 0.8) == 9);
    CHECK(*t::conformal_threshold(cases, 0.1) == 2);
    CHECK(*t::conformal_threshold(cases, 0.05) == 2);
    CHECK(*t::conformal_threshold(cases, 0.91) == everything); // too few cases
    CHECK_FALSE(t::conformal_threshold(cases, 1));
    CHECK_FALSE(t::conformal_threshold({}, 0.9));
    cases[3].score = std::numeric_limits<double>::quiet_NaN();
    CHECK(t::conformal_threshold(cases, 0.5).error().code == uml::errc::not_finite);
}

TEST_CASE("a patient with many slices counts no more than one with few") {
    // Patient 0: 1, 2, 3, 4; patients 1, 2, 3: 10, 20, 30.
    std::vector<t::conformal_case> cases{{3, 0}, {30, 3}, {1, 0}, {10, 1}, {4, 0}, {20, 2}, {2, 0}};
    CHECK(*t::conformal_threshold(cases, 0.2) == 4); // (4 + 1) 0.2 = 1 group
    CHECK(*t::conformal_threshold(cases, 0.1) == 2); // half of patient 0
    CHECK(*t::conformal_threshold(cases, 0.4) == 10);
    CHECK(*t::conformal_threshold(cases, 0.8) == 30);
    CHECK(*t::conformal_threshold(cases, 0.85) == everything);
}

TEST_CASE("class sets by hand") {
    const std::array<double, 3> p{0.2, 0.5, 0.3};
    const std::span<const double> row(p);
    t::class_set_rule rule;
    CHECK_FALSE(rule.calibrated());
    CHECK(rule.size(row) == 1); // without calibration the predicted class
    CHECK(rule.contains(row, 1));
    rule.levels = 1;
    rule.thresholds[0] = 0.75;
    CHECK(rule.size(row) == 2); // 1 - p: 0.8, 0.5, 0.7
    CHECK_FALSE(rule.contains(row, 0));
    rule.thresholds[0] = 0.1;
    CHECK(rule.size(row) == 1);     // never empty
    rule.score = t::set_score::aps; // 1.0, 0.5, 0.8
    rule.free_ranks = 3;
    CHECK(rule.strangeness(row, 0) == doctest::Approx(1));
    CHECK(rule.strangeness(row, 2) == doctest::Approx(0.8));
    rule.thresholds[0] = 0.8001;
    CHECK(rule.size(row) == 2);
    rule.score = t::set_score::raps;
    rule.penalty = 0.25;
    rule.free_ranks = 1;
    CHECK(rule.strangeness(row, 0) == doctest::Approx(1.5));
    CHECK(rule.strangeness(row, 1) == doctest::Approx(0.5));
    CHECK(rule.size(row) == 1);
    rule.levels = 3;
    rule.thresholds[0] = everything;
    rule.thresholds[1] = rule.thresholds[2] = 0;
    CHECK(rule.size(row) == 2);                   // classes 0 and, as the most probable, 1
    const std::array<float, 2> equal{0.5F, 0.5F}; // of equals the first
    CHECK(t::class_set_rule{}.contains(std::span<const float>(equal), 0));
    CHECK_FALSE(t::class_set_rule{}.contains(std::span<const float>(equal), 1));
}

TEST_CASE("class sets refuse what does not fit") {
    const std::vector<double> p{0.5, 0.5, 0.2, 0.8};
    std::vector<t::conformal_case> scratch(2);
    const std::vector<int> labels{0, 1};
    const auto make = [&](std::span<const double> rows, int classes, std::span<const int> l, double coverage,
                          std::span<const std::uint32_t> groups = {}) {
        return t::calibrate_class_sets<double>(rows, classes, l, groups, {.coverage = coverage}, scratch);
    };
    CHECK(make(p, 2, labels, 0.5));
    CHECK_FALSE(make(p, 3, labels, 0.5));
    CHECK_FALSE(make(std::span(p).first(2), 2, labels, 0.5));
    CHECK_FALSE(make(p, 2, std::array{0, 2}, 0.5));
    CHECK_FALSE(make(p, 2, std::array{0, -1}, 0.5));
    CHECK_FALSE(make(p, 2, labels, 1));
    CHECK_FALSE(make(p, 2, labels, 0.5, std::array<std::uint32_t, 1>{1}));
    CHECK_FALSE(make({}, 2, {}, 0.5));
}

TEST_CASE("simulation: class sets hold the true class as often as promised, by patient") {
    constexpr int trials = 300;
    for (const t::set_score score : {t::set_score::lac, t::set_score::aps, t::set_score::raps}) {
        draws::generator random(static_cast<std::uint64_t>(score) + 1);
        double held = 0;
        double held_by_slice = 0;
        double size = 0;
        for (int trial = 0; trial < trials; ++trial) {
            patients calibration;
            calibration.draw(random, 120, 0.5, 1 + 9 * (trial % 2));
            patients fresh; // one slice of each new patient
            fresh.draw(random, 200, 0.5, 1);
            const auto rule = rule_of(calibration, {.score = score});
            for (std::size_t i = 0; i < fresh.label.size(); ++i) {
                held += rule.contains(fresh.row(i), static_cast<std::size_t>(fresh.label[i])) ? 1 : 0;
                size += rule.size(fresh.row(i));
            }
            // Slices taken for patients: the hard ones fill the calibration set, which here costs larger sets.
            const auto naive = rule_of(calibration, {.score = score}, false);
            for (std::size_t i = 0; i < fresh.label.size(); ++i)
                held_by_slice += naive.contains(fresh.row(i), static_cast<std::size_t>(fresh.label[i])) ? 1 : 0;
        }
        const double n = trials * 200.0;
        MESSAGE(t::name_of(score), ": held ", held / n, " of 0.9, mean size ", size / n, "; by slice ",
                held_by_slice / n);
        // Draws of one trial share a threshold: the spread is that of the trials.
        CHECK(held / n >= 0.9 - draws::chance_of(0.9, trials * 30));
        CHECK(held / n <= 0.93 + (score == t::set_score::lac ? 0 : 0.07)); // sets are never empty: some hold more
    }
}

TEST_CASE("simulation: easy patients with many slices make slices promise too much, patients do not") {
    constexpr int trials = 300;
    draws::generator random(11);
    double by_slice = 0;
    double by_patient = 0;
    for (int trial = 0; trial < trials; ++trial) {
        std::vector<t::conformal_case> cases;
        for (std::uint32_t patient = 0; patient < 60; ++patient) {
            const bool easy = random.chance(0.5);
            for (int s = 0; s < (easy ? 20 : 2); ++s) cases.push_back({random.exponential() * (easy ? 1 : 4), patient});
        }
        std::vector<t::conformal_case> slices = cases;
        for (std::size_t i = 0; i < slices.size(); ++i) slices[i].group = static_cast<std::uint32_t>(i);
        const double patient_level = *t::conformal_threshold(cases, 0.9);
        const double slice_level = *t::conformal_threshold(slices, 0.9);
        // Exact, for a slice of a new patient: half easy, half hard.
        const auto holds = [](double level) { return 1 - (std::exp(-level) + std::exp(-level / 4)) / 2; };
        by_patient += holds(patient_level) / trials;
        by_slice += holds(slice_level) / trials;
    }
    MESSAGE("promised 0.9: by patient ", by_patient, ", by slice ", by_slice);
    CHECK(by_patient >= 0.9 - 0.004);
    CHECK(by_slice < 0.75);
}

TEST_CASE("simulation: class-conditional sets keep the promise for the rare class, plain ones do not") {
    constexpr int trials = 300;
    draws::generator random(23);
    std::array<double, 3> held{};
    std::array<double, 3> plain{};
    std::array<double, 3> seen{};
    for (int trial = 0; trial < trials; ++trial) {
        patients calibration;
        calibration.draw(random, 300, 0.3, 1);
        patients fresh;
        fresh.draw(random, 200, 0.3, 1);
        const auto by_class = rule_of(calibration, {.by_class = true});
        const auto marginal = rule_of(calibration, {});
        for (std::size_t i = 0; i < fresh.label.size(); ++i) {
            const auto y = static_cast<std::size_t>(fresh.label[i]);
            seen[y] += 1;
            held[y] += by_class.contains(fresh.row(i), y) ? 1 : 0;
            plain[y] += marginal.contains(fresh.row(i), y) ? 1 : 0;
        }
    }
    for (std::size_t y = 0; y < 3; ++y) {
        MESSAGE("class ", y, ": ", held[y] / seen[y], ", without own threshold ", plain[y] / seen[y]);
        CHECK(held[y] / seen[y] >= 0.9 - 0.006);
    }
    CHECK(plain[2] / seen[2] < 0.85);
    patients without; // a class that calibration never saw belongs to every set
    draws::generator few(1);
    without.draw(few, 8, 0, 1);
    for (int& y : without.label) y = 0;
    const auto rule = rule_of(without, {.coverage = 0.8, .by_class = true});
    CHECK(rule.thresholds[0] < 1);
    CHECK(rule.thresholds[2] == everything);
}
