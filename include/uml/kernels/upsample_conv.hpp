// upsample_conv: a 3x3 convolution after bilinear ×2 (aligned corners), computed at the low resolution: sizes and
// arguments. conv(up(x))(p) = sum over the nine taps k of up(W_k x)(p + k): a quarter of the multiply-adds. Code:
// upsample_conv.inc.
#pragma once

#include "uml/kernels/conv.hpp"
#include "uml/kernels/resize.hpp"

#include <algorithm>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// The convolution sees 2 h_in × 2 w_in pixels, which is its output's extent too: 3x3, stride 1, padding 1. Weights are
/// those of pack_conv.
[[nodiscard]] constexpr conv_shape upsample_conv_shape(int h_in, int w_in, int c_in, int c_out) {
    return {h_in, w_in, c_in, 2 * h_in, 2 * w_in, c_out, 3, 3, 1, 1, 1};
}

/// Low rows that are multiplied at a time.
[[nodiscard]] constexpr int upsample_conv_rows(const conv_shape& s) { return std::clamp(128 / s.w_in, 1, s.h_in); }
/// Low rows whose horizontal sums are kept: the new ones and two before them.
[[nodiscard]] constexpr int upsample_conv_ring(const conv_shape& s) { return upsample_conv_rows(s) + 2; }

/// Row strips per panel. Neighbouring strips compute some rows twice: no more of them than the threads need.
[[nodiscard]] constexpr int upsample_conv_strips(const conv_shape& s, int threads) {
    constexpr int fewest_rows = 4;
    return std::clamp(div_up(4 * threads, s.panels()), 1, std::max(1, s.h_in / fewest_rows));
}

/// One convolution with its strips, of upsample_conv_strips. The result does not depend on their number.
struct upsample_conv_args {
    conv_args conv;
    int strips = 1;
};

/// Independent jobs.
[[nodiscard]] constexpr int upsample_conv_jobs(const upsample_conv_args& a) { return a.conv.shape.panels() * a.strips; }

/// Where an output column takes its sums from: two low columns under each of three taps.
struct upsample_conv_column {
    int offset[6];
    float weight[6];
};

/// Scratch of one thread.
struct upsample_conv_scratch {
    static constexpr int chunk = 32; ///< output pixels that are finished at a time where a panel is not full
    static constexpr int block = 48; ///< low pixels that are multiplied at a time
    std::size_t bytes = 0;
    float* products = nullptr;               ///< [9 taps][rows * w_in][16]
    float* ring = nullptr;                   ///< [ring][3][w_out][16]
    float* result = nullptr;                 ///< [chunk][16]
    upsample_conv_column* columns = nullptr; ///< [w_out]
    std::ptrdiff_t products_plane = 0;       ///< floats between taps

    constexpr explicit upsample_conv_scratch(const conv_shape& s) {
        const auto size = [](std::ptrdiff_t n, std::size_t each) {
            return aligned_bytes(static_cast<std::size_t>(n) * each);
        };
        const std::ptrdiff_t count = round_up(upsample_conv_rows(s) * s.w_in, max_tile_rows);
        products_plane = count * panel;
        ring_at_ = size(9 * products_plane, sizeof(float));
        result_at_ =
            ring_at_ + size(static_cast<std::ptrdiff_t>(upsample_conv_ring(s)) * 3 * s.w_out * panel, sizeof(float));
        columns_at_ = result_at_ + size(chunk * panel, sizeof(float));
        bytes = columns_at_ + size(s.w_out, sizeof(upsample_conv_column));
    }
    upsample_conv_scratch(const conv_shape& s, void* memory) : upsample_conv_scratch(s) {
        char* begin = static_cast<char*>(memory);
        products = reinterpret_cast<float*>(begin);
        ring = reinterpret_cast<float*>(begin + ring_at_);
        result = reinterpret_cast<float*>(begin + result_at_);
        columns = reinterpret_cast<upsample_conv_column*>(begin + columns_at_);
    }

private:
    std::size_t ring_at_ = 0, result_at_ = 0, columns_at_ = 0;
};

/// Scratch bytes that each thread needs.
[[nodiscard]] constexpr std::size_t upsample_conv_scratch_bytes(const conv_shape& s) {
    return upsample_conv_scratch(s).bytes;
}

/// The same for an input in bf16: with a block of it as f32 behind.
[[nodiscard]] constexpr std::size_t upsample_conv_mixed_scratch_bytes(const conv_shape& s) {
    return upsample_conv_scratch_bytes(s) +
           static_cast<std::size_t>(upsample_conv_scratch::block * odd_lines(s.c_in)) * sizeof(float);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
