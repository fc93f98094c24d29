// Depthwise convolution, any window: packing and sizes. Arguments are those of a convolution with one input channel
// per output channel (conv.hpp); the kernel itself is depthwise.inc.
#pragma once

#include "uml/kernels/conv.hpp"
#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// The shape whose packed weights a depthwise convolution of shape `s` (c_in = c_out) reads.
[[nodiscard]] constexpr conv_shape depthwise_filter(conv_shape s) {
    s.c_in = 1;
    return s;
}

/// Floats of the packed weights: panels [c / 16][tap][16], then the bias.
[[nodiscard]] constexpr std::size_t depthwise_weights_size(const conv_shape& s) {
    return conv_weights_size(depthwise_filter(s));
}

/// Packs weights [c][kh][kw] and a bias (may be null) of any floating type.
template <class T> void pack_depthwise(const conv_shape& s, const T* weights, const T* bias, float* packed) {
    pack_conv(depthwise_filter(s), weights, bias, packed);
}

[[nodiscard]] constexpr row_split depthwise_split(const conv_shape& s) { return split_rows(s.h_out, s.w_out, s.c_out); }
[[nodiscard]] constexpr int depthwise_jobs(const conv_shape& s) { return depthwise_split(s).jobs; }

/// Pixels that are summed before they are finished.
inline constexpr int depthwise_pixels = 8;

/// Scratch bytes per thread: the sums of these pixels.
[[nodiscard]] constexpr std::size_t depthwise_scratch_bytes(const conv_shape& s) {
    return padded(s.c_out) * depthwise_pixels * sizeof(float);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
