// Opinions and the algebra of their fusion: closed forms, invariants, conflicts and limits.
#include "uml/evidence.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

constexpr std::array all_rules{uml::fusion_rule::dempster,   uml::fusion_rule::belief_constraint,
                               uml::fusion_rule::cumulative, uml::fusion_rule::averaging,
                               uml::fusion_rule::weighted,   uml::fusion_rule::consensus_compromise};

/// Random opinions of every kind: nearly dogmatic, nearly vacuous, one-sided, balanced.
class generator {
public:
    double uniform() {
        return static_cast<double>((state_ = state_ * 6364136223846793005u + 1442695040888963407u) >> 40) * 0x1p-24;
    }

    template <class T> std::vector<T> opinion(int classes) {
        std::vector<T> masses;
        double total = 0;
        for (int k = 0; k < classes; ++k) {
            masses.push_back(static_cast<T>(uniform() < 0.3 ? 0 : std::pow(uniform(), 3)));
            total += static_cast<double>(masses.back());
        }
        const double u = std::pow(10, -4 * uniform());
        for (T& b : masses)
            b = static_cast<T>(total > 0 ? static_cast<double>(b) * (1 - u) / total : (1 - u) / classes);
        masses.push_back(static_cast<T>(u));
        return masses;
    }

private:
    std::uint64_t state_ = 42;
};

template <class T> std::vector<T> fused(uml::fusion_rule rule, const std::vector<std::vector<T>>& sources) {
    std::vector<uml::opinion<const T>> opinions;
    for (const auto& masses : sources) opinions.emplace_back(masses);
    std::vector<T> out(sources[0].size(), std::numeric_limits<T>::quiet_NaN());
    const T conflict = uml::fusion::apply(rule, opinions, uml::opinion<T>(out));
    CHECK(conflict >= 0);
    CHECK(conflict <= 1);
    return out;
}

template <class T> void check_same(const std::vector<T>& a, const std::vector<T>& b, double tolerance) {
    REQUIRE(a.size() == b.size());
    for (std::size_t k = 0; k < a.size(); ++k)
        CHECK(std::abs(static_cast<double>(a[k]) - static_cast<double>(b[k])) <= tolerance);
}

template <class T> void check_valid(const std::vector<T>& masses) {
    T sum = 0;
    for (const T m : masses) {
        CHECK(m >= 0);
        sum += m;
    }
    CHECK(masses.back() > 0);
    CHECK(masses.back() <= 1);
    CHECK(static_cast<double>(sum) == doctest::Approx(1).epsilon(sizeof(T) == 4 ? 1e-6 : 1e-14));
}

template <class T> constexpr double tolerance = sizeof(T) == 4 ? 3e-5 : 1e-12;

// Fusion of two is a constant expression.
constexpr double conflict_of_two() {
    const std::array<double, 3> a{0.5, 0.25, 0.25};
    const std::array<double, 3> b{0.25, 0.5, 0.25};
    std::array<double, 3> out{};
    return uml::fusion::dempster(std::array{uml::opinion<const double>(a), uml::opinion<const double>(b)},
                                 uml::opinion<double>(out));
}
static_assert(conflict_of_two() == 0.3125);

} // namespace

TEST_CASE("three sources, worked by hand from the evidence b / u") {
    const std::vector<std::vector<double>> sources{{0.1, 0.3, 0.6}, {0.4, 0.2, 0.4}, {0.7, 0.1, 0.2}};
    // b / u: (1/6, 1/2), (1, 1/2), (7/2, 1/2); in sum (14/3, 3/2), in the mean (14/9, 1/2),
    // in the mean weighted by 0.4, 0.6, 0.8 (26/13.5, 1/2).
    const auto from_evidence = [](double a, double b) {
        return std::vector<double>{a / (1 + a + b), b / (1 + a + b), 1 / (1 + a + b)};
    };
    check_same(fused(uml::fusion_rule::cumulative, sources), from_evidence(14.0 / 3, 1.5), 1e-15);
    check_same(fused(uml::fusion_rule::averaging, sources), from_evidence(14.0 / 9, 0.5), 1e-15);
    check_same(fused(uml::fusion_rule::weighted, sources), from_evidence(26 / 13.5, 0.5), 1e-15);
    // Plausibilities (0.7, 0.9), (0.8, 0.6), (0.9, 0.3) and vacuities multiply: 0.504, 0.162, 0.048.
    const std::vector<double> product{0.456 / 0.618, 0.114 / 0.618, 0.048 / 0.618};
    check_same(fused(uml::fusion_rule::dempster, sources), product, 1e-15);
    check_same(fused(uml::fusion_rule::belief_constraint, sources), product, 1e-15);
}

TEST_CASE("the conflict of many is that of one after the other") {
    const std::vector<std::vector<double>> sources{{0.1, 0.3, 0.6}, {0.4, 0.2, 0.4}, {0.7, 0.1, 0.2}};
    std::vector<double> out(3);
    const uml::opinion<double> result(out);
    std::vector<uml::opinion<const double>> three;
    for (const auto& s : sources) three.emplace_back(s);
    CHECK(uml::fusion::dempster(three, result) == doctest::Approx(1 - 0.618));
}

TEST_CASE_TEMPLATE("masses sum to 1, the order does not matter, equal bits for sources that share memory", T, float,
                   double) {
    generator random;
    for (int round = 0; round < 300; ++round) {
        const int classes = 2 + round % 4;
        std::vector<std::vector<T>> sources;
        for (int i = 0; i <= round % 5; ++i) sources.push_back(random.opinion<T>(classes));
        for (const uml::fusion_rule rule : all_rules) {
            CAPTURE(static_cast<int>(rule));
            const std::vector<T> result = fused(rule, sources);
            check_valid(result);
            auto turned = sources;
            std::rotate(turned.begin(), turned.begin() + 1, turned.end());
            std::reverse(turned.begin(), turned.end());
            check_same(fused(rule, turned), result, tolerance<T>);

            std::vector<std::vector<T>> copy = sources;
            std::vector<uml::opinion<T>> in_place;
            for (auto& masses : copy) in_place.emplace_back(std::span<T>(masses));
            (void)uml::fusion::apply(rule, in_place, in_place.front());
            CHECK(copy.front() == result);
        }
    }
}

TEST_CASE_TEMPLATE("Dempster and cumulative fusion are associative", T, float, double) {
    generator random;
    for (int round = 0; round < 300; ++round) {
        const int classes = 2 + round % 4;
        const auto a = random.opinion<T>(classes);
        const auto b = random.opinion<T>(classes);
        const auto c = random.opinion<T>(classes);
        for (const auto rule : {uml::fusion_rule::dempster, uml::fusion_rule::cumulative}) {
            CAPTURE(static_cast<int>(rule));
            const auto left = fused<T>(rule, {fused<T>(rule, {a, b}), c});
            const auto right = fused<T>(rule, {a, fused<T>(rule, {b, c})});
            check_same(left, right, tolerance<T>);
            check_same(fused<T>(rule, {a, b, c}), left, tolerance<T>);
        }
    }
}

TEST_CASE_TEMPLATE("a vacuous source is neutral, except for averaging", T, float, double) {
    generator random;
    for (int round = 0; round < 100; ++round) {
        const int classes = 2 + round % 4;
        const auto a = random.opinion<T>(classes);
        const auto b = random.opinion<T>(classes);
        std::vector<T> vacuous(static_cast<std::size_t>(classes) + 1);
        vacuous.back() = 1;
        for (const auto rule : {uml::fusion_rule::dempster, uml::fusion_rule::cumulative, uml::fusion_rule::weighted}) {
            check_same(fused<T>(rule, {a, vacuous}), a, tolerance<T>);
            check_same(fused<T>(rule, {vacuous, a, b}), fused<T>(rule, {a, b}), tolerance<T>);
        }
        CHECK(fused<T>(uml::fusion_rule::averaging, {a, vacuous}).back() >= a.back());
        for (const auto rule : all_rules) CHECK(fused<T>(rule, {vacuous, vacuous, vacuous}) == vacuous);
    }
}

TEST_CASE_TEMPLATE("averaging and weighted fusion of equals change nothing; the others grow more certain", T, float,
                   double) {
    generator random;
    for (int round = 0; round < 100; ++round) {
        const auto a = random.opinion<T>(3);
        check_same(fused<T>(uml::fusion_rule::averaging, {a, a, a}), a, tolerance<T>);
        check_same(fused<T>(uml::fusion_rule::weighted, {a, a, a}), a, tolerance<T>);
        if (a.back() > static_cast<T>(0.999)) continue;
        CHECK(fused<T>(uml::fusion_rule::cumulative, {a, a, a}).back() < a.back());
        CHECK(fused<T>(uml::fusion_rule::dempster, {a, a, a}).back() < a.back());
    }
}

TEST_CASE_TEMPLATE("cumulative fusion adds evidence", T, float, double) {
    const std::array<T, 3> first{4, 1, 2};
    const std::array<T, 3> second{1, 3, static_cast<T>(2.5)};
    std::array<T, 8> memory{};
    const uml::opinion_table table(memory, 3);
    REQUIRE(table.size() == 2);
    table[0].assign(uml::dirichlet<T>(first));
    table[1].assign(uml::dirichlet<T>(second));
    std::array<T, 4> masses{};
    const uml::opinion result(masses);
    uml::fusion::cumulative(table, result);
    std::array<T, 3> alpha{};
    REQUIRE(result.write_alpha(alpha));
    for (std::size_t k = 0; k < 3; ++k) CHECK(alpha[k] == doctest::Approx(first[k] + second[k] - 1).epsilon(1e-5));
}

TEST_CASE("Dempster: sources that exclude each other leave nothing known") {
    const std::vector<double> yes{1, 0, 0};
    const std::vector<double> no{0, 1, 0};
    const std::vector<double> unsure{0.3, 0.3, 0.4};
    const std::vector<double> vacuous{0, 0, 1};
    for (const auto& sources :
         std::vector<std::vector<std::vector<double>>>{{yes, no}, {yes, unsure, no}, {no, yes, yes}}) {
        std::vector<uml::opinion<const double>> opinions;
        for (const auto& s : sources) opinions.emplace_back(s);
        std::vector<double> out(3);
        CHECK(uml::fusion::dempster(opinions, uml::opinion<double>(out)) == 1.0);
        CHECK(out == vacuous);
    }
    // Zadeh's example: nearly total conflict, the shared third class wins. A property of the rule, not an accident.
    const auto zadeh = fused<double>(uml::fusion_rule::dempster, {{0.99, 0, 0.01, 0}, {0, 0.99, 0.01, 0}});
    check_same(zadeh, {0, 0, 1, 0}, 1e-15);
}

TEST_CASE("dogmatic sources: the limits of vacuities that go to 0 together") {
    const std::vector<double> yes{1, 0, 0};
    const std::vector<double> no{0, 1, 0};
    const std::vector<double> mixed{0.5, 0.5, 0};
    const std::vector<double> unsure{0.3, 0.3, 0.4};
    for (const auto rule : {uml::fusion_rule::cumulative, uml::fusion_rule::averaging, uml::fusion_rule::weighted}) {
        CHECK(fused<double>(rule, {yes, no}) == mixed);
        CHECK(fused<double>(rule, {yes, unsure}) == yes);
        CHECK(fused<double>(rule, {unsure, yes, unsure, no}) == mixed);
        const std::vector<double> near_yes{1 - 1e-12, 0, 1e-12};
        const std::vector<double> near_no{0, 1 - 1e-12, 1e-12};
        check_same(fused<double>(rule, {near_yes, near_no, unsure}), mixed, 1e-11);
    }
    CHECK(fused<double>(uml::fusion_rule::dempster, {yes, unsure}) == yes);
    CHECK(fused<double>(uml::fusion_rule::dempster, {unsure, yes, unsure}) == yes);
    check_same(fused<double>(uml::fusion_rule::dempster, {mixed, {0.6, 0.1, 0.3}, yes}), yes, 1e-15);
}

TEST_CASE_TEMPLATE("hundreds of certain slices stay numbers, and later ones still count", T, float, double) {
    const std::vector<T> yes{static_cast<T>(0.98), static_cast<T>(0.01), static_cast<T>(0.01)};
    const std::vector<T> no{static_cast<T>(0.01), static_cast<T>(0.98), static_cast<T>(0.01)};
    std::vector<std::vector<T>> sources(300, yes);
    for (const auto rule : all_rules) {
        const auto result = fused<T>(rule, sources);
        CHECK(result[0] > static_cast<T>(0.9));
        CHECK(std::isfinite(result[2]));
    }
    sources.resize(310, no);
    sources.resize(310 + 300, no);
    CHECK(fused<T>(uml::fusion_rule::dempster, sources)[1] > static_cast<T>(0.999));
    CHECK(fused<T>(uml::fusion_rule::cumulative, sources)[1] > fused<T>(uml::fusion_rule::cumulative, sources)[0]);
}

TEST_CASE("base rates are fused by evidence, confidence or alike, and project the vacuity") {
    std::array<double, 3> first{0.6, 0.2, 0.2};
    std::array<double, 3> second{0.1, 0.1, 0.8};
    std::array<double, 2> first_rates{0.9, 0.1};
    std::array<double, 2> second_rates{0.5, 0.5};
    const std::array sources{uml::opinion<double>(first, first_rates), uml::opinion<double>(second, second_rates)};
    CHECK(sources[0].probability(0) == doctest::Approx(0.6 + 0.9 * 0.2));
    std::array<double, 3> masses{};
    std::array<double, 2> rates{};
    const uml::opinion<double> out(masses, rates);
    uml::fusion::cumulative(sources, out);
    CHECK(rates[0] == doctest::Approx((0.9 * 4 + 0.5 * 0.25) / 4.25));
    uml::fusion::averaging(sources, out);
    CHECK(rates[0] == doctest::Approx(0.7));
    uml::fusion::weighted(sources, out);
    CHECK(rates[0] == doctest::Approx((0.9 * 0.8 + 0.5 * 0.2) / 1.0));
    (void)uml::fusion::belief_constraint(sources, out);
    CHECK(rates[0] == doctest::Approx((0.9 * 0.8 + 0.5 * 0.2) / 1.0));
    CHECK(rates[0] + rates[1] == doctest::Approx(1));
    sources[0].set_vacuous();
    sources[1].set_vacuous();
    uml::fusion::cumulative(sources, out);
    CHECK(rates[0] == doctest::Approx(0.7));
}

TEST_CASE("trust discounting") {
    std::array<float, 4> masses{0.5F, 0.2F, 0.1F, 0.2F};
    const auto before = masses;
    const uml::opinion<float> source(masses);
    std::array<float, 4> result{};
    const uml::opinion<float> out(result);
    uml::fusion::discount(source, 1.0F, out);
    CHECK(result == before);
    uml::fusion::discount(source, 0.0F, out);
    CHECK(out.vacuity() == doctest::Approx(1));
    CHECK(out.belief(0) == 0.0F);
    uml::fusion::discount(source, 0.5F, source);
    CHECK(source.belief(0) == 0.25F);
    CHECK(source.vacuity() == doctest::Approx(0.6));
}

TEST_CASE("Dirichlet and opinion say the same") {
    const std::array<double, 3> alpha{5, 1, 2.5};
    const uml::dirichlet d(alpha);
    std::array<double, 4> masses{};
    const uml::opinion o(masses);
    o.assign(d);
    CHECK(o.classes() == 3);
    CHECK(o.predicted() == d.predicted());
    for (int k = 0; k < 3; ++k) CHECK(o.probability(k) == doctest::Approx(d.probability(k)));
    std::array<double, 3> back{};
    REQUIRE(o.write_alpha(back));
    for (std::size_t k = 0; k < 3; ++k) CHECK(back[k] == doctest::Approx(alpha[k]));
    CHECK(o.write_alpha(std::span(back).first(2)).error().code == uml::errc::too_small);
    masses = {1, 0, 0, 0};
    CHECK(o.write_alpha(back).error().code == uml::errc::not_finite);
}

TEST_CASE("opinions and fusion from outside are checked") {
    using o = uml::opinion<const double>;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(o::make(std::array<double, 3>{0.5, 0.2, 0.3}).has_value());
    CHECK(o::make(std::array<double, 3>{0.5, 0.2, 0.3}, std::array<double, 2>{0.4, 0.6}).has_value());
    CHECK_FALSE(o::make(std::array<double, 2>{0.5, 0.5}).has_value());
    CHECK_FALSE(o::make(std::array<double, 3>{0.5, 0.2, 0.4}).has_value());
    CHECK_FALSE(o::make(std::array<double, 3>{1.2, -0.2, 0}).has_value());
    CHECK_FALSE(o::make(std::array<double, 3>{nan, 0.2, 0.4}).has_value());
    CHECK_FALSE(o::make(std::array<double, 3>{0.5, 0.2, 0.3}, std::array<double, 1>{1}).has_value());
    CHECK_FALSE(o::make(std::array<double, 3>{0.5, 0.2, 0.3}, std::array<double, 2>{0.4, 0.7}).has_value());

    std::array<double, 6> memory{0.5, 0.2, 0.3, 0.1, 0.1, 0.8};
    const uml::opinion_table table(memory, 2);
    std::array<double, 3> masses{};
    const uml::opinion out(masses);
    CHECK(uml::fuse(uml::fusion_rule::cumulative, table, out).has_value());
    CHECK(*uml::fuse(uml::fusion_rule::dempster, table, out) == doctest::Approx(0.5 * 0.1 + 0.2 * 0.1));
    CHECK_FALSE(uml::fuse(uml::fusion_rule::cumulative, table.first(0), out).has_value());
    std::array<double, 4> wider{};
    CHECK_FALSE(uml::fuse(uml::fusion_rule::cumulative, table, uml::opinion(wider)).has_value());
    memory[4] = nan;
    CHECK_FALSE(uml::fuse(uml::fusion_rule::cumulative, table, out).has_value());
}

TEST_CASE("pixel fusion is fusion in every pixel") {
    constexpr int height = 3;
    constexpr int width = 2;
    std::vector<float> a(height * width * 4);
    std::vector<float> b(height * width * 2);
    generator random;
    for (float& x : a) x = 1 + static_cast<float>(10 * random.uniform());
    for (float& x : b) x = 1 + static_cast<float>(10 * random.uniform());
    const std::array<uml::tensor_view<const float>, 2> maps{
        {{a.data() + 1, height, width, 2, 4}, {b.data(), height, width, 2, 2}}};
    std::vector<float> out(height * width * 8, -1.0F);
    std::array<float, 6> scratch{};
    const uml::tensor_view<float> fused_map{out.data(), height, width, 3, 8};
    REQUIRE(uml::fuse_pixels<const float>(uml::fusion_rule::cumulative, maps, scratch, fused_map));
    for (int p = 0; p < height * width; ++p) {
        const float* const masses = fused_map.pixel(p);
        // Evidence adds: S is the sum of all four alpha minus the two ones counted twice.
        const float s = maps[0].pixel(p)[0] + maps[0].pixel(p)[1] + maps[1].pixel(p)[0] + maps[1].pixel(p)[1] - 2;
        CHECK(masses[2] == doctest::Approx(2 / s).epsilon(1e-5));
        CHECK(masses[0] == doctest::Approx((maps[0].pixel(p)[0] + maps[1].pixel(p)[0] - 2) / s).epsilon(1e-5));
        CHECK(masses[3] == -1.0F);
    }
    CHECK_FALSE(uml::fuse_pixels<const float>(uml::fusion_rule::cumulative, {}, scratch, fused_map));
    CHECK_FALSE(
        uml::fuse_pixels<const float>(uml::fusion_rule::cumulative, maps, std::span(scratch).first(5), fused_map));
    auto narrow = fused_map;
    narrow.c = 2;
    CHECK_FALSE(uml::fuse_pixels<const float>(uml::fusion_rule::cumulative, maps, scratch, narrow));
    auto other = maps;
    other[1].w = 1;
    CHECK_FALSE(uml::fuse_pixels<const float>(uml::fusion_rule::cumulative, other, scratch, fused_map));
}
