// Direct convolution of NHWC tensors, any window, as a matrix product over pointers to pixels ("indirect"):
// sizes, packing and arguments. The kernel itself is conv.inc.
#pragma once

#include "uml/kernels/common.hpp"

#include <algorithm>

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
};

/// Floats of the packed weights: panels [c_out / 16][tap][c_in][16], then the bias.
[[nodiscard]] constexpr std::size_t conv_weights_size(const conv_shape& s) {
    return static_cast<std::size_t>(s.panels()) * panel *
           (static_cast<std::size_t>(s.taps()) * static_cast<std::size_t>(s.c_in) + 1);
}

/// Packs weights [c_out][c_in][kh][kw] and a bias (may be null) of any floating type into `packed`.
template <class T> void pack_conv(const conv_shape& s, const T* weights, const T* bias, float* packed) {
    for (int p = 0; p < s.panels(); ++p)
        for (int t = 0; t < s.taps(); ++t)
            for (int c = 0; c < s.c_in; ++c)
                for (int j = 0; j < panel; ++j) {
                    const int o = p * panel + j;
                    const std::ptrdiff_t from = (static_cast<std::ptrdiff_t>(o) * s.c_in + c) * s.taps() + t;
                    *packed++ = o < s.c_out ? static_cast<float>(weights[from]) : 0.f;
                }
    for (int o = 0; o < s.panels() * panel; ++o)
        *packed++ = bias != nullptr && o < s.c_out ? static_cast<float>(bias[o]) : 0.f;
}

/// Products that are summed in registers at a time: the slice of a panel's weights (16 KB) stays in the L1 cache, and
/// summing in slices keeps rounding errors small.
inline constexpr int conv_slice = 256;

/// How a convolution is cut: a job is a block of output pixels times a group of panels.
struct conv_split {
    int block = 0;  ///< output pixels per job, a multiple of every tier's tile height
    int blocks = 0; ///< pixel blocks
    int group = 0;  ///< panels per job, even unless it is all of them
    int groups = 0;
};

[[nodiscard]] constexpr conv_split split(const conv_shape& s) {
    constexpr int wanted_jobs = 48;
    conv_split r;
    r.block = s.c_in * s.taps() > 512 ? 48 : 96;
    r.blocks = div_up(s.pixels(), r.block);
    const int pairs = div_up(s.panels(), 2);
    const int parts = std::min(pairs, div_up(wanted_jobs, r.blocks));
    r.group = 2 * div_up(pairs, parts);
    r.groups = div_up(s.panels(), r.group);
    return r;
}

/// Number of independent jobs, any order, any thread.
[[nodiscard]] constexpr int conv_jobs(const conv_shape& s) {
    const conv_split c = split(s);
    return c.blocks * c.groups;
}

/// Scratch bytes per thread: pointers to the pixels under every tap, a pixel of zeros, partial sums of two panels.
[[nodiscard]] constexpr std::size_t conv_scratch_bytes(const conv_shape& s) {
    const std::size_t block = static_cast<std::size_t>(split(s).block);
    return aligned_bytes(static_cast<std::size_t>(s.taps()) * block * sizeof(void*)) +
           aligned_bytes(static_cast<std::size_t>(s.c_in) * sizeof(float)) + 2 * panel * block * sizeof(float);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels
