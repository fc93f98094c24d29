// Where plain floating point loses digits: measures and fusion against values in 120 digits
// (tests/data/make_evidence_oracle.py), and the cases in which errors were found.
#include "metrics_oracle.hpp"
#include "uml/evidence.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace {

template <class T> constexpr double unit = static_cast<double>(std::numeric_limits<T>::epsilon());

/// Relative, for numbers that must keep their leading digits however small.
template <class T> void keeps(T value, double exact, double units) {
    CHECK(std::abs(static_cast<double>(value) - exact) <= units * std::max(unit<T>, unit<double>) * std::abs(exact));
}

template <class T> std::vector<T> alpha_of(const std::vector<double>& row, std::size_t first, std::size_t count) {
    std::vector<T> alpha;
    for (std::size_t k = 0; k < count; ++k) alpha.push_back(static_cast<T>(row[first + k]));
    return alpha;
}

template <class T> struct sources {
    std::vector<std::vector<T>> masses;
    std::vector<uml::opinion<const T>> opinions;

    void add(std::vector<T> m) { masses.push_back(std::move(m)); }
    const auto& all() {
        opinions.clear();
        for (const auto& m : masses) opinions.emplace_back(std::span<const T>(m));
        return opinions;
    }
    void add(std::size_t count, const std::vector<T>& m) { masses.insert(masses.end(), count, m); }
};

template <class T> std::array<T, 4> dempster(sources<T>& s) {
    std::array<T, 3> out{};
    const T conflict = uml::fusion::dempster(s.all(), uml::opinion<T>(std::span<T>(out)));
    return {out[0], out[1], out[2], conflict};
}

constexpr std::array<double, 2> one_sided{1, 41};
constexpr uml::dirichlet<double> fixed(one_sided);
static_assert(fixed.entropy() > 0.1125159341196392 && fixed.entropy() < 0.1125159341196394);
static_assert(fixed.expected_entropy() > 0.1024507924485430 && fixed.expected_entropy() < 0.1024507924485435);
static_assert(fixed.mutual_information() > 0.010065141671096 && fixed.mutual_information() < 0.010065141671097);
static_assert(uml::digamma(1.0) > -0.5772156649015335 && uml::digamma(1.0) < -0.5772156649015320);
static_assert(uml::kl_to_uniform(fixed) > 2.737962310606745 && uml::kl_to_uniform(fixed) < 2.737962310606749);
static_assert(uml::differential_entropy(fixed) < -2.737962310606745);

constexpr double dempster_of_three() {
    const std::array<double, 3> a{0.5, 0.25, 0.25};
    const std::array<double, 3> b{0.25, 0.5, 0.25};
    const std::array<double, 3> c{0, 0, 1};
    std::array<double, 3> out{};
    return uml::fusion::dempster(
        std::array{uml::opinion<const double>(a), uml::opinion<const double>(b), uml::opinion<const double>(c)},
        uml::opinion<double>(out));
}
static_assert(dempster_of_three() == 0.3125);

} // namespace

TEST_CASE_TEMPLATE("measures keep their digits when one class dominates", T, float, double, long double) {
    for (const auto& row : oracle::table("measures.txt", "evidence")) {
        const auto classes = static_cast<std::size_t>(row[0]);
        const auto alpha = alpha_of<T>(row, 1, classes);
        const double* const exact = row.data() + 1 + classes;
        const uml::dirichlet<T> d{std::span<const T>(alpha)};
        CAPTURE(row);
        keeps(d.variance(0), exact[0], 4);
        keeps(d.entropy(), exact[1], 8);
        keeps(d.expected_entropy(), exact[2], 16);
        keeps(d.mutual_information(), exact[3], 64);
        keeps(uml::differential_entropy(d), exact[4], 16);
        CHECK(std::abs(static_cast<double>(uml::kl_to_uniform(d)) - exact[5]) <=
              4 * unit<T> * exact[5] + 40 * unit<double>);
    }
}

TEST_CASE_TEMPLATE("the divergence between Dirichlets", T, float, double) {
    for (const auto& row : oracle::table("divergence.txt", "evidence")) {
        const auto classes = static_cast<std::size_t>(row[0]);
        const auto alpha = alpha_of<T>(row, 1, classes);
        const auto beta = alpha_of<T>(row, 1 + classes, classes);
        CAPTURE(row);
        const T kl = uml::kl_divergence(uml::dirichlet<T>(std::span<const T>(alpha)),
                                        uml::dirichlet<T>(std::span<const T>(beta)));
        CHECK(std::abs(static_cast<double>(kl) - row.back()) <= 4 * unit<T> * row.back() + 40 * unit<double>);
        CHECK(kl >= 0);
    }
}

TEST_CASE("digamma and Stirling's remainder over the whole range") {
    for (const auto& row : oracle::table("special.txt", "evidence")) {
        CAPTURE(row[0]);
        keeps(uml::digamma(row[0]), row[1], 8);
        keeps(uml::digamma_minus_log(row[0]), row[2], 16);
        CHECK(std::abs(uml::special::stirling_remainder(row[0]) - row[3]) <=
              8 * unit<double> * row[3] + 16 * unit<double>);
        keeps(uml::digamma(static_cast<long double>(row[0])), row[1], 8);
    }
    CHECK(uml::digamma(1e-308) == -1e308);
    // What the compiler computes by halving and a series, against what the program does.
    CHECK(uml::elementary::twice_atanh(0.2) == doctest::Approx(std::log(1.5)).epsilon(1e-15));
    CHECK(uml::elementary::twice_atanh(-0x1p-600) == -0x1p-599);
    constexpr double logs[] = {uml::elementary::log(1e-300),   uml::elementary::log(0.7),
                               uml::elementary::log(1.0),      uml::elementary::log(1e300),
                               uml::elementary::log1p(-0.25),  uml::elementary::log1p(0.24),
                               uml::elementary::log1p(1e-300), uml::elementary::log1p(0.26)};
    const double exact[] = {std::log(1e-300),  std::log(0.7),    0,      std::log(1e300),
                            std::log1p(-0.25), std::log1p(0.24), 1e-300, std::log1p(0.26)};
    for (int i = 0; i < 8; ++i) keeps(logs[i], exact[i], 4);
    CHECK(uml::digamma(1e-310) == -std::numeric_limits<double>::infinity());
    CHECK(uml::digamma(1e-40F) == -std::numeric_limits<float>::infinity());
}

TEST_CASE_TEMPLATE("fusion against exact values", T, float, double) {
    const auto rows = oracle::table("fusion.txt", "evidence");
    std::size_t at = 0;
    for (int group = 0; at < rows.size(); ++group) {
        CAPTURE(group);
        sources<T> s;
        for (auto count = static_cast<std::size_t>(rows[at++][0]); count > 0; --count)
            s.add(alpha_of<T>(rows[at++], 0, 4));
        std::array<T, 4> masses{};
        const uml::opinion<T> out{std::span<T>(masses)};
        const auto matches = [&](const std::vector<double>& exact, double units) {
            for (std::size_t k = 0; k < 4; ++k) {
                CAPTURE(k);
                if (exact[k] > 1e-30) keeps(masses[k], exact[k], units);
            }
        };
        const T conflict = uml::fusion::dempster(s.all(), out);
        matches(rows[at], 400);
        CHECK(std::abs(static_cast<double>(conflict) - rows[at][4]) <= 400 * unit<T> * rows[at][4] + 1e-28);
        uml::fusion::weighted(s.all(), out);
        matches(rows[at + 1], 400);
        uml::fusion::consensus_compromise(s.all(), out);
        // Residues are differences of beliefs.
        for (std::size_t k = 0; k < 4; ++k)
            CHECK(std::abs(static_cast<double>(masses[k]) - rows[at + 2][k]) <= 4 * unit<T>);
        at += 3;
    }
}

TEST_CASE_TEMPLATE("Dempster: thousands of sources, half for each class, in any order", T, float, double) {
    const std::vector<T> for_a{static_cast<T>(0.7), static_cast<T>(0.2), static_cast<T>(0.1)};
    const std::vector<T> for_b{static_cast<T>(0.2), static_cast<T>(0.7), static_cast<T>(0.1)};
    for (const std::size_t half : {std::size_t{1000}, std::size_t{50000}}) {
        sources<T> apart;
        apart.add(half, for_a);
        apart.add(half, for_b);
        sources<T> mixed;
        for (std::size_t i = 0; i < half; ++i) {
            mixed.add(1, for_b);
            mixed.add(1, for_a);
        }
        for (auto* const s : {&apart, &mixed}) {
            const auto out = dempster(*s);
            CHECK(static_cast<double>(out[0]) == doctest::Approx(0.5).epsilon(1e-9));
            CHECK(static_cast<double>(out[1]) == doctest::Approx(0.5).epsilon(1e-9));
            CHECK(static_cast<double>(out[3]) == doctest::Approx(1).epsilon(1e-11));
        }
    }
}

TEST_CASE_TEMPLATE("Dempster: nearly dogmatic sources of two opinions leave half their vacuity", T, float, double) {
    const T u = static_cast<T>(1e-23);
    sources<T> s;
    s.add({1 - u, 0, u});
    s.add({0, 1 - u, u});
    const auto out = dempster(s);
    CHECK(static_cast<double>(out[2]) == doctest::Approx(5e-24).epsilon(1e-6));
    CHECK(out[0] == static_cast<T>(0.5));
    CHECK(static_cast<double>(out[3]) == doctest::Approx(1).epsilon(1e-11));
    sources<double> smaller; // the product of the vacuities is below the smallest double
    smaller.add({1, 0, 1e-200});
    smaller.add({0, 1, 1e-200});
    CHECK(dempster(smaller)[2] == doctest::Approx(5e-201).epsilon(1e-12));
}

TEST_CASE_TEMPLATE("Dempster: sources that know nothing do not contradict each other", T, float, double) {
    sources<T> s;
    s.add(1000, {0, 0, 1});
    CHECK(dempster(s) == std::array<T, 4>{0, 0, 1, 0});
    sources<T> rounded; // masses that opinion::make takes: they sum to 1 within 1e-4
    rounded.add(1000, {0, 0, static_cast<T>(0.9999046)});
    CHECK(dempster(rounded) == std::array<T, 4>{0, 0, 1, 0});
}

TEST_CASE_TEMPLATE("weighted fusion keeps beliefs far below 1", T, float, double) {
    const T b = static_cast<T>(1e-12);
    sources<T> s;
    s.add({b, 0, 1});
    s.add({3 * b, 0, 1});
    std::array<T, 3> out{};
    uml::fusion::weighted(s.all(), uml::opinion<T>(std::span<T>(out)));
    // Confidences 1 and 3: (1 * 1 + 3 * 3) / 4.
    CHECK(static_cast<double>(out[0]) == doctest::Approx(2.5e-12).epsilon(1e-6));
    CHECK(static_cast<double>(out[2]) == doctest::Approx(1 - 2.5e-12).epsilon(unit<T>));
}

TEST_CASE("consensus and compromise: the example of its definition, and its limits") {
    sources<double> s;
    s.add({0.1, 0.3, 0.6});
    s.add({0.4, 0.2, 0.4});
    s.add({0.7, 0.1, 0.2});
    std::array<double, 3> out{};
    const uml::opinion<double> result{std::span<double>(out)};
    uml::fusion::consensus_compromise(s.all(), result);
    CHECK(out[0] == doctest::Approx(0.62875).epsilon(1e-14)); // van der Heijden et al. 2018: 0.629, 0.182, 0.189
    CHECK(out[1] == doctest::Approx(0.18225).epsilon(1e-14));
    CHECK(out[2] == doctest::Approx(0.189).epsilon(1e-14));

    sources<double> torn; // each sure of another class: nothing is known
    torn.add({1, 0, 0});
    torn.add({0, 1, 0});
    uml::fusion::consensus_compromise(torn.all(), result);
    CHECK(out == std::array<double, 3>{0, 0, 1});

    sources<double> three; // no two of the residues meet
    std::array<double, 4> wide{};
    three.add({1, 0, 0, 0});
    three.add({0, 1, 0, 0});
    three.add({1, 0, 0, 0});
    uml::fusion::consensus_compromise(three.all(), uml::opinion<double>(std::span<double>(wide)));
    CHECK(wide == std::array<double, 4>{0, 0, 0, 1});

    sources<double> with_vacuous;
    with_vacuous.add({0.5, 0.2, 0.3});
    with_vacuous.add({0, 0, 1});
    uml::fusion::consensus_compromise(with_vacuous.all(), result);
    CHECK(out[0] == doctest::Approx(0.5));
    CHECK(out[2] == doctest::Approx(0.3));
}

TEST_CASE("an opinion that no Dirichlet of evidence can express is refused, others come back accepted") {
    std::array<double, 3> masses{0, 0, 1};
    std::array<double, 2> rates{0.1, 0.9};
    std::array<double, 2> alpha{};
    const auto refused = uml::opinion<double>(masses, rates).write_alpha(alpha);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == uml::errc::invalid_argument);
    CHECK(refused.error().what == "opinion: the base rate of class 0 is so far below 1 / 2 that its parameter would be "
                                  "below 1");
    masses = {0.5, 0, 0.5};
    REQUIRE(uml::opinion<double>(masses, rates).write_alpha(alpha).error().code == uml::errc::none);
    CHECK(alpha[0] == doctest::Approx(2.2));
    CHECK(uml::dirichlet<double>::make(alpha).has_value());
    for (int classes = 2; classes < 300; ++classes) { // 1 / K times K is not always 1
        std::vector<float> vacuous(static_cast<std::size_t>(classes) + 1);
        vacuous.back() = 1;
        std::vector<float> even(static_cast<std::size_t>(classes), 1 / static_cast<float>(classes));
        std::vector<float> written(static_cast<std::size_t>(classes));
        REQUIRE(uml::opinion<float>(vacuous, even).write_alpha(written));
        CHECK(uml::dirichlet<float>::make(written).has_value());
        REQUIRE(uml::opinion<float>(std::span<float>(vacuous)).write_alpha(written));
        CHECK(uml::dirichlet<float>::make(written).has_value());
    }
}

TEST_CASE("a threshold compares in its own precision") {
    const uml::screening policy{.image_vacuity = 0.7F, .pixel_vacuity = 0.7F};
    CHECK(policy.accepts(0.7));
    CHECK(policy.accepts(0.7F));
    CHECK(policy.accepts(0.7L));
    CHECK(policy.reliable(0.7));
    CHECK_FALSE(policy.accepts(0.7000001));
    CHECK_FALSE(policy.accepts(std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("long double is checked like the others") {
    using d = uml::dirichlet<long double>;
    constexpr long double most = std::numeric_limits<long double>::max();
    CHECK(d::make(std::array<long double, 2>{1, 2}).has_value());
    CHECK(d::make(std::array<long double, 2>{1, most}).has_value());
    CHECK_FALSE(d::make(std::array<long double, 2>{most, most}).has_value());
    CHECK_FALSE(d::make(std::array<long double, 2>{1, std::numeric_limits<long double>::infinity()}).has_value());
    CHECK_FALSE(d::make(std::array<long double, 2>{1, std::numeric_limits<long double>::quiet_NaN()}).has_value());
}
