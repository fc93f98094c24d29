// Fits the statistics of familiarity to the features of training pictures. For tools: allocates.
#pragma once

#include "uml/core/random.hpp"
#include "uml/core/result.hpp"
#include "uml/evidence/familiarity.hpp"
#include "uml/trust/conformal.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// The numbers that familiarity_model views.
struct familiarity_statistics {
    std::vector<float> mean, scale, variances;
    std::vector<f16> directions;
    float residual = 1, threshold = 0;

    [[nodiscard]] familiarity_model model() const { return {mean, scale, directions, variances, residual, threshold}; }
};

namespace detail {

/// Eigenvectors of a symmetric n x n matrix by Jacobi rotations, in the columns of `vectors`; `a` ends up diagonal.
inline void jacobi(std::vector<double>& a, std::vector<double>& vectors, std::size_t n) {
    vectors.assign(n * n, 0);
    for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
    for (int sweep = 0; sweep < 60; ++sweep) {
        double off = 0, diagonal = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) (i == j ? diagonal : off) += a[i * n + j] * a[i * n + j];
        if (off <= 1e-26 * diagonal) return;
        for (std::size_t p = 0; p < n; ++p)
            for (std::size_t q = p + 1; q < n; ++q) {
                if (a[p * n + q] == 0) continue;
                const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
                const double c = 1 / std::sqrt(t * t + 1), s = t * c;
                const auto rotate = [&](double& x, double& y) {
                    const double before = x;
                    x = c * before - s * y;
                    y = s * before + c * y;
                };
                for (std::size_t k = 0; k < n; ++k) rotate(a[k * n + p], a[k * n + q]);
                for (std::size_t k = 0; k < n; ++k) rotate(a[p * n + k], a[q * n + k]);
                for (std::size_t k = 0; k < n; ++k) rotate(vectors[k * n + p], vectors[k * n + q]);
            }
    }
}

/// Makes the rows of a (count x d) orthonormal, twice, in order; a row that vanishes is drawn anew.
inline void orthonormalise(std::vector<double>& rows, std::size_t count, std::size_t d, std::uint64_t seed) {
    for (std::size_t i = 0; i < count; ++i) {
        double* const row = rows.data() + i * d;
        for (int pass = 0; pass < 4; ++pass) {
            for (std::size_t j = 0; j < i; ++j) {
                const double* const other = rows.data() + j * d;
                double dot = 0;
                for (std::size_t k = 0; k < d; ++k) dot += row[k] * other[k];
                for (std::size_t k = 0; k < d; ++k) row[k] -= dot * other[k];
            }
            double norm = 0;
            for (std::size_t k = 0; k < d; ++k) norm += row[k] * row[k];
            norm = std::sqrt(norm);
            const bool vanished = !(norm > 1e-150);
            for (std::size_t k = 0; k < d; ++k)
                row[k] = vanished ? static_cast<double>(random_bits(seed + i, k) >> 11) * 0x1p-53 - 0.5 : row[k] / norm;
            if (!vanished && pass > 0) break;
        }
    }
}

/// The leading eigenvectors of a symmetric, positive d x d matrix as rows, largest first: subspace iteration with some
/// rows to spare, then Jacobi within the subspace.
[[nodiscard]] inline std::vector<double> leading_directions(const std::vector<double>& matrix, std::size_t d,
                                                            std::size_t count) {
    const std::size_t n = std::min(d, count + 16);
    std::vector<double> rows(n * d), next(n * d), small(n * n), vectors;
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<double>(random_bits(1, i) >> 11) * 0x1p-53 - 0.5;
    orthonormalise(rows, n, d, 2);
    const auto multiply = [&] {
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t k = 0; k < d; ++k) {
                double sum = 0;
                for (std::size_t l = 0; l < d; ++l) sum += rows[i * d + l] * matrix[k * d + l];
                next[i * d + k] = sum;
            }
    };
    constexpr int steps = 30;
    for (int step = 0; step < steps; ++step) {
        multiply();
        std::swap(rows, next);
        orthonormalise(rows, n, d, 3 + static_cast<std::uint64_t>(step));
    }
    multiply();
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::size_t k = 0; k < d; ++k) sum += rows[i * d + k] * next[j * d + k];
            small[i * n + j] = sum;
        }
    jacobi(small, vectors, n);
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return small[a * n + a] > small[b * n + b]; });
    std::vector<double> leading(count * d);
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = 0; j < n; ++j)
            for (std::size_t k = 0; k < d; ++k) leading[i * d + k] += vectors[j * n + order[i]] * rows[j * d + k];
    return leading;
}

} // namespace detail

/// Fits mean, scale, directions and variances to n rows of D pooled features of training pictures (with harmless
/// augmentation, so that it does not count as strange). At most D - 1 and n - 1 directions are kept. The threshold
/// stays 0: set it by familiarity_threshold() on other pictures. Variances are those along the directions as stored,
/// rounded to f16. Fails for fewer than 2 rows or features, a number that is not finite, and a row of zeros.
[[nodiscard]] inline result<familiarity_statistics>
fit_familiarity(std::span<const float> features, std::size_t dimensions, std::size_t directions = 64) {
    const std::size_t d = dimensions, n = d > 0 ? features.size() / d : 0;
    if (d < 2 || n < 2 || n * d != features.size())
        return fail(errc::invalid_argument, {"familiarity: ", std::uint64_t{features.size()},
                                             " numbers are no rows of ", static_cast<std::uint64_t>(d), " features"});
    std::vector<double> z(features.begin(), features.end());
    for (std::size_t r = 0; r < n; ++r) {
        double norm = 0;
        for (std::size_t i = 0; i < d; ++i) {
            if (!is_finite(features[r * d + i]))
                return fail(errc::not_finite,
                            {"familiarity: row ", std::uint64_t{r}, " has a feature that is not a finite number"});
            norm += z[r * d + i] * z[r * d + i];
        }
        if (!(norm > 0))
            return fail(errc::invalid_argument, {"familiarity: all features of row ", std::uint64_t{r}, " are 0"});
        for (std::size_t i = 0; i < d; ++i) z[r * d + i] /= std::sqrt(norm);
    }
    familiarity_statistics s;
    const auto count = static_cast<double>(n);
    double mean_variance = 0;
    std::vector<double> variance(d);
    for (std::size_t i = 0; i < d; ++i) {
        double sum = 0;
        for (std::size_t r = 0; r < n; ++r) sum += z[r * d + i];
        s.mean.push_back(static_cast<float>(sum / count));
        for (std::size_t r = 0; r < n; ++r) {
            z[r * d + i] -= static_cast<double>(s.mean[i]);
            variance[i] += z[r * d + i] * z[r * d + i] / count;
        }
        mean_variance += variance[i] / static_cast<double>(d);
    }
    if (!(mean_variance > 1e-12)) // of a norm of 1: rounding alone
        return fail(errc::invalid_argument, "familiarity: all rows are the same");
    // A feature that hardly ever moves would make any movement of it infinitely strange.
    for (std::size_t i = 0; i < d; ++i) {
        s.scale.push_back(static_cast<float>(std::sqrt(std::max(variance[i], 1e-4 * mean_variance))));
        for (std::size_t r = 0; r < n; ++r) z[r * d + i] /= static_cast<double>(s.scale[i]);
    }
    std::vector<double> covariance(d * d);
    double total = 0;
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < d; ++i)
            for (std::size_t j = 0; j <= i; ++j) covariance[i * d + j] += z[r * d + i] * z[r * d + j] / count;
    for (std::size_t i = 0; i < d; ++i) {
        total += covariance[i * d + i];
        for (std::size_t j = 0; j < i; ++j) covariance[j * d + i] = covariance[i * d + j];
    }
    const std::size_t q = std::min({directions, d - 1, n - 1});
    for (const double w : detail::leading_directions(covariance, d, q))
        s.directions.push_back(to_f16(static_cast<float>(w)));

    const double least = 1e-6 * total / static_cast<double>(d);
    double kept = 0;
    for (std::size_t k = 0; k < q; ++k) {
        double along = 0;
        for (std::size_t i = 0; i < d; ++i)
            for (std::size_t j = 0; j < d; ++j)
                along += static_cast<double>(to_f32(s.directions[k * d + i])) * covariance[i * d + j] *
                         static_cast<double>(to_f32(s.directions[k * d + j]));
        s.variances.push_back(static_cast<float>(std::max(along, least)));
        kept += along;
    }
    s.residual = static_cast<float>(std::max((total - kept) / static_cast<double>(d - q), least));
    return s;
}

/// The threshold up to which the share 1 - `refused` of new pictures like these lies: the conformal quantile of their
/// distances, by patient; promise and assumptions are those of conformal_threshold(). `cases` hold the distances.
[[nodiscard]] inline result<float> familiarity_threshold(std::span<conformal_case> cases, double refused) {
    const auto threshold = conformal_threshold(cases, 1 - refused);
    if (!threshold) return threshold.error();
    if (!(*threshold < class_set_rule::everything))
        return fail(errc::invalid_argument,
                    "familiarity: too few patients for a threshold that refuses so few pictures");
    return static_cast<float>(*threshold);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
