// A block of a convolution for mma.sync, the product by single warps: 64 pixels × 64 channels, its four warps 32 × 32
// each, in steps of 32 inner indices. How the tiles lie in shared memory, and where a warp's operands and sums are in
// them. Rows are padded so that a warp's words come from 32 different banks.
#pragma once

#include "uml/backend/cuda/block.hpp"
#include "uml/backend/cuda/fragments.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu::tile {

inline constexpr int threads = 128, warp_rows = 32, warp_columns = 32;
inline constexpr int fragments_down = warp_rows / mma_rows, fragments_across = warp_columns / mma_columns;

/// How operands of the products lie in shared memory.
template <products how> struct stored {
    static constexpr bool halves = how == products::bf16;
    static constexpr element type = halves ? element::bf16 : element::f32;
    static constexpr int bytes = halves ? 2 : 4, per_chunk = chunk_bytes / bytes;
    static constexpr int row_words = tile_inner * bytes / 4, pitch = row_words + 4; ///< words
    static constexpr int chunks = tile_inner / per_chunk;                           ///< of a row
    static constexpr int row_gap = threads / chunks; ///< a thread fills one chunk of every row_gap-th row
    static constexpr int turns = tile_rows / row_gap;
    static constexpr int stages = halves ? 4 : 3;
    static constexpr int stage_words = (tile_rows + tile_columns) * pitch, shared_bytes = stages * stage_words * 4;
    static_assert(tile_rows == tile_columns && tile_rows % row_gap == 0);
};

/// A thread's part of filling the tiles, in chunks: `chunk` of every row_gap-th row.
template <products how>
using whole_filler =
    chunk_filler<stored<how>::type, stored<how>::chunks, stored<how>::row_gap, tile_rows, tile_columns>;

/// The same in smaller pieces.
template <products how> struct filler {
    using form = stored<how>;
    int chunk, first_row;
    conv_window from[form::turns];

    UML_HOST_DEVICE filler(const block_operands<form::type>& operands, int thread)
        : chunk(thread % form::chunks), first_row(thread / form::chunks) {
        for (int i = 0; i < form::turns; ++i) from[i] = operands.window(first_row + i * form::row_gap);
    }
    /// Of step `step`, into the tile of the pixels and the one of the weights.
    template <class Copy>
    UML_HOST_DEVICE void fill(const block_operands<form::type>& operands, int step, std::uint32_t* x, std::uint32_t* w,
                              const Copy& copy) const {
        const int inner = step * tile_inner + chunk * form::per_chunk;
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < form::turns; ++i) {
            const int row = first_row + i * form::row_gap, at = row * form::pitch + chunk * (chunk_bytes / 4);
            operands.fill_pixels(from[i], inner, x + at, copy);
            operands.fill_weights(row, inner, w + at, copy);
        }
    }
};

/// First row and column of a warp's part of the tile.
[[nodiscard]] UML_HOST_DEVICE constexpr position warp_place(int warp) {
    return {warp % 2 * warp_rows, warp / 2 * warp_columns};
}
/// The word of a tile that is register r of a warp's i-th first operand, where products begin with `word` of a row.
template <products how>
[[nodiscard]] UML_HOST_DEVICE constexpr int first_word(int warp, int lane, int i, int r, int word) {
    const position p = first_operand(lane, r);
    return (warp_place(warp).row + i * mma_rows + p.row) * stored<how>::pitch + word + p.word;
}
template <products how>
[[nodiscard]] UML_HOST_DEVICE constexpr int second_word(int warp, int lane, int j, int r, int word) {
    const position p = second_operand(lane, r);
    return (warp_place(warp).word + j * mma_columns + p.row) * stored<how>::pitch + word + p.word;
}
/// Row and column of register r of a warp's sums (i, j).
[[nodiscard]] UML_HOST_DEVICE constexpr position sum_place(int warp, int lane, int i, int j, int r) {
    const position p = sum_position(lane, r), w = warp_place(warp);
    return {w.row + i * mma_rows + p.row, w.word + j * mma_columns + p.word};
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu::tile

#include "uml/core/end.inc"
