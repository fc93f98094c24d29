// The binomial bound and certified thresholds: exact values, and simulations of the promise.
#include "metrics_oracle.hpp"
#include "trust_draws.hpp"
#include "uml/trust.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace t = uml::trust;

TEST_CASE("binomial probabilities and bounds equal scipy's") {
    for (const auto& row : oracle::table("binomial.txt", "trust")) {
        const auto k = static_cast<std::uint64_t>(row[0]);
        const auto n = static_cast<std::uint64_t>(row[1]);
        CAPTURE(k);
        CAPTURE(n);
        CHECK(std::abs(t::binomial_cdf(k, n, row[2]) - row[3]) <= 1e-10 * row[3]);
        const auto interval = t::clopper_pearson(k, n);
        CHECK(std::abs(interval.low - row[4]) <= 1e-11);
        CHECK(std::abs(interval.high - row[5]) <= 1e-11);
        CHECK(std::abs(t::binomial_upper(k, n, 0.99) - row[6]) <= 1e-11);
    }
    CHECK(t::clopper_pearson(0, 0).high == 1);
    CHECK(t::clopper_pearson(3, 2).low == 0);
    CHECK(t::incomplete_beta(0, 2, 3) == 0);
    CHECK(t::incomplete_beta(1, 2, 3) == 1);
    CHECK(t::incomplete_beta(0.5, 2, 3) == doctest::Approx(11.0 / 16));
}

TEST_CASE("the interval of Clopper and Pearson holds every share with its confidence: summed, not drawn") {
    constexpr std::uint64_t n = 25;
    for (const double p : {0.01, 0.08, 0.3, 0.5, 0.77, 0.99}) {
        double held = 0;
        for (std::uint64_t k = 0; k <= n; ++k) {
            const auto i = t::clopper_pearson(k, n, 0.9);
            if (i.low > p || i.high < p) continue;
            held += t::binomial_cdf(k, n, p) - (k > 0 ? t::binomial_cdf(k - 1, n, p) : 0);
        }
        CHECK(held >= 0.9);
    }
}

TEST_CASE("a threshold for a wanted coverage accepts cases of equal vacuity together") {
    std::array<t::screened_case, 6> data{
        {{0.4F, true}, {0.1F, false}, {0.3F, false}, {0.2F, true}, {0.3F, false}, {0.5F, true}}};
    const auto half = t::threshold_for_coverage(data, 0.5);
    REQUIRE(half);
    CHECK(half->threshold == 0.3F); // both cases at 0.3 are accepted: 4 of 6
    CHECK(half->accepted == 4);
    CHECK(half->wrong == 1);
    CHECK(half->coverage == doctest::Approx(4.0 / 6));
    CHECK(half->risk == doctest::Approx(0.25));
    CHECK(t::threshold_for_coverage(data, 0.01)->threshold == 0.1F);
    CHECK(t::threshold_for_coverage(data, 1)->threshold == 0.5F);
    CHECK_FALSE(t::threshold_for_coverage(data, 0));
    CHECK_FALSE(t::threshold_for_coverage(data, 1.1));
    CHECK_FALSE(t::threshold_for_coverage({}, 0.5));
    std::array<t::screened_case, 1> broken{{{std::numeric_limits<float>::quiet_NaN(), true}}};
    CHECK(t::threshold_for_coverage(broken, 0.5).error().code == uml::errc::not_finite);
    broken[0].vacuity = 1.5F;
    CHECK_FALSE(t::certify_risk(broken, std::array{1.0F}, 0.05, 0.95));
}

TEST_CASE("what can be certified, by hand") {
    // 62 certain cases without an error prove nothing at 0.05 with 0.8 (1 - 0.95), 63 do: 0.95^63 = 0.0395.
    const std::array<float, 4> candidates{0.25F, 0.5F, 0.75F, 1};
    std::vector<t::screened_case> cases(62, {0.25F, false});
    const auto none = t::certify_risk(cases, candidates, 0.05, 0.95);
    REQUIRE_FALSE(none);
    CHECK(none.error().what == "calibration: no threshold can be shown to keep the risk as low as wanted on 62 cases");
    cases.push_back({0.25F, false});
    CHECK(t::certify_risk(cases, candidates, 0.05, 0.95)->threshold == 1.0F);
    for (int i = 0; i < 20; ++i) cases.push_back({0.6F, i < 2});
    for (int i = 0; i < 200; ++i) cases.push_back({0.9F, false}); // behind a test that fails nothing is tried
    const auto some = t::certify_risk(cases, candidates, 0.05, 0.95);
    REQUIRE(some);
    CHECK(some->threshold == 0.5F);
    CHECK(some->accepted == 63);
    CHECK(some->wrong == 0);
    CHECK(some->coverage == doctest::Approx(63.0 / 283));
    // The first candidate accepts too few; the second sequence, from the middle on, proves it at 0.2 (1 - 0.95).
    std::vector<t::screened_case> few(90, {0.6F, false});
    CHECK(t::certify_risk(few, candidates, 0.05, 0.95)->accepted == 90); // 0.95^90 = 0.0099
    few.pop_back();
    CHECK_FALSE(t::certify_risk(few, candidates, 0.05, 0.95));
    CHECK_FALSE(t::certify_risk(cases, candidates, 0, 0.95));
    CHECK_FALSE(t::certify_risk(cases, candidates, 0.05, 1));
    CHECK_FALSE(t::certify_risk(cases, std::array{0.5F, 0.5F}, 0.05, 0.95));
    CHECK_FALSE(t::certify_risk(cases, {}, 0.05, 0.95));
    CHECK_FALSE(t::certify_risk({}, candidates, 0.05, 0.95));
}

TEST_CASE("candidates for thresholds") {
    std::vector<float> vacuities;
    for (int i = 20; i > 0; --i) vacuities.push_back(static_cast<float>(i) / 64);
    std::array<float, t::most_candidates> out{};
    CHECK(t::candidate_thresholds(vacuities, out) == 7);
    CHECK(out == std::array<float, 7>{10 / 64.F, 12 / 64.F, 14 / 64.F, 16 / 64.F, 18 / 64.F, 19 / 64.F, 1});
    std::vector<float> equal(5, 0.5F);
    CHECK(t::candidate_thresholds(equal, out) == 2);
    CHECK(out[1] == 1);
    CHECK(t::candidate_thresholds({}, out) == 0);
}

TEST_CASE("simulation: the certified risk holds with the stated confidence, with and without ties") {
    // P(wrong | vacuity u) = 0.3 u^2: the risk below t is 0.1 t^2, 0.05 at t = 0.707.
    constexpr int trials = 400;
    for (const double steps : {0.0, 12.0}) { // vacuities as they come, or rounded to twelfths
        draws::generator random(static_cast<std::uint64_t>(17 + steps));
        int broken = 0;
        int empirical_broken = 0;
        double coverage = 0;
        for (int trial = 0; trial < trials; ++trial) {
            std::vector<t::screened_case> cases;
            for (int i = 0; i < 1500; ++i) {
                double u = random.uniform();
                if (steps > 0) u = std::ceil(u * steps) / steps;
                cases.push_back({static_cast<float>(u), random.chance(0.3 * u * u)});
            }
            std::vector<float> others; // without labels
            for (int i = 0; i < 100; ++i) {
                const double u = random.uniform();
                others.push_back(static_cast<float>(steps > 0 ? std::ceil(u * steps) / steps : u));
            }
            std::array<float, t::most_candidates> candidates{};
            const std::size_t tried = t::candidate_thresholds(others, candidates);
            const auto true_risk = [&](double threshold) {
                if (!(steps > 0)) return 0.1 * threshold * threshold;
                double sum = 0;
                double count = 0;
                for (int k = 1; static_cast<float>(k / steps) <= static_cast<float>(threshold) && k <= 12; ++k, ++count)
                    sum += 0.3 * (k / steps) * (k / steps);
                return count > 0 ? sum / count : 0;
            };
            if (const auto p = t::certify_risk(cases, std::span(candidates).first(tried), 0.05, 0.9)) {
                broken += true_risk(static_cast<double>(p->threshold)) > 0.05 ? 1 : 0;
                coverage += p->coverage / trials;
            }
            // What was done before: the largest threshold whose share of errors here is within the risk.
            std::size_t wrong = 0;
            float best = 0;
            for (std::size_t i = 0; i < cases.size(); ++i) {
                wrong += cases[i].wrong ? 1u : 0u;
                if (uml::is_within_share(static_cast<double>(wrong), static_cast<double>(i + 1), 0.05))
                    best = cases[i].vacuity;
            }
            empirical_broken += true_risk(static_cast<double>(best)) > 0.05 ? 1 : 0;
        }
        MESSAGE("certified: promise broken in ", broken, " of ", trials, " draws, coverage ", coverage,
                "; by the share of errors alone: broken in ", empirical_broken);
        CHECK(broken <= (0.1 + draws::chance_of(0.1, trials)) * trials);
        CHECK(coverage > 0.3);
        CHECK(empirical_broken > 0.4 * trials);
    }
}

TEST_CASE("simulation: many slices of few patients are no independent cases") {
    // In one patient of nine the network errs on every other slice, whatever its vacuity: a risk of 0.0556 everywhere.
    constexpr int trials = 300;
    draws::generator random(5);
    int by_slice = 0;
    int by_patient = 0;
    for (int trial = 0; trial < trials; ++trial) {
        std::vector<t::screened_case> cases;
        for (std::uint32_t patient = 0; patient < 150; ++patient) {
            const double risk = random.chance(1.0 / 9) ? 0.5 : 0;
            for (int slice = 0; slice < 20; ++slice)
                cases.push_back({static_cast<float>(random.uniform()), random.chance(risk), patient});
        }
        std::vector<t::screened_case> all = cases;
        by_slice += t::certify_risk(all, std::array{0.5F, 0.8F, 1.0F}, 0.05, 0.95) ? 1 : 0;
        const auto drawn = t::one_per_group(cases, static_cast<std::uint64_t>(trial));
        REQUIRE(drawn.size() == 150);
        by_patient += t::certify_risk(drawn, std::array{0.5F, 0.8F, 1.0F}, 0.05, 0.95) ? 1 : 0;
    }
    MESSAGE("a false proof in ", by_slice, " (slices) and ", by_patient, " (patients) of ", trials, " draws");
    CHECK(by_patient <= (0.05 + draws::chance_of(0.05, trials)) * trials);
    CHECK(by_slice > 0.1 * trials);
}

TEST_CASE("one case of every group, each as often as the others") {
    std::array<int, 6> count{};
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        std::array<t::screened_case, 6> cases{{{0.0F, false, 7},
                                               {0.1F, false, 3},
                                               {0.2F, false, 7},
                                               {0.3F, false, 3},
                                               {0.4F, false, 7},
                                               {0.5F, false, 9}}};
        const auto kept = t::one_per_group(cases, seed);
        REQUIRE(kept.size() == 3);
        CHECK(kept[0].group == 3);
        CHECK(kept[1].group == 7);
        CHECK(kept[2].group == 9);
        for (const auto& c : kept) ++count[static_cast<std::size_t>(std::lround(c.vacuity * 10))];
    }
    for (const std::size_t i : {0u, 2u, 4u}) CHECK(std::abs(count[i] - 1000) < 110);
    for (const std::size_t i : {1u, 3u}) CHECK(std::abs(count[i] - 1500) < 115);
    CHECK(count[5] == 3000);
}
