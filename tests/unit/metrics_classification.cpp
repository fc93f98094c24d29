// Metrics of labels, probabilities and uncertainties against scikit-learn, and what happens without data.
#include "metrics_oracle.hpp"
#include "uml/metrics.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace {

struct data {
    int classes = 0;
    std::vector<int> label;
    std::vector<int> predicted;
    std::vector<double> probability;
    std::vector<double> confidence;
    std::vector<double> vacuity;
    std::vector<bool> right;
    std::vector<bool> wrong;
};

data read(const std::string& name) {
    data d;
    for (const auto& row : oracle::table(name)) {
        d.classes = static_cast<int>(row.size()) - 2;
        int best = 0;
        for (int k = 0; k < d.classes; ++k) {
            d.probability.push_back(row[static_cast<std::size_t>(k) + 1]);
            if (row[static_cast<std::size_t>(k) + 1] > row[static_cast<std::size_t>(best) + 1]) best = k;
        }
        d.label.push_back(static_cast<int>(row[0]));
        d.predicted.push_back(best);
        d.confidence.push_back(row[static_cast<std::size_t>(best) + 1]);
        d.vacuity.push_back(row.back());
        d.right.push_back(d.label.back() == best);
        d.wrong.push_back(d.label.back() != best);
    }
    return d;
}

} // namespace

TEST_CASE("metrics of classification equal scikit-learn's") {
    namespace m = uml::metrics;
    for (const std::string name : {"two", "three", "ties"}) {
        CAPTURE(name);
        const data d = read(name + ".txt");
        const auto expected = oracle::values(name + ".expected.txt");
        const auto same = [&](const std::string& key, double value) {
            CAPTURE(key);
            REQUIRE(expected.count(key) == 1);
            CHECK(std::abs(value - expected.at(key)) <= 1e-12);
        };
        same("accuracy", m::accuracy(d.label, d.predicted));
        same("f1_weighted", m::f1_weighted(d.label, d.predicted, d.classes));
        same("auc", m::auc(d.label, d.probability, d.classes));
        same("brier", m::brier(d.label, d.probability, d.classes));
        same("ece", m::ece(d.confidence, d.right));
        same("aurc", m::aurc(d.vacuity, d.wrong));
        same("risk_at_80", m::risk_at_coverage(d.vacuity, d.wrong, 0.8));
        same("auroc_error", m::auroc(d.vacuity, d.wrong));
        same("coverage_90", m::coverage_at_accuracy(d.vacuity, d.wrong, 0.9));
        same("ause", m::ause(d.vacuity, d.wrong));

        same("balanced_accuracy", m::balanced_accuracy(d.label, d.predicted, d.classes));
        same("f1_macro", m::f1_macro(d.label, d.predicted, d.classes));
        same("mcc", m::matthews(d.label, d.predicted, d.classes));
        same("nll", m::negative_log_likelihood(d.label, d.probability, d.classes));
        same("ece_debiased", m::ece_debiased(d.confidence, d.right));
        same("ece_adaptive", m::ece_adaptive(d.confidence, d.right));
        same("ece_classwise", m::ece_classwise(d.label, d.probability, d.classes));
        same("augrc", m::augrc(d.vacuity, d.wrong));
        const m::accepted_share share = m::accept_share(d.vacuity, d.wrong, 0.8);
        same("share_threshold", share.threshold);
        same("share_coverage", share.coverage);
        same("share_risk", share.risk);
        std::vector<std::uint32_t> group;
        for (std::uint32_t i = 0; i < d.label.size(); ++i) group.push_back(i / 7 % 11);
        const m::interval by_group = m::bootstrap95_by_group(
            group,
            [&](std::span<const std::size_t> i) {
                return m::accuracy(m::select(d.label, i), m::select(d.predicted, i));
            },
            300, 3);
        same("group_accuracy_low_300_3", by_group.low);
        same("group_accuracy_high_300_3", by_group.high);

        const m::interval accuracy = m::bootstrap95(d.label.size(), [&](std::span<const std::size_t> i) {
            return m::accuracy(m::select(d.label, i), m::select(d.predicted, i));
        });
        same("accuracy_low", accuracy.low);
        same("accuracy_high", accuracy.high);
        const m::interval aurc = m::bootstrap95(
            d.label.size(),
            [&](std::span<const std::size_t> i) { return m::aurc(m::select(d.vacuity, i), m::select(d.wrong, i)); },
            200, 7);
        same("aurc_low_200_7", aurc.low);
        same("aurc_high_200_7", aurc.high);
    }
}

TEST_CASE("metrics on data that define none are undefined, not made up") {
    namespace m = uml::metrics;
    const std::vector<int> none;
    const std::vector<double> nothing;
    const std::vector<int> one_class{1, 1, 1};
    const std::vector<double> score{0.1, 0.2, 0.3};
    CHECK(std::isnan(m::accuracy(none, none)));
    CHECK(std::isnan(m::accuracy(none, one_class)));
    CHECK(std::isnan(m::f1_weighted(none, none, 3)));
    CHECK(std::isnan(m::f1_weighted(one_class, std::vector<int>{0, 1, 3}, 3)));
    CHECK(std::isnan(m::f1_weighted(one_class, std::vector<int>{0, 1, -1}, 3)));
    CHECK(std::isnan(m::brier(none, nothing, 2)));
    CHECK(std::isnan(m::brier(one_class, score, 2)));
    CHECK(std::isnan(m::auroc(score, std::vector<bool>{true, true, true})));
    CHECK(std::isnan(m::auroc(score, std::vector<bool>{false, false, false})));
    CHECK(std::isnan(m::auroc(std::vector<double>{0.1, m::undefined, 0.3}, std::vector<bool>{true, false, true})));
    CHECK(std::isnan(m::auc(one_class, std::vector<double>(6, 0.5), 2)));
    CHECK(std::isnan(m::auc(std::vector<int>{0, 1, 5}, std::vector<double>(6, 0.5), 2)));
    CHECK(std::isnan(m::ece(nothing, std::vector<bool>())));
    CHECK(std::isnan(m::ece(std::vector<double>{1.5}, std::vector<bool>{true})));
    CHECK(std::isnan(m::aurc(nothing, nothing)));
    CHECK(std::isnan(m::risk_at_coverage(score, std::vector<double>{0, 1}, 0.8)));
    CHECK(std::isnan(m::risk_at_coverage(score, score, 0.0)));
    CHECK(std::isnan(m::coverage_at_accuracy(nothing, nothing, 0.9)));
    CHECK(std::isnan(m::ause(score, std::vector<bool>{false, false, false})));
    CHECK(std::isnan(m::mean(nothing)));
    CHECK(std::isnan(m::balanced_accuracy(none, none, 3)));
    CHECK(std::isnan(m::f1_macro(one_class, std::vector<int>{0, 1, 3}, 3)));
    CHECK(std::isnan(m::matthews(one_class, one_class, 3)));
    CHECK(std::isnan(m::matthews(none, none, 2)));
    CHECK(std::isnan(m::negative_log_likelihood(one_class, score, 2)));
    CHECK(std::isnan(m::negative_log_likelihood(std::vector<int>{2}, std::vector<double>{0.5, 0.5}, 2)));
    CHECK(std::isinf(m::negative_log_likelihood(std::vector<int>{1}, std::vector<double>{1, 0}, 2)));
    CHECK(std::isnan(m::ece_debiased(nothing, std::vector<bool>())));
    CHECK(std::isnan(m::ece_adaptive(std::vector<double>{1.5}, std::vector<bool>{true})));
    CHECK(std::isnan(m::ece_adaptive(nothing, std::vector<bool>())));
    CHECK(std::isnan(m::ece_classwise(one_class, score, 2)));
    CHECK(std::isnan(m::augrc(nothing, nothing)));
    for (const double share : {0.0, 1.5}) {
        CHECK(std::isnan(m::accept_share(score, score, share).risk));
        CHECK(std::isnan(m::risk_at_coverage(score, score, share)));
    }
    CHECK(std::isnan(m::bootstrap95_by_group(std::vector<std::uint32_t>(), [](auto) { return 1.0; }).low));
    const m::interval empty = m::bootstrap95(0, [](auto) { return 1.0; });
    CHECK(std::isnan(empty.low));
    CHECK(std::isnan(empty.high));
}

TEST_CASE("one image, or one class, is data enough") {
    namespace m = uml::metrics;
    const std::vector<int> zero{0}, one{1};
    const std::vector<double> sure{0.75, 0.25}, confidence{0.75};
    const std::vector<bool> right{true};
    CHECK(m::accuracy(zero, zero) == 1);
    CHECK(m::confusion(zero, zero, 1) == std::vector<std::size_t>{1});
    CHECK(m::confusion(zero, zero, 0).empty());
    CHECK(m::f1_weighted(zero, zero, 1) == 1);
    CHECK(m::f1_macro(zero, zero, 1) == 1);
    CHECK(m::balanced_accuracy(zero, zero, 1) == 1);
    CHECK(std::isnan(m::matthews(zero, zero, 1)));
    CHECK(m::negative_log_likelihood(zero, sure, 2) == doctest::Approx(-std::log(0.75)));
    CHECK(std::isnan(m::negative_log_likelihood(zero, confidence, 1)));
    CHECK(m::auroc(sure, std::vector<bool>{true, false}) == 1);
    CHECK(m::brier(one, sure, 2) == 2 * 0.75 * 0.75);
    CHECK(std::isnan(m::brier(zero, confidence, 1)));
    for (const int label : {-1, 2}) CHECK(std::isnan(m::brier(std::vector<int>{label}, sure, 2)));
    CHECK(std::isnan(m::auc(zero, confidence, 1)));
    CHECK(std::isnan(m::ece_classwise(zero, confidence, 1)));
    CHECK(m::ece(confidence, right) == 0.25);
    CHECK(m::ece_debiased(confidence, right) == 0.25);
    CHECK(m::ece_adaptive(confidence, right, 1) == 0.25);
    CHECK(m::ece(confidence, right, 1) == 0.25);
    CHECK(std::isnan(m::ece(confidence, right, 0)));
    CHECK(std::isnan(m::ece_adaptive(confidence, right, 0)));
    CHECK(std::isnan(m::ece_adaptive(confidence, std::vector<bool>(2))));
    CHECK(std::isnan(m::ece(confidence, std::vector<bool>(2))));
    CHECK(m::ece_adaptive(std::vector<double>{1}, right, 1) == 0);
    CHECK(m::ece_adaptive(std::vector<double>{0}, right, 1) == 1);
    CHECK(m::aurc(confidence, right) == 1);
    CHECK(m::augrc(confidence, right) == 0.5);
    CHECK(m::risk_at_coverage(confidence, right, 1) == 1);
    CHECK(m::accept_share(confidence, right, 1).coverage == 1);
    CHECK(m::bootstrap95(
              1, [](auto i) { return static_cast<double>(i.size()); }, 1)
              .high == 1);
}

TEST_CASE("a class that no image has is left out of the AUC") {
    const std::vector<int> label{0, 0, 2, 2};
    const std::vector<double> probability{0.8, 0.1, 0.1, 0.6, 0.1, 0.3, 0.2, 0.4, 0.4, 0.7, 0.1, 0.2};
    // Class 0: 3 of the 4 pairs in order; class 2: 3 of 4; class 1 has no images.
    CHECK(uml::metrics::auc(label, probability, 3) == doctest::Approx(0.75));
}

TEST_CASE("a class that no image has counts in no mean over the classes") {
    namespace m = uml::metrics;
    const std::vector<int> label{0, 2, 2, 2}, predicted{0, 2, 2, 0};
    // F1: 2 / 3 of class 0, 4 / 5 of class 2.
    CHECK(m::f1_weighted(label, predicted, 3) == doctest::Approx((2.0 / 3 + 3 * 0.8) / 4));
    CHECK(m::f1_macro(label, predicted, 3) == doctest::Approx((2.0 / 3 + 0.8) / 2));
    CHECK(m::f1_macro(std::vector<int>{0, 0}, std::vector<int>{0, 1}, 2) == doctest::Approx(1.0 / 3)); // claimed once
    CHECK(m::balanced_accuracy(label, predicted, 3) == doctest::Approx((1 + 2.0 / 3) / 2));
    CHECK(std::isnan(m::auc(std::vector<int>{0, 2}, std::vector<double>(4, 0.5), 2)));
}

TEST_CASE("percentiles lie between neighbours, the first and the last number too") {
    const std::vector<double> sorted{1, 2, 4};
    CHECK(uml::metrics::quantile(sorted, 0) == 1);
    CHECK(uml::metrics::quantile(sorted, 0.25) == 1.5);
    CHECK(uml::metrics::quantile(sorted, 0.75) == 3);
    CHECK(uml::metrics::quantile(sorted, 1) == 4);
}

TEST_CASE("answers of equal confidence share their right ones before they are cut into bins") {
    CHECK(uml::metrics::ece_adaptive(std::vector<double>{0.5, 0.5}, std::vector<bool>{true, false}, 2) == 0);
}

TEST_CASE("selective metrics by hand") {
    namespace m = uml::metrics;
    // Sorted by uncertainty: right, right, wrong, right, wrong.
    const std::array<double, 5> uncertainty{0.5, 0.1, 0.3, 0.2, 0.4};
    const std::array<bool, 5> wrong{true, false, true, false, false};
    const std::vector<double> risk = m::risk_coverage(uncertainty, wrong);
    const std::array<double, 5> expected{0, 0, 1.0 / 3, 0.25, 0.4};
    REQUIRE(risk.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) CHECK(risk[i] == doctest::Approx(expected[i]));
    CHECK(m::aurc(uncertainty, wrong) == doctest::Approx((1.0 / 3 + 0.25 + 0.4) / 5));
    CHECK(m::risk_at_coverage(uncertainty, wrong, 0.8) == doctest::Approx(0.25));
    CHECK(m::coverage_at_accuracy(uncertainty, wrong, 0.75) == doctest::Approx(0.8));
    CHECK(m::coverage_at_accuracy(uncertainty, wrong, 0.9) == doctest::Approx(0.4));
    CHECK(m::coverage_at_accuracy(uncertainty, std::array<bool, 5>{true, true, true, true, true}, 0.5) == 0.0);

    // A perfect order has no sparsification error; one that is equal everywhere has that of a random order.
    CHECK(m::ause(wrong, wrong) == doctest::Approx(0));
    const std::array<double, 5> constant{};
    CHECK(m::aurc(constant, wrong) == doctest::Approx(0.4));
    CHECK(m::ause(constant, wrong) == doctest::Approx((0.4 - (0.25 + 0.4) / 5) / 0.4));
}

TEST_CASE("a coverage of 55 % of 100 cases is 55 cases, though 0.55 * 100 rounds up") {
    std::vector<double> uncertainty;
    std::vector<double> loss;
    for (int i = 0; i < 100; ++i) {
        uncertainty.push_back(i);
        loss.push_back(i == 55 ? 1 : 0);
    }
    CHECK(uml::metrics::risk_at_coverage(uncertainty, loss, 0.55) == 0.0);
    CHECK(uml::metrics::risk_at_coverage(uncertainty, loss, 0.551) == doctest::Approx(1.0 / 56));
}

TEST_CASE("a threshold does not cut inside cases of equal uncertainty") {
    // Sorted: 0.1 right | 0.2 right, wrong, right, wrong | 0.3 wrong.
    const std::array<double, 6> uncertainty{0.2, 0.1, 0.2, 0.3, 0.2, 0.2};
    const std::array<double, 6> wrong{0, 0, 1, 1, 0, 1};
    const auto half = uml::metrics::accept_share(uncertainty, wrong, 0.5);
    CHECK(half.threshold == 0.2);
    CHECK(half.coverage == doctest::Approx(5.0 / 6));
    CHECK(half.risk == doctest::Approx(0.4));
    CHECK(uml::metrics::risk_at_coverage(uncertainty, wrong, 0.5) == doctest::Approx(1.0 / 3)); // the expectation
    CHECK(uml::metrics::accept_share(uncertainty, wrong, 0.1).coverage == doctest::Approx(1.0 / 6));
    CHECK(uml::metrics::accept_share(uncertainty, wrong, 1e-300).threshold == 0.1); // one at least
    CHECK(uml::metrics::risk_at_coverage(uncertainty, wrong, 1e-300) == 0);
}

TEST_CASE("calibration that is perfect: the plain error is far from 0 on few cases, the debiased one nearer") {
    double plain = 0;
    double debiased = 0;
    for (std::uint64_t trial = 0; trial < 200; ++trial) {
        std::vector<double> confidence;
        std::vector<bool> right;
        for (std::uint64_t i = 0; i < 100; ++i) {
            const auto uniform = [&](std::uint64_t k) {
                return static_cast<double>(uml::metrics::random_bits(trial, 2 * i + k) >> 11) * 0x1p-53;
            };
            confidence.push_back(0.5 + 0.5 * uniform(0));
            right.push_back(uniform(1) < confidence.back());
        }
        plain += uml::metrics::ece(confidence, right) / 200;
        debiased += uml::metrics::ece_debiased(confidence, right) / 200;
    }
    CHECK(plain > 0.08);
    CHECK(debiased < 0.7 * plain);
}

TEST_CASE("reliability bins are open below and closed above") {
    const std::array<double, 5> confidence{0.0, 0.2, 0.6, 0.60001, 1.0};
    const std::array<bool, 5> right{false, true, true, false, true};
    const auto bins = uml::metrics::reliability(confidence, right, 5);
    REQUIRE(bins.size() == 5);
    CHECK(bins[0].count == 2);
    CHECK(bins[0].accuracy == 0.5);
    CHECK(bins[0].confidence == doctest::Approx(0.1));
    CHECK(bins[1].count == 0);
    CHECK(bins[2].count == 1);
    CHECK(bins[3].count == 1);
    CHECK(bins[4].count == 1);
}

TEST_CASE("the ROC curve starts at (0, 0), ends at (1, 1) and has one point per score") {
    const auto curve = uml::metrics::roc_curve(std::array<float, 4>{0.1F, 0.9F, 0.9F, 0.4F},
                                               std::array<bool, 4>{false, true, false, true});
    REQUIRE(curve.size() == 4);
    CHECK(curve.front().true_positive_rate == 0);
    CHECK(curve[1].true_positive_rate == 0.5);
    CHECK(curve[1].false_positive_rate == 0.5);
    CHECK(curve[2].threshold == doctest::Approx(0.4));
    CHECK(curve.back().true_positive_rate == 1);
    CHECK(curve.back().false_positive_rate == 1);
}

TEST_CASE("the bootstrap draws a thousand times unless it is told otherwise, by group too") {
    int calls = 0;
    const auto statistic = [&](std::span<const std::size_t>) { return ++calls; };
    CHECK(uml::metrics::bootstrap95(3, statistic).low == doctest::Approx(1 + 0.025 * 999));
    CHECK(calls == 1000);
    calls = 0;
    CHECK(uml::metrics::bootstrap95_by_group(std::vector<std::uint32_t>{4, 7}, statistic).high ==
          doctest::Approx(1 + 0.975 * 999));
    CHECK(calls == 1000);
}

TEST_CASE("the bootstrap's random numbers are those of SplitMix64") {
    // First outputs of the published generator for seed 1234567.
    CHECK(uml::metrics::random_bits(1234567, 0) == 6457827717110365317u);
    CHECK(uml::metrics::random_bits(1234567, 1) == 3203168211198807973u);
}

TEST_CASE("a risk-coverage curve with a NaN, be it an uncertainty or a loss, is none") {
    constexpr double nan = uml::metrics::undefined;
    const std::vector<double> good{0.1, 0.2}, bad{0.1, nan};
    CHECK(uml::metrics::risk_coverage(good, good).size() == 2);
    CHECK(uml::metrics::risk_coverage(bad, good).empty());
    CHECK(uml::metrics::risk_coverage(good, bad).empty());
}
