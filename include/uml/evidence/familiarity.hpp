// How far a picture's features lie from those of the training: "this is nothing I know".
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/result.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A Gaussian on L2-normalised pooled features, as probabilistic PCA (Tipping and Bishop 1999): per feature a mean and
/// a scale, then Q directions with variances and one variance for all that remains. Views of the caller's memory.
///
/// What it can do: tell far pictures (another organ, a photograph, an artefact) by their distance (Lee et al. 2018, "A
/// simple unified framework for detecting out-of-distribution samples"; Mukhoti et al. 2023, "Deep deterministic
/// uncertainty"; on why the vacuity of evidential networks cannot: Shen et al. 2024, "Are uncertainty quantification
/// capabilities of evidential deep learning a mirage?"). What it cannot: rank mistakes on pictures of the right kind,
/// which vacuity does; see that a brain has no tumour; notice every mild change.
struct familiarity_model {
    /// What stands for the distance over the threshold where there is no distance: features that are no numbers, or all
    /// 0. Finite, since compilers that are told so leave out comparisons with NaN.
    static constexpr double no_features = 1e9;

    std::span<const float> mean;      ///< D
    std::span<const float> scale;     ///< D, above 0
    std::span<const f16> directions;  ///< Q rows of D, orthonormal up to rounding
    std::span<const float> variances; ///< Q, above 0
    float residual = 1;               ///< variance of each of the D - Q dimensions that remain, above 0
    float threshold = 0;              ///< distance up to which a picture is familiar; 0: there is none

    [[nodiscard]] constexpr std::size_t dimensions() const { return mean.size(); }

    /// Whether sizes fit, every number is finite, variances and scales are above 0, and all can be statistics of
    /// features of norm 1: means and scales within 1, directions of norm 1 within a tenth, no variance above 1000 D, no
    /// threshold above 100. Errors: errc::malformed.
    [[nodiscard, gnu::cold]] result<void> check() const {
        const std::size_t d = mean.size(), q = variances.size();
        if (d == 0 || scale.size() != d || q >= d || directions.size() != q * d)
            return fail(errc::malformed, {"familiarity: ", static_cast<std::uint64_t>(d), " means, ",
                                          std::uint64_t{scale.size()}, " scales, ", std::uint64_t{q}, " variances and ",
                                          std::uint64_t{directions.size()}, " numbers of directions do not fit"});
        bool good = is_finite(residual) && residual > 0 && is_finite(threshold) && threshold >= 0;
        for (std::size_t i = 0; i < d; ++i) good = good && is_finite(mean[i]) && is_finite(scale[i]) && scale[i] > 0;
        for (const float v : variances) good = good && is_finite(v) && v > 0;
        for (std::size_t j = 0; j < q * d; ++j) good = good && is_finite(to_f32(directions[j]));
        if (!good) return fail(errc::malformed, "familiarity: a number is not finite or not above 0");
        const double most = 1000 * static_cast<double>(d);
        bool plausible = static_cast<double>(residual) <= most && threshold <= 100;
        for (std::size_t i = 0; i < d; ++i) plausible = plausible && std::fabs(mean[i]) <= 1 && scale[i] <= 1;
        for (std::size_t k = 0; k < q; ++k) {
            double norm = 0;
            for (std::size_t j = k * d; j < (k + 1) * d; ++j)
                norm += static_cast<double>(to_f32(directions[j])) * static_cast<double>(to_f32(directions[j]));
            plausible = plausible && static_cast<double>(variances[k]) <= most && norm > 0.81 && norm < 1.21;
        }
        if (!plausible)
            return fail(errc::malformed, "familiarity: the numbers cannot be statistics of features of norm 1");
        return {};
    }

    /// sqrt(d2 / D), d2 the squared Mahalanobis distance of the normalised features: about 1 on pictures like those of
    /// training. `features` has D pooled features; Q D multiply-adds, no heap. Sums are taken in double. Errors:
    /// errc::wrong_shape; not_finite for NaN and infinity; invalid_argument when all features are 0: a picture without
    /// features is no familiar one.
    template <std::floating_point T> [[nodiscard]] result<double> distance(std::span<const T> features) const {
        const std::size_t d = dimensions();
        if (features.size() != d)
            return fail(errc::wrong_shape, {"familiarity: ", std::uint64_t{features.size()},
                                            " features, the statistics are of ", static_cast<std::uint64_t>(d)});
        double norm = 0;
        for (const T x : features) {
            if (!is_finite(x)) return fail(errc::not_finite, "familiarity: a feature is not a finite number");
            norm += static_cast<double>(x) * static_cast<double>(x);
        }
        if (!(norm > 0)) return fail(errc::invalid_argument, "familiarity: all features are 0");
        const double unit = 1 / std::sqrt(norm);
        double rest = 0, explained = 0;
        // A block of directions at a time, and of features, so that neither needs memory of the caller's.
        constexpr std::size_t block = 64;
        for (std::size_t first = 0; first == 0 || first < variances.size(); first += block) {
            const std::size_t count = std::min(block, variances.size() - first);
            double along[block] = {};
            for (std::size_t i = 0; i < d; i += block) {
                const std::size_t width = std::min(block, d - i);
                double z[block];
                for (std::size_t j = 0; j < width; ++j) {
                    z[j] = (static_cast<double>(features[i + j]) * unit - static_cast<double>(mean[i + j])) /
                           static_cast<double>(scale[i + j]);
                    if (first == 0) rest += z[j] * z[j];
                }
                for (std::size_t q = 0; q < count; ++q) {
                    const f16* const w = directions.data() + (first + q) * d + i;
                    for (std::size_t j = 0; j < width; ++j) along[q] += static_cast<double>(to_f32(w[j])) * z[j];
                }
            }
            for (std::size_t q = 0; q < count; ++q) {
                explained += along[q] * along[q] / static_cast<double>(variances[first + q]);
                rest -= along[q] * along[q];
            }
        }
        const double squared = explained + (rest > 0 ? rest / static_cast<double>(residual) : 0);
        if (!is_finite(squared)) return fail(errc::not_finite, "familiarity: the distance overflows");
        return std::sqrt(squared / static_cast<double>(d));
    }
};

/// How a distance compares with the threshold.
enum class acquaintance : std::uint8_t {
    unchecked,  ///< there is no threshold
    familiar,   ///< within it
    unusual,    ///< within twice the threshold: another scanner or framing?
    unfamiliar, ///< further
};

/// `ratio` is distance over threshold; NaN is unfamiliar.
[[nodiscard]] constexpr acquaintance acquaintance_of(double ratio) {
    return ratio <= 1 ? acquaintance::familiar : ratio <= 2 ? acquaintance::unusual : acquaintance::unfamiliar;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
