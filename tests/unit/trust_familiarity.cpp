// Familiarity: the Gaussian on normalised features, its fit, its threshold, and its place in a file.
#include "trust_draws.hpp"
#include "uml/evidence.hpp"
#include "uml/io/safetensors_writer.hpp"
#include "uml/model/familiarity_file.hpp"
#include "uml/trust.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace t = uml::trust;

namespace {

constexpr std::size_t features = 48;

/// Pooled features of pictures of one kind: positive, three shared causes and noise. `shift` moves them elsewhere.
std::vector<float> draw(draws::generator& random, std::size_t count, double shift = 0) {
    std::vector<float> rows;
    for (std::size_t r = 0; r < count; ++r) {
        std::array<double, 3> cause{};
        for (double& c : cause) c = random.uniform() + random.uniform() + random.uniform() - 1.5;
        const double brightness = 0.5 + random.uniform(); // normalising takes it away
        for (std::size_t i = 0; i < features; ++i) {
            const double base = 1 + 0.5 * std::sin(static_cast<double>(i));
            double x = base + 0.3 * (cause[0] * std::cos(0.7 * static_cast<double>(i)) +
                                     cause[1] * std::sin(0.3 * static_cast<double>(i)));
            x += 0.1 * cause[2] * (i % 3 == 0 ? 1 : 0) + 0.05 * (random.uniform() - 0.5);
            x += shift * (i % 2 == 0 ? 1 : -1);
            rows.push_back(static_cast<float>(brightness * x));
        }
    }
    return rows;
}

std::vector<double> distances(const uml::familiarity_model& m, const std::vector<float>& rows) {
    std::vector<double> all;
    for (std::size_t r = 0; r < rows.size() / features; ++r) {
        const auto d = m.distance(std::span(rows).subspan(r * features, features));
        REQUIRE(d);
        all.push_back(*d);
    }
    return all;
}

} // namespace

TEST_CASE("a Gaussian by hand") {
    const auto distance_of = [](const uml::familiarity_model& model, const std::array<double, 3>& row) {
        return model.distance(std::span<const double>(row));
    };
    const std::array<float, 3> mean{0.6F, 0, 0.8F};
    const std::array<float, 3> scale{0.1F, 0.1F, 0.2F};
    const std::array<uml::f16, 3> direction{uml::to_f16(0), uml::to_f16(1), uml::to_f16(0)};
    const std::array<float, 1> variance{4};
    const uml::familiarity_model m{mean, scale, direction, variance, 0.25F, 1};
    REQUIRE(m.check());
    // (3, 0, 4) / 5 is the mean; (0.6, 0.8, 0) is (0, 8, -4) scales away: 64 / 4 + 16 / 0.25 = 80 of 3 dimensions.
    CHECK(*distance_of(m, {3, 0, 4}) == doctest::Approx(0).epsilon(1e-6));
    CHECK(*distance_of(m, {0.6, 0.8, 0}) == doctest::Approx(std::sqrt(80.0 / 3)));
    CHECK(*distance_of(m, {600, 800, 0}) == doctest::Approx(std::sqrt(80.0 / 3)));
    auto fewer = m;
    fewer.scale = fewer.scale.first(2);
    REQUIRE_FALSE(fewer.check());
    CHECK(fewer.check().error().what ==
          "familiarity: 3 means, 2 scales, 1 variances and 3 numbers of directions do not fit");
}

TEST_CASE("what is no picture's features is refused, never familiar") {
    draws::generator random(4);
    const auto fitted = t::fit_familiarity(draw(random, 50), features, 8);
    REQUIRE(fitted);
    const auto m = fitted->model();
    std::vector<float> row(features, 0.0F);
    const auto distance_of = [&](std::span<const float> numbers) { return m.distance(numbers); };
    CHECK(distance_of(row).error().code == uml::errc::invalid_argument);
    CHECK(distance_of(row).error().what == "familiarity: all features are 0");
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        row[5] = bad;
        CHECK(distance_of(row).error().code == uml::errc::not_finite);
    }
    CHECK(distance_of(std::span(row).first(5)).error().code == uml::errc::wrong_shape);
    std::vector<float> largest(features, std::numeric_limits<float>::max()); // the norm is taken in double
    CHECK(distance_of(largest).has_value());
    CHECK(uml::acquaintance_of(std::numeric_limits<double>::quiet_NaN()) == uml::acquaintance::unfamiliar);
    CHECK(uml::acquaintance_of(1) == uml::acquaintance::familiar);
    CHECK(uml::acquaintance_of(1.5) == uml::acquaintance::unusual);
    CHECK(uml::acquaintance_of(2) == uml::acquaintance::unusual);
    CHECK(uml::acquaintance_of(2.1) == uml::acquaintance::unfamiliar);
    CHECK(t::name_of(uml::acquaintance::unchecked) == "not checked");
    CHECK(t::name_of(uml::acquaintance::familiar) == "familiar");
    CHECK(t::name_of(uml::acquaintance::unusual) == "unusual");
    CHECK(t::name_of(uml::acquaintance::unfamiliar) == "unfamiliar");
}

TEST_CASE("the fit: orthonormal directions, and a mean squared distance of 1 on its own data") {
    draws::generator random(1);
    const auto rows = draw(random, 400);
    const auto fitted = t::fit_familiarity(rows, features, 6);
    REQUIRE(fitted);
    REQUIRE(fitted->model().check());
    REQUIRE(fitted->variances.size() == 6);
    for (std::size_t a = 0; a < 6; ++a)
        for (std::size_t b = 0; b <= a; ++b) {
            double dot = 0;
            for (std::size_t i = 0; i < features; ++i)
                dot += static_cast<double>(uml::to_f32(fitted->directions[a * features + i])) *
                       static_cast<double>(uml::to_f32(fitted->directions[b * features + i]));
            CHECK(std::abs(dot - (a == b ? 1 : 0)) < 2e-3);
        }
    for (std::size_t k = 1; k < 6; ++k) CHECK(fitted->variances[k] <= fitted->variances[k - 1] * 1.001F);
    CHECK(fitted->variances[0] > 10 * fitted->residual);
    double squared = 0;
    for (const double d : distances(fitted->model(), rows)) squared += d * d / 400;
    CHECK(squared == doctest::Approx(1).epsilon(0.01));
    // Three causes and the norm explain the data: all but a little variance lies along the directions.
    double explained = 0;
    for (const float v : fitted->variances) explained += static_cast<double>(v);
    CHECK(explained / features > 0.8);
}

TEST_CASE("leading directions are the eigenvectors, largest first") {
    // Diagonal in a rotated frame: I + 9 u u' + 4 v v' with u, v orthonormal.
    constexpr std::size_t d = 40;
    std::vector<double> u(d, 1 / std::sqrt(static_cast<double>(d)));
    std::vector<double> v(d);
    for (std::size_t i = 0; i < d; ++i) v[i] = (i % 2 == 0 ? 1 : -1) / std::sqrt(static_cast<double>(d));
    std::vector<double> matrix(d * d);
    for (std::size_t i = 0; i < d; ++i)
        for (std::size_t j = 0; j < d; ++j) matrix[i * d + j] = (i == j ? 1 : 0) + 9 * u[i] * u[j] + 4 * v[i] * v[j];
    const auto rows = t::detail::leading_directions(matrix, d, 2);
    double first = 0;
    double second = 0;
    for (std::size_t i = 0; i < d; ++i) first += rows[i] * u[i], second += rows[d + i] * v[i];
    CHECK(std::abs(first) == doctest::Approx(1).epsilon(1e-9));
    CHECK(std::abs(second) == doctest::Approx(1).epsilon(1e-9));
}

TEST_CASE("simulation: new pictures of the kind are refused as rarely as promised, others nearly always") {
    constexpr int trials = 60;
    draws::generator random(8);
    double refused = 0;
    double found = 0;
    for (int trial = 0; trial < trials; ++trial) {
        auto fitted = t::fit_familiarity(draw(random, 150), features, 8);
        REQUIRE(fitted);
        std::vector<t::conformal_case> cases;
        for (const double d : distances(fitted->model(), draw(random, 100)))
            cases.push_back({d, static_cast<std::uint32_t>(cases.size())});
        const auto threshold = t::familiarity_threshold(cases, 0.05);
        REQUIRE(threshold);
        for (const double d : distances(fitted->model(), draw(random, 100)))
            refused += d > static_cast<double>(*threshold) ? 0.01 / trials : 0;
        for (const double d : distances(fitted->model(), draw(random, 20, 0.3)))
            found += d > static_cast<double>(*threshold) ? 0.05 / trials : 0;
    }
    MESSAGE("refused ", refused, " of 0.05, others found ", found);
    CHECK(refused <= 0.05 + 0.01);
    CHECK(refused > 0.03);
    CHECK(found > 0.99);
    std::vector<t::conformal_case> few{{1, 0}, {2, 1}};
    CHECK_FALSE(t::familiarity_threshold(few, 0.05));
}

TEST_CASE("the fit refuses what it cannot use") {
    std::vector<float> rows{1, 2, 3, 4, 5, 6};
    CHECK(t::fit_familiarity(rows, 3).has_value());
    CHECK(t::fit_familiarity(rows, 3)->variances.size() == 1); // two rows have one direction
    CHECK_FALSE(t::fit_familiarity(rows, 4));
    CHECK_FALSE(t::fit_familiarity(rows, 6));
    CHECK_FALSE(t::fit_familiarity(rows, 1));
    CHECK_FALSE(t::fit_familiarity({}, 3));
    CHECK_FALSE(t::fit_familiarity(std::vector<float>{1, 1, 2, 2}, 2)); // the same after normalising
    rows[4] = std::numeric_limits<float>::quiet_NaN();
    CHECK(t::fit_familiarity(rows, 3).error().what == "familiarity: row 1 has a feature that is not a finite number");
    CHECK_FALSE(t::fit_familiarity(std::vector<float>{1, 2, 0, 0}, 2));
}

TEST_CASE("statistics survive a file; a broken one is refused with a sentence") {
    draws::generator random(2);
    auto fitted = t::fit_familiarity(draw(random, 60), features, 8);
    REQUIRE(fitted);
    fitted->threshold = 1.5F;
    const auto file_of = [&](const uml::familiarity_model& m,
                             const char* metadata = R"({"residual": 0.5, "threshold": 1.5, "self_check": 0.75})") {
        using names = uml::familiarity_names;
        const std::array<std::uint64_t, 2> shape{m.variances.size(), m.dimensions()};
        uml::safetensors_writer w;
        w.metadata(names::metadata, metadata);
        w.add(names::mean, std::span(shape).last(1), m.mean);
        const std::array<std::uint64_t, 1> scales{m.scale.size()};
        w.add(names::scale, scales, m.scale);
        w.add(names::variances, std::span(shape).first(1), m.variances);
        w.add(names::directions, uml::dtype::f16, shape, std::as_bytes(m.directions));
        return w.bytes();
    };
    fitted->residual = 0.5F;
    const auto bytes = file_of(fitted->model());
    const auto file = uml::weights_from(bytes);
    REQUIRE(file);
    auto read = uml::read_familiarity(*file);
    REQUIRE_MESSAGE(read, read.error().what.c_str());
    REQUIRE(read->present());
    const auto row = draw(random, 1);
    const std::span<const float> numbers(row);
    CHECK(*read->model.distance(numbers) == *fitted->model().distance(numbers));
    CHECK(read->model.threshold == 1.5F);
    CHECK(read->self_check == 0.75);
    // What is moved is still viewed.
    const uml::stored_familiarity moved = *std::move(read);
    CHECK(*moved.model.distance(numbers) == *fitted->model().distance(numbers));

    const auto refused = [](const std::vector<std::byte>& broken, const std::string& words) {
        const auto opened = uml::weights_from(broken);
        REQUIRE(opened);
        const auto r = uml::read_familiarity(*opened);
        REQUIRE_FALSE(r);
        CHECK(r.error().code == uml::errc::malformed);
        CHECK(std::string(r.error().what.view()).find(words) != std::string::npos);
    };
    refused(file_of(fitted->model(), "{}"), "needs the numbers residual and threshold");
    refused(file_of(fitted->model(), R"({"residual": 0, "threshold": 1})"), "not finite or not above 0");
    refused(file_of(fitted->model(), R"({"residual": 1, "threshold": -1})"), "not finite or not above 0");
    refused(file_of(fitted->model(), R"({"residual": 1, "threshold": 1, "self_check": -1})"), "is no distance");
    refused(file_of(fitted->model(), R"({"residual": 1, "threshold": 101})"), "cannot be statistics");
    auto broken = *fitted;
    broken.scale[3] = 0;
    refused(file_of(broken.model()), "not finite or not above 0");
    broken = *fitted;
    broken.directions[7] = {0x7e00}; // NaN
    refused(file_of(broken.model()), "not finite or not above 0");
    broken = *fitted;
    broken.mean[0] = 1.5F;
    refused(file_of(broken.model()), "cannot be statistics");
    broken = *fitted;
    for (std::size_t i = 0; i < features; ++i) broken.directions[i] = uml::to_f16(1);
    refused(file_of(broken.model()), "cannot be statistics");
    broken = *fitted;
    broken.variances.back() = 1e9F;
    refused(file_of(broken.model()), "cannot be statistics");
    broken = *fitted;
    broken.scale.pop_back();
    refused(file_of(broken.model()), "sizes do not fit");
    uml::safetensors_writer bare;
    bare.metadata("uml.familiarity", R"({"residual": 1, "threshold": 1})");
    refused(bare.bytes(), "tensor uml.familiarity.mean is missing or no row of F32");
    uml::safetensors_writer without;
    const auto none = without.bytes();
    const auto opened = uml::weights_from(none);
    REQUIRE(opened);
    CHECK_FALSE(uml::read_familiarity(*opened)->present());
}
