// Sums over the pixels of an image in two phases: partial sums per block of pixels, then all blocks together. The cut
// depends on the image alone, so the result has the same bits for any number of threads. The kernel itself is
// pixel_sums.inc.
#pragma once

#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// The kernels pixel_means, weighted_sums and attention_sums.
enum class pixel_sum : std::uint8_t {
    mean,     ///< out[c] = mean of x(c, p)
    weighted, ///< out[c] = sum of weights[p] * x(c, p)
    attention ///< with q = softmax over pixels of weights · x(p): out[c] = sum of q(p) x(c, p), out[C + c] = mean
};

struct pixel_sums_args {
    source x;
    const float* weights = nullptr;  ///< weighted: one per pixel; attention: round_up(C, 16) floats, zeros behind C
    std::ptrdiff_t weights_step = 1; ///< weighted: from pixel to pixel
    float* out = nullptr;            ///< C floats, attention: 2C
    float* shared = nullptr;         ///< memory of pixel_sums_shared_bytes
    halves half{};                   ///< x
};

struct pixel_split {
    int block = 1; ///< pixels
    int blocks = 1;
};
inline constexpr int most_pixel_blocks = 64;

[[nodiscard]] constexpr pixel_split split_pixels(std::int64_t pixels) {
    pixel_split s;
    s.block = round_up(std::max(64, div_up(static_cast<int>(pixels), most_pixel_blocks)), 16);
    s.blocks = div_up(static_cast<int>(pixels), s.block);
    return s;
}

/// Floats of one block's partial results: panel [largest score, sum of exponentials, -], weighted sums, plain sums.
[[nodiscard]] constexpr std::size_t pixel_sums_partial(int channels) { return panel + 2 * padded(channels); }

/// Memory that all threads share: every block's partial results.
[[nodiscard]] constexpr std::size_t pixel_sums_shared_bytes(shape x) {
    return static_cast<std::size_t>(split_pixels(x.pixels()).blocks) * pixel_sums_partial(x.c) * sizeof(float);
}

/// Scratch bytes per thread in the first phase: both sums over a part of a block.
[[nodiscard]] constexpr std::size_t pixel_sums_scratch_bytes(shape x) { return 2 * padded(x.c) * sizeof(float); }

/// All jobs of the first must be done before the second.
inline constexpr int pixel_sums_phases = 2;
/// The second phase takes this many channels per job.
inline constexpr int pixel_sums_end_channels = 64;

/// Independent jobs of a phase.
[[nodiscard]] constexpr int pixel_sums_jobs(const pixel_sums_args& a, int phase) {
    return phase == 0 ? split_pixels(a.x.pixels()).blocks : div_up(a.x.c, pixel_sums_end_channels);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
