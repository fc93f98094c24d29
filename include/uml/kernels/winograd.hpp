// 3x3 convolution by Winograd's F(4x4, 3x3): sizes and arguments. Weights are those of
// pack_conv, transformed in every run: that costs less than reading four times as many. The kernel itself is
// winograd.inc.
#pragma once

#include "uml/kernels/conv.hpp"

#include <algorithm>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Interpolation points 0, ±5/8, ±3/2 and infinity: a third of the usual ±1, ±2's rounding error. Their squares are
/// exact in float.
struct winograd_points {
    static constexpr double a = 0.625, b = 1.5;
};

/// Output pixels of a tile in each direction, and values of a transformed tile.
inline constexpr int winograd_tile = 4, winograd_window = 6, winograd_planes = 36;

/// K extent that is summed in registers at a time: short slices keep the rounding error near direct convolution's.
/// Where few tiles meet many channels, sums must not pass through memory so often.
inline constexpr int winograd_slice = 64, winograd_shared_slice = 128;

/// Whether the kernel covers this convolution: 3x3, stride 1, padding 1.
[[nodiscard]] constexpr bool winograd_covers(const conv_shape& s) {
    return s.kh == 3 && s.kw == 3 && s.stride == 1 && s.pad == 1 && s.dilation == 1;
}

/// How the work is cut. Of transformed weights and transformed tiles, the smaller ones are made first (phase 0) and
/// kept for a while. Where there are many tiles those are the weights, and a job of phase 1 takes a block of tiles
/// through all steps. Where there are few (`shared`) those are the tiles, and a job takes some output channels, for
/// which it transforms the weights slice by slice in the cache.
struct winograd_split {
    int tiles_x = 0, tiles = 0;
    int block = 0, blocks = 0; ///< tiles that are multiplied at a time
    int group = 0, groups = 0; ///< panels whose sums are kept at a time
    int slice = 0;             ///< input channels that are summed at a time
    bool shared = false;

    std::ptrdiff_t row = 0;          ///< floats between tiles of a transformed plane
    std::ptrdiff_t plane = 0;        ///< floats between planes; an odd number of cache lines: they do not collide
    std::ptrdiff_t sums_plane = 0;   ///< the same for the sums
    std::ptrdiff_t panel_gap = 0;    ///< floats between panels of a plane of transformed weights
    std::ptrdiff_t filter_plane = 0; ///< floats between these planes
    static constexpr int strip = 4;  ///< tiles per job of phase 0
    static constexpr int filter_strip = 32; ///< or input channels of one panel
};

inline constexpr int winograd_few_tiles = 96;

/// Tiles of the output.
[[nodiscard]] constexpr int winograd_tiles(const conv_shape& s) {
    return div_up(s.w_out, winograd_tile) * div_up(s.h_out, winograd_tile);
}
[[nodiscard]] constexpr bool winograd_shares_tiles(const conv_shape& s) {
    const int tiles = winograd_tiles(s);
    return tiles <= winograd_few_tiles || tiles < s.c_out;
}

[[nodiscard]] constexpr winograd_split split_winograd(const conv_shape& s) {
    constexpr int few_panels = 8;
    winograd_split r;
    r.tiles_x = div_up(s.w_out, winograd_tile);
    r.tiles = winograd_tiles(s);
    r.shared = winograd_shares_tiles(s);
    r.block = r.shared ? round_up(std::min(r.tiles, winograd_few_tiles), max_tile_rows) : 24;
    r.blocks = div_up(r.tiles, r.block);
    r.group = !r.shared ? std::min(s.panels(), 4) : s.panels() < few_panels ? 1 : 2; // a job each
    r.groups = div_up(s.panels(), r.group);
    r.row = odd_lines(s.c_in);
    r.plane = odd_lines((r.shared ? round_up(r.tiles, max_tile_rows) : r.block) * static_cast<int>(r.row));
    r.sums_plane = odd_lines(r.block * r.group * panel);
    r.slice = div_up(s.c_in, div_up(s.c_in, r.shared ? winograd_shared_slice : winograd_slice));
    r.panel_gap = static_cast<std::ptrdiff_t>(r.shared ? r.slice : s.c_in) * panel;
    r.filter_plane = odd_lines(static_cast<int>(r.panel_gap) * (r.shared ? r.group : s.panels()));
    return r;
}

/// One convolution; `shared` is the memory of winograd_scratch::shared_bytes.
struct winograd_args {
    conv_args conv;
    float* shared = nullptr;
};

/// All jobs of one must be done before the next.
inline constexpr int winograd_phases = 2;

/// Independent jobs of a phase.
[[nodiscard]] constexpr int winograd_jobs(const conv_shape& s, int phase) {
    const winograd_split cut = split_winograd(s);
    if (phase == 1) return cut.shared ? cut.groups : cut.blocks;
    return cut.shared ? div_up(cut.tiles, winograd_split::strip)
                      : s.panels() * div_up(s.c_in, winograd_split::filter_strip);
}

/// Memory that all threads share while the convolution runs, and scratch of one thread.
struct winograd_scratch {
    std::size_t shared_bytes = 0;
    std::size_t bytes = 0;
    float* tiles = nullptr;   ///< [36] planes of [block][row]; the shared memory where there are few tiles
    float* filters = nullptr; ///< [36] planes of [group][slice][16], or the shared memory
    float* sums = nullptr;    ///< [36] planes of [group][block][16]
    float* border = nullptr;  ///< [36][row]: a tile that hangs over the image's edge, with zeros

    constexpr explicit winograd_scratch(const conv_shape& s) : winograd_scratch(split_winograd(s)) {}
    constexpr explicit winograd_scratch(const winograd_split& cut) {
        const auto floats = [](std::ptrdiff_t n) { return aligned_bytes(static_cast<std::size_t>(n) * sizeof(float)); };
        shared_bytes = floats(winograd_planes * (cut.shared ? cut.plane : cut.filter_plane));
        sums_at_ = floats(winograd_planes * (cut.shared ? cut.filter_plane : cut.plane));
        border_at_ = sums_at_ + floats(winograd_planes * cut.sums_plane);
        bytes = border_at_ + floats(winograd_planes * cut.row);
    }
    winograd_scratch(const winograd_args& a, const winograd_split& cut, void* memory) : winograd_scratch(cut) {
        char* begin = static_cast<char*>(memory);
        float* first = reinterpret_cast<float*>(begin);
        tiles = cut.shared ? a.shared : first;
        filters = cut.shared ? first : a.shared;
        sums = reinterpret_cast<float*>(begin + sums_at_);
        border = reinterpret_cast<float*>(begin + border_at_);
    }

private:
    std::size_t sums_at_ = 0, border_at_ = 0;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
