// 3x3 convolution by Winograd's F(4x4, 3x3): sizes, packing and arguments. The kernel itself is winograd.inc.
#pragma once

#include "uml/kernels/conv.hpp"

#include <algorithm>

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Interpolation points 0, ±5/8, ±3/2 and infinity: a third of the usual ±1, ±2's rounding error. Their squares are
/// exact in float.
struct winograd_points {
    static constexpr double a = 0.625, b = 1.5;
};

/// Output pixels of a tile in each direction, and values of a transformed tile.
inline constexpr int winograd_tile = 4, winograd_window = 6, winograd_planes = 36;

/// Products that are summed in registers at a time: short slices keep the rounding error near direct convolution's.
inline constexpr int winograd_slice = 64;

/// Whether the kernel covers this convolution: 3x3, stride 1, padding 1.
[[nodiscard]] constexpr bool winograd_covers(const conv_shape& s) {
    return s.kh == 3 && s.kw == 3 && s.stride == 1 && s.pad == 1 && s.dilation == 1;
}

/// How the work is cut. Where there are many tiles, a job takes a block of them through all three steps. Where there
/// are few, all are transformed first (phase 0) into memory that the jobs of phase 1 share, each for its own output
/// channels, so that the weights are read once.
struct winograd_split {
    int tiles_x = 0, tiles = 0;
    int block = 0, blocks = 0; ///< tiles per job
    int group = 0, groups = 0; ///< panels whose sums are kept at a time
    bool shared = false;

    std::ptrdiff_t row = 0;        ///< floats between tiles of a transformed plane
    std::ptrdiff_t plane = 0;      ///< floats between planes; an odd number of cache lines, so that they do not collide
    std::ptrdiff_t sums_plane = 0; ///< the same for the products
    static constexpr int strip = 4; ///< tiles per job of phase 0
};

[[nodiscard]] constexpr winograd_split split_winograd(const conv_shape& s) {
    constexpr int few_tiles = 96;
    const auto odd_lines = [](int floats) {
        return round_up(floats, panel) / panel % 2 != 0 ? round_up(floats, panel) : round_up(floats, panel) + panel;
    };
    winograd_split r;
    r.tiles_x = div_up(s.w_out, winograd_tile);
    r.tiles = r.tiles_x * div_up(s.h_out, winograd_tile);
    r.shared = r.tiles <= few_tiles;
    r.block = r.shared ? round_up(r.tiles, conv_lookahead) : 24;
    r.blocks = div_up(r.tiles, r.block);
    r.group = r.shared ? 2 : std::min(s.panels(), 4);
    r.groups = div_up(s.panels(), r.group);
    r.row = odd_lines(s.c_in);
    r.plane = odd_lines(r.block * static_cast<int>(r.row));
    r.sums_plane = odd_lines(r.block * r.group * panel);
    return r;
}

/// Floats of the transformed weights: [36][c_out / 16][c_in][16], then the bias.
[[nodiscard]] constexpr std::size_t winograd_weights_size(const conv_shape& s) {
    return static_cast<std::size_t>(s.panels()) * panel * (winograd_planes * static_cast<std::size_t>(s.c_in) + 1);
}

/// G w G^T of one 3x3 filter.
template <class T> constexpr void winograd_filter(const T* taps, double (&out)[winograd_planes]) {
    constexpr double a = winograd_points::a, b = winograd_points::b, a2 = a * a, b2 = b * b;
    constexpr double na = 1 / (2 * a2 * (a2 - b2)), nb = 1 / (2 * b2 * (b2 - a2));
    const auto apply = [](double x, double y, double z, double* to) {
        const double ea = (x + a2 * z) * na, oa = a * y * na, eb = (x + b2 * z) * nb, ob = b * y * nb;
        to[0] = x * (1 / (a2 * b2));
        to[1] = ea + oa, to[2] = ea - oa;
        to[3] = eb + ob, to[4] = eb - ob;
        to[5] = z;
    };
    double columns[3][winograd_window] = {};
    for (int x = 0; x < 3; ++x)
        apply(static_cast<double>(taps[x]), static_cast<double>(taps[3 + x]), static_cast<double>(taps[6 + x]),
              columns[x]);
    for (int y = 0; y < winograd_window; ++y)
        apply(columns[0][y], columns[1][y], columns[2][y], out + y * winograd_window);
}

/// Transforms and packs weights [c_out][c_in][3][3] and bias (may be null) of one panel. Panels are independent.
template <class T>
void pack_winograd_panel(const conv_shape& s, int p, const T* weights, const T* bias, float* packed) {
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.panels()) * s.c_in * panel;
    float* to = packed + static_cast<std::ptrdiff_t>(p) * s.c_in * panel;
    for (int c = 0; c < s.c_in; ++c, to += panel)
        for (int j = 0; j < panel; ++j) {
            double transformed[winograd_planes] = {};
            const int o = p * panel + j;
            if (o < s.c_out) winograd_filter(weights + (static_cast<std::ptrdiff_t>(o) * s.c_in + c) * 9, transformed);
            for (int i = 0; i < winograd_planes; ++i) to[i * plane + j] = static_cast<float>(transformed[i]);
        }
    pack_bias_panel(s, p, bias, packed + winograd_planes * plane);
}

/// All panels.
template <class T> void pack_winograd(const conv_shape& s, const T* weights, const T* bias, float* packed) {
    for (int p = 0; p < s.panels(); ++p) pack_winograd_panel(s, p, weights, bias, packed);
}

/// One convolution; `shared` is the memory of winograd_shared_bytes.
struct winograd_args {
    conv_args conv;
    float* shared = nullptr;
};

/// One or two phases: all jobs of one must be done before the next.
[[nodiscard]] constexpr int winograd_phases(const conv_shape& s) { return split_winograd(s).shared ? 2 : 1; }

/// Independent jobs of a phase.
[[nodiscard]] constexpr int winograd_jobs(const conv_shape& s, int phase) {
    const winograd_split cut = split_winograd(s);
    if (!cut.shared) return cut.blocks;
    return phase == 0 ? div_up(cut.tiles, winograd_split::strip) : cut.groups;
}

/// Memory that all threads share while the convolution runs; none where there is one phase.
[[nodiscard]] constexpr std::size_t winograd_shared_bytes(const conv_shape& s) {
    const winograd_split cut = split_winograd(s);
    return cut.shared ? aligned_bytes(static_cast<std::size_t>(cut.plane) * winograd_planes * sizeof(float)) : 0;
}

/// Scratch of one thread.
struct winograd_scratch {
    std::size_t bytes = 0;
    float* tiles = nullptr;           ///< [36] planes of [block][row]; the shared memory where there is such
    float* sums = nullptr;            ///< [36] planes of [group][block][16]
    float* border = nullptr;          ///< [36][row]: a tile that hangs over the image's edge, with zeros
    float* result = nullptr;          ///< [16 pixels][16]
    const float** pointers = nullptr; ///< [block + lookahead]

    constexpr explicit winograd_scratch(const conv_shape& s) {
        const winograd_split cut = split_winograd(s);
        const auto floats = [](std::ptrdiff_t n) { return aligned_bytes(static_cast<std::size_t>(n) * sizeof(float)); };
        sums_at_ = cut.shared ? 0 : floats(winograd_planes * cut.plane);
        border_at_ = sums_at_ + floats(winograd_planes * cut.sums_plane);
        result_at_ = border_at_ + floats(winograd_planes * cut.row);
        pointers_at_ = result_at_ + floats(winograd_tile * winograd_tile * panel);
        bytes = aligned_bytes(pointers_at_ + static_cast<std::size_t>(cut.block + conv_lookahead) * sizeof(float*));
    }
    winograd_scratch(const winograd_args& a, void* memory) : winograd_scratch(a.conv.shape) {
        char* begin = static_cast<char*>(memory);
        tiles = sums_at_ == 0 ? a.shared : reinterpret_cast<float*>(begin);
        sums = reinterpret_cast<float*>(begin + sums_at_);
        border = reinterpret_cast<float*>(begin + border_at_);
        result = reinterpret_cast<float*>(begin + result_at_);
        pointers = reinterpret_cast<const float**>(begin + pointers_at_);
    }

private:
    std::size_t sums_at_ = 0, border_at_ = 0, result_at_ = 0, pointers_at_ = 0;
};

/// Scratch bytes that each thread needs.
[[nodiscard]] constexpr std::size_t winograd_scratch_bytes(const conv_shape& s) { return winograd_scratch(s).bytes; }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels
