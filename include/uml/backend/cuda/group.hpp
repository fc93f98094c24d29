// A block of a convolution for wgmma, Hopper's product by a group of four warps: how the tiles lie and where each
// thread finds its sums.
//
// A row of a tile is 128 bytes, 64 numbers of bf16, in 16-byte chunks that are permuted by the row: the form that the
// unit calls a swizzle of 128 bytes (PTX ISA, "Asynchronous warpgroup level matrix shared memory layout").
#pragma once

#include "uml/backend/cuda/block.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu::group {

inline constexpr int unit_rows = 64, unit_threads = 128; ///< of a group of four warps
inline constexpr int row_bytes = 128, chunks = row_bytes / chunk_bytes;
inline constexpr int products = 4; ///< of 16 inner indices each, in a row

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

/// A block: `rows` pixels × `columns` channels, a group for every 64 pixels; `stages` steps of tiles, of which two are
/// with the unit and the others on their way.
template <int rows_, int columns_, int stages_> struct block {
    static constexpr int rows = rows_, columns = columns_, stages = stages_;
    static constexpr int threads = rows / unit_rows * unit_threads, gap = threads / chunks; ///< see chunk_filler
    static constexpr int weights_at = rows * row_bytes, stage_bytes = (rows + columns) * row_bytes;
    static constexpr int shared_bytes = stages * stage_bytes;
    static_assert(rows % unit_rows == 0 && gap % 8 == 0, "rows of a thread are permuted alike");

    using filler = chunk_filler<element::bf16, chunks, gap, rows, columns>;
    using sums = block_sums<rows, columns, threads>;
    static_assert(sums::bytes <= shared_bytes);
};
[[nodiscard]] UML_HOST_DEVICE inline int steps(const conv_args& a) {
    constexpr int numbers = row_bytes / 2;
    return (a.inner + numbers - 1) / numbers;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu::group

#include "uml/core/end.inc"
