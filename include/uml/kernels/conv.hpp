// Direct convolution of NHWC tensors, any window, as a matrix product of gathered pixels with the weights: sizes,
// packing and arguments. The kernel itself is conv.inc.
#pragma once

#include "uml/kernels/common.hpp"

#include <algorithm>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Shape of a convolution with zero padding.
struct conv_shape {
    int h_in = 1, w_in = 1, c_in = 1;
    int h_out = 1, w_out = 1, c_out = 1;
    int kh = 1, kw = 1;
    int stride = 1, pad = 0, dilation = 1;

    [[nodiscard]] constexpr int taps() const { return kh * kw; }
    [[nodiscard]] constexpr int pixels() const { return h_out * w_out; }
    [[nodiscard]] constexpr int panels() const { return div_up(c_out, panel); }
};

/// One convolution on prepared weights. `in` has h_in * w_in pixels `in_step` floats apart, `out` likewise.
struct conv_args {
    conv_shape shape;
    const float* in = nullptr;
    int in_step = 0;
    const float* weights = nullptr; ///< from pack_conv
    float* out = nullptr;
    int out_step = 0;
    epilogue end;
    halves half{}; ///< in, residual; out
};

/// Floats of the packed weights: panels [c_out / 16][tap][c_in][16], then the bias.
[[nodiscard]] constexpr std::size_t conv_weights_size(const conv_shape& s) {
    return static_cast<std::size_t>(s.panels()) * panel *
           (static_cast<std::size_t>(s.taps()) * static_cast<std::size_t>(s.c_in) + 1);
}

/// Packs one panel: its rows of the weights, [up to 16][c_in][kh][kw], and of the bias (may be null), of any floating
/// type.
template <class T> void pack_conv_panel(const conv_shape& s, int p, const T* weights, const T* bias, float* packed) {
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(s.taps()) * s.c_in, size = row * panel;
    const int rows = std::min(panel, s.c_out - p * panel);
    float* const to = packed + p * size;
    constexpr std::ptrdiff_t together = 8; // columns at a time: rows of a power-of-two pitch alias in L1
    for (std::ptrdiff_t k = 0; k < row; k += together) {
        const std::ptrdiff_t count = std::min(together, row - k);
        float some[together][panel] = {};
        for (int o = 0; o < rows; ++o)
            for (std::ptrdiff_t i = 0; i < count; ++i) some[i][o] = static_cast<float>(weights[o * row + k + i]);
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            const std::ptrdiff_t c = (k + i) / s.taps(), t = (k + i) % s.taps();
            std::copy_n(some[i], panel, to + (t * s.c_in + c) * panel);
        }
    }
    float* const biases = packed + size * s.panels() + p * panel;
    for (int o = 0; o < panel; ++o) biases[o] = bias != nullptr && o < rows ? static_cast<float>(bias[o]) : 0.f;
}

/// Packs weights [count][c_in][kh][kw] and bias (may be null) of the output channels [first, first + count); `first` is
/// a multiple of 16, and so is `count` but for the last ones.
template <class T>
void pack_conv(const conv_shape& s, const T* weights, const T* bias, float* packed, int first, int count) {
    for (int o = 0; o < count; o += panel)
        pack_conv_panel(s, (first + o) / panel, weights + static_cast<std::ptrdiff_t>(o) * s.taps() * s.c_in,
                        bias != nullptr ? bias + o : nullptr, packed);
}

/// All of them.
template <class T> void pack_conv(const conv_shape& s, const T* weights, const T* bias, float* packed) {
    pack_conv(s, weights, bias, packed, 0, s.c_out);
}

/// K extent that is summed in registers at a time. Summing in slices keeps rounding errors small.
inline constexpr int conv_slice = 256;

/// K extent that is gathered at a time, and floats of a block of pixels that stays in L2 while weights stream past.
inline constexpr int conv_chunk = 4 * conv_slice, conv_block_floats = 1 << 14;

/// Most taps that the path without gathering takes.
inline constexpr int max_runs = 256;

/// Rows of the highest tile of any tier. Blocks are multiples of it, so that few tiles are partial.
inline constexpr int max_tile_rows = 12;

/// A pitch of at least n floats whose rows fall into different cache sets: an odd number of cache lines.
[[nodiscard]] constexpr int odd_lines(int n) {
    return round_up(n, panel) / panel % 2 != 0 ? round_up(n, panel) : round_up(n, panel) + panel;
}

/// How a convolution is cut: a job is a block of output pixels times a group of panels. Its sums run over taps and
/// channels, tap by tap.
struct conv_split {
    int k = 0;      ///< K extent: products per output
    int slice = 0;  ///< K extent summed in registers at a time
    int chunk = 0;  ///< K extent gathered at a time, a multiple of the slice
    int row = 0;    ///< pitch of gathered pixels in floats
    int block = 0;  ///< output pixels per job, a multiple of max_tile_rows
    int blocks = 0; ///< pixel blocks
    int group = 0;  ///< panels per job, even unless it is all of them
    int groups = 0;
    bool spans = false; ///< taps inside the image are read in place
};

[[nodiscard]] constexpr conv_split split(const conv_shape& s) {
    constexpr int wanted_jobs = 32, most_panels = 16, few_panels = 8, long_row = 48, most_tiles = 8;
    conv_split r;
    r.k = s.c_in * s.taps();
    r.slice = div_up(r.k, div_up(r.k, conv_slice));
    const bool in_place = s.taps() == 1 && s.stride == 1 && s.pad == 0;
    // With few panels gathering costs more than it saves. At the border pixels are gathered all the same, of full K
    // extent.
    r.spans = in_place || (s.panels() <= few_panels && r.k <= 2 * conv_chunk && s.taps() <= max_runs &&
                           (s.taps() == 1 || s.w_out >= long_row));
    // Weights that exceed the cache are streamed as rarely as possible: many pixels, and a short chunk of K, at a time.
    const bool heavy = !r.spans && r.k > 2 * conv_chunk;
    r.chunk = r.spans ? r.k : std::min(r.k, r.slice * (conv_chunk / conv_slice) / (heavy ? 2 : 1));
    r.row = odd_lines(r.chunk + panel - 1);
    r.block = heavy ? most_tiles * max_tile_rows
                    : std::clamp(conv_block_floats / r.row / max_tile_rows, 2, most_tiles) * max_tile_rows;
    r.blocks = div_up(s.pixels(), r.block);
    const int pairs = div_up(s.panels(), 2);
    const int parts = std::min(pairs, div_up(wanted_jobs, r.blocks));
    r.group = std::min(most_panels, 2 * div_up(pairs, parts));
    r.groups = div_up(s.panels(), r.group);
    return r;
}

/// Number of independent jobs, any order, any thread.
[[nodiscard]] constexpr int conv_jobs(const conv_shape& s) {
    const conv_split c = split(s);
    return c.blocks * c.groups;
}

/// Scratch of one thread.
struct conv_scratch {
    std::size_t bytes = 0;
    float* pixels = nullptr; ///< [block][row]: gathered pixels
    float* sums = nullptr;   ///< [group][block][16], or of two panels where there is one chunk

    constexpr explicit conv_scratch(const conv_shape& s) {
        const auto floats = [](int n) { return aligned_bytes(static_cast<std::size_t>(n) * sizeof(float)); };
        const conv_split cut = split(s);
        sums_at_ = floats(cut.block * cut.row);
        bytes = sums_at_ + floats((cut.chunk < cut.k ? cut.group : 2) * cut.block * panel);
    }
    conv_scratch(const conv_shape& s, void* memory) : conv_scratch(s) {
        pixels = static_cast<float*>(memory);
        sums = reinterpret_cast<float*>(static_cast<char*>(memory) + sums_at_);
    }

private:
    std::size_t sums_at_ = 0;
};

/// Scratch bytes that each thread needs.
[[nodiscard]] constexpr std::size_t conv_scratch_bytes(const conv_shape& s) { return conv_scratch(s).bytes; }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
