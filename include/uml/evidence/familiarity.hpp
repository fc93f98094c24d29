// How far a picture's features lie from those of the training: "this is nothing I know".
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/result.hpp"

#include <cmath>
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
    std::span<const float> mean;      ///< D
    std::span<const float> scale;     ///< D, above 0
    std::span<const f16> directions;  ///< Q rows of D, orthonormal up to rounding
    std::span<const float> variances; ///< Q, above 0
    float residual = 1;               ///< variance of each of the D - Q dimensions that remain, above 0
    float threshold = 0;              ///< distance up to which a picture is familiar; 0: there is none

    [[nodiscard]] constexpr std::size_t dimensions() const { return mean.size(); }

    /// Whether sizes fit and every number is finite, variances and scales above 0. Errors: errc::malformed.
    [[nodiscard]] result<void> check() const {
        const std::size_t d = mean.size(), q = variances.size();
        if (d == 0 || scale.size() != d || q >= d || directions.size() != q * d)
            return fail(errc::malformed, "familiarity: ", static_cast<std::uint64_t>(d), " means, ",
                        std::uint64_t{scale.size()}, " scales, ", std::uint64_t{q}, " variances and ",
                        std::uint64_t{directions.size()}, " numbers of directions do not fit");
        bool good = is_finite(residual) && residual > 0 && is_finite(threshold) && threshold >= 0;
        for (std::size_t i = 0; i < d; ++i) good = good && is_finite(mean[i]) && is_finite(scale[i]) && scale[i] > 0;
        for (const float v : variances) good = good && is_finite(v) && v > 0;
        for (const f16 w : directions) good = good && is_finite(to_f32(w));
        if (!good) return fail(errc::malformed, "familiarity: a number is not finite or not above 0");
        return {};
    }

    /// sqrt(d2 / D), d2 the squared Mahalanobis distance of the normalised features: about 1 on pictures like those of
    /// training. `features` has D pooled features, `scratch` room for D; Q D multiply-adds, no heap. Sums are taken in
    /// double. Errors: errc::wrong_shape, too_small; not_finite for NaN and infinity; invalid_argument when all
    /// features are 0: a picture without features is no familiar one.
    [[nodiscard]] result<double> distance(std::span<const float> features, std::span<float> scratch) const {
        const std::size_t d = dimensions();
        if (features.size() != d)
            return fail(errc::wrong_shape, "familiarity: ", std::uint64_t{features.size()},
                        " features, the statistics are of ", static_cast<std::uint64_t>(d));
        if (scratch.size() < d)
            return fail(errc::too_small, "familiarity: scratch memory of fewer elements than features");
        double norm = 0;
        for (const float x : features) {
            if (!is_finite(x)) return fail(errc::not_finite, "familiarity: a feature is not a finite number");
            norm += static_cast<double>(x) * static_cast<double>(x);
        }
        if (!(norm > 0)) return fail(errc::invalid_argument, "familiarity: all features are 0");
        const double unit = 1 / std::sqrt(norm);
        double rest = 0;
        for (std::size_t i = 0; i < d; ++i) {
            const double z = (static_cast<double>(features[i]) * unit - static_cast<double>(mean[i])) /
                             static_cast<double>(scale[i]);
            scratch[i] = static_cast<float>(z);
            rest += z * z;
        }
        double squared = 0;
        for (std::size_t q = 0; q < variances.size(); ++q) {
            double along = 0;
            for (std::size_t i = 0; i < d; ++i)
                along += static_cast<double>(to_f32(directions[q * d + i])) * static_cast<double>(scratch[i]);
            squared += along * along / static_cast<double>(variances[q]);
            rest -= along * along;
        }
        if (rest > 0) squared += rest / static_cast<double>(residual);
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
