// Filters of resizing, as Pillow has them, and the source pixels that one pixel of the result is a weighted mean of.
#pragma once

#include "uml/version.hpp"

#include <cmath>
#include <cstdint>
#include <numbers>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Pillow's `Image.Resampling` of the same names. All but `nearest` are antialiased where they shrink.
enum class resampling : std::uint8_t { nearest, box, bilinear, hamming, bicubic, lanczos };

namespace picture_detail {

/// Pixels to each side of the centre that a filter sees, where it does not shrink.
[[nodiscard]] constexpr double reach_of(resampling r) {
    return r == resampling::lanczos                                ? 3
           : r == resampling::bicubic                              ? 2
           : r == resampling::bilinear || r == resampling::hamming ? 1
                                                                   : 0.5;
}

[[nodiscard]] inline double sinc(double x) {
    if (!(x < 0) && !(x > 0)) return 1;
    x *= std::numbers::pi;
    return std::sin(x) / x;
}

[[nodiscard]] inline double weight_of(resampling r, double x) {
    const double d = x < 0 ? -x : x;
    switch (r) {
    case resampling::nearest:
    case resampling::box: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case resampling::bilinear: return d < 1 ? 1 - d : 0;
    case resampling::hamming: { // the factors are floats in Pillow, and their sum is not 1
        if (!(d > 0)) return 1;
        constexpr double most = static_cast<double>(0.54F), rest = static_cast<double>(0.46F);
        return d < 1 ? sinc(d) * (most + rest * std::cos(d * std::numbers::pi)) : 0;
    }
    case resampling::bicubic: {
        constexpr double a = -0.5;
        if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
        return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    }
    case resampling::lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    }
    return 0;
}

/// Source pixels of one pixel of the result, along one side.
struct taps {
    int first = 0, count = 0;
};

/// The sizes of one side, and its filter.
struct side {
    int from, to;
    resampling filter;

    [[nodiscard]] double scale() const { return static_cast<double>(from) / to; }
    [[nodiscard]] double shrink() const { return scale() < 1 ? 1 : scale(); }
    /// The most taps that a pixel has.
    [[nodiscard]] int most_taps() const {
        if (from == to || filter == resampling::nearest) return 1;
        // In integers, so that scratch memory is as large however the program rounds.
        const std::int64_t twice_to = 2 * std::int64_t{to}, longer = from > to ? from : to;
        const std::int64_t reach = (static_cast<std::int64_t>(2 * reach_of(filter)) * longer + twice_to - 1) / twice_to;
        return reach * 2 + 1 < from ? static_cast<int>(reach * 2 + 1) : from;
    }

    /// The taps of pixel `i`, and their weights, which sum to 1.
    [[nodiscard]] taps at(int i, double* weights) const {
        if (from == to) return weights[0] = 1, taps{i, 1};
        const double centre = (i + 0.5) * scale(), reach = reach_of(filter) * shrink(), step = 1 / shrink();
        const int low = static_cast<int>(centre - reach + 0.5), high = static_cast<int>(centre + reach + 0.5);
        taps t;
        t.first = low < 0 ? 0 : low;
        t.count = (high > from ? from : high) - t.first;
        double sum = 0;
        for (int j = 0; j < t.count; ++j) {
            weights[j] = weight_of(filter, (j + t.first - centre + 0.5) * step);
            sum += weights[j];
        }
        if (sum < 0 || sum > 0)
            for (int j = 0; j < t.count; ++j) weights[j] /= sum;
        return t;
    }
};

/// Weights of 8-bit samples are integers with 22 binary places, rounded half away from zero.
inline constexpr int weight_places = 22;
[[nodiscard]] inline std::int32_t fixed_point(double weight) {
    return static_cast<std::int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << weight_places));
}

} // namespace picture_detail

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
