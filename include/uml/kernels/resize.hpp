// Bilinear resizing with aligned corners: arguments and sizes. The kernel itself is resize.inc.
#pragma once

#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// `out` gets `in` resized to its own height and width: source = target * (in - 1) / (out - 1), 0 if out is 1.
struct resize_args {
    source in;
    target out;
    halves half{}; ///< in; out
};

/// A target coordinate in the source: between `at` and `at` + 1.
struct resize_point {
    std::int32_t at = 0;
    float fraction = 0;
};

/// Exact but for the rounding of the fraction.
[[nodiscard]] constexpr resize_point resize_position(int at, int in, int out) {
    if (out == 1) return {};
    const std::int64_t n = static_cast<std::int64_t>(at) * (in - 1), d = out - 1;
    return {static_cast<std::int32_t>(n / d), static_cast<float>(n % d) / static_cast<float>(d)};
}

[[nodiscard]] constexpr row_split resize_split(const resize_args& a) { return split_rows(a.out.h, a.out.w, a.out.c); }
[[nodiscard]] constexpr int resize_jobs(const resize_args& a) { return resize_split(a).jobs; }

/// Up to this many channels without gaps between the pixels, a row is first interpolated in height as a whole.
inline constexpr int resize_few_channels = 3;

/// Scratch bytes per thread: the positions along a row, and a row of few channels with one pixel more.
[[nodiscard]] constexpr std::size_t resize_scratch_bytes(shape in, shape out) {
    const std::size_t row = in.c <= resize_few_channels ? static_cast<std::size_t>((in.w + 1) * in.c + panel) : 0;
    return aligned_bytes(static_cast<std::size_t>(out.w) * sizeof(resize_point)) + aligned_bytes(row * sizeof(float));
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
