// A block of a convolution for wgmma, Hopper's product by a group of four warps: how threads fill the tiles and where
// each finds its sums.
//
// A row of a tile is 128 bytes, 64 numbers of bf16, in 16-byte chunks that are permuted by the row: the form that the
// unit calls a swizzle of 128 bytes (PTX ISA, "Asynchronous warpgroup level matrix shared memory layout").
#pragma once

#include "uml/backend/cuda/block.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu::group {

inline constexpr int rows = 64, threads = 128, row_bytes = 128, chunks = row_bytes / chunk_bytes;
inline constexpr int row_gap = threads / chunks; ///< a thread fills one chunk of every 16th row
inline constexpr int products = 4;               ///< of 16 inner indices each, in a row

/// Where in a tile a chunk of a row stands, in bytes.
[[nodiscard]] UML_HOST_DEVICE constexpr int place(int row, int chunk) {
    return row * row_bytes + ((chunk ^ (row & 7)) * chunk_bytes);
}
/// Row and column of a thread's i-th sum (PTX ISA, "Register fragment D" of wgmma.m64nNk16): a warp has 16 rows.
[[nodiscard]] UML_HOST_DEVICE constexpr int sum_row(int thread, int i) {
    return thread / 32 * 16 + thread % 32 / 4 + (i & 2) * 4;
}
[[nodiscard]] UML_HOST_DEVICE constexpr int sum_column(int thread, int i) {
    return i / 4 * 8 + thread % 4 * 2 + (i & 1);
}

/// A block's operands, 64 pixels and as many output channels as a tile has columns.
using operands = block_operands<element::bf16>;

/// Each fills a row of the tiles.
[[nodiscard]] UML_HOST_DEVICE inline int steps(const conv_args& a) {
    constexpr int numbers = operands::per_chunk * chunks;
    return (a.inner + numbers - 1) / numbers;
}

/// A thread's part of filling the tiles.
struct filler {
    int chunk, first_row;
    conv_window from[rows / row_gap];

    UML_HOST_DEVICE filler(const operands& o, int thread) : chunk(thread % chunks), first_row(thread / chunks) {
        for (int i = 0; i < rows / row_gap; ++i) from[i] = o.window(first_row + i * row_gap);
    }
    /// Of step `step`, into the tile of the pixels and the one of the weights, which has `columns` rows.
    template <int columns, class Copy>
    UML_HOST_DEVICE void fill(const operands& o, int step, unsigned char* x, unsigned char* w, const Copy& copy) const {
        const int inner = (step * chunks + chunk) * operands::per_chunk;
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < rows / row_gap; ++i)
            o.fill_pixels(from[i], inner, x + place(first_row + i * row_gap, chunk), copy);
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int column = first_row; column < columns; column += row_gap)
            o.fill_weights(column, inner, w + place(column, chunk), copy);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu::group

#include "uml/core/end.inc"
