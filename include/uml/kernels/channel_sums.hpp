// Sums over the channels of each pixel, and the layer normalisation that needs them. The kernels are channel_sums.inc.
#pragma once

#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// out(p) = sum of weights[c] * x(c, p), or of x(c, p) where there are no weights. `out` has one channel.
struct channel_sums_args {
    source x;
    const float* weights = nullptr; ///< as many as x has channels, readable in whole vectors
    target out;
    halves half{}; ///< x
};

[[nodiscard]] constexpr row_split channel_sums_split(const channel_sums_args& a) {
    return split_rows(a.x.h, a.x.w, a.x.c);
}
[[nodiscard]] constexpr int channel_sums_jobs(const channel_sums_args& a) { return channel_sums_split(a).jobs; }

/// out = scale * (x - mean) / sqrt(variance + 1e-5) + shift, mean and variance over the channels of a pixel.
struct layer_norm_args {
    source x;
    const float* scale = nullptr; ///< round_up(c, 16) floats
    const float* shift = nullptr; ///< likewise
    target out;
    halves half{}; ///< x; out
};

[[nodiscard]] constexpr row_split layer_norm_split(const layer_norm_args& a) { return split_rows(a.x.h, a.x.w, a.x.c); }
[[nodiscard]] constexpr int layer_norm_jobs(const layer_norm_args& a) { return layer_norm_split(a).jobs; }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
