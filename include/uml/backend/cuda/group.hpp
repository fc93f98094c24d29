// A convolution as a product of tiles for wgmma, Hopper's product by a group of four warps: how threads fill the tiles
// and where each finds its sums. Rows of the product are output pixels of one image, columns are output channels, and
// the inner index runs over taps × input channels, channels fastest.
//
// A row of a tile is 128 bytes, 64 numbers of bf16, in 16-byte chunks that are permuted by the row: the form that the
// unit calls a swizzle of 128 bytes (PTX ISA, "Asynchronous warpgroup level matrix shared memory layout").
#pragma once

#include "uml/backend/cuda/compute.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu::group {

inline constexpr int rows = 64, threads = 128, row_bytes = 128, chunk_bytes = 16, chunks = row_bytes / chunk_bytes;
inline constexpr int chunk_numbers = chunk_bytes / 2;
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

/// The operands of one block: 64 pixels of one image, and as many output channels as a tile has columns.
class operands {
public:
    UML_HOST_DEVICE operands(const conv_args& a, int image, std::int64_t first_pixel, int first_out)
        : a_(a), image_(image), first_pixel_(first_pixel), first_out_(first_out),
          weights_(static_cast<const std::uint16_t*>(a.weights) + image * a.weight_image) {}

    /// Each fills a row of the tiles.
    [[nodiscard]] UML_HOST_DEVICE int steps() const {
        constexpr int numbers = chunk_numbers * chunks;
        return (a_.inner + numbers - 1) / numbers;
    }
    /// First inner index of a chunk.
    [[nodiscard]] UML_HOST_DEVICE static int inner(int step, int chunk) {
        return (step * chunks + chunk) * chunk_numbers;
    }
    /// A chunk of the weights of a tile's column, 16 aligned bytes; null: zeros. The weights have a row for each column
    /// of every tile, of whole chunks.
    [[nodiscard]] UML_HOST_DEVICE const void* weights(int column, int inner_index) const {
        if (inner_index >= a_.weight_out) return nullptr;
        return weights_ + static_cast<std::int64_t>(first_out_ + column) * a_.weight_out + inner_index;
    }
    /// A chunk of a pixel's operand where it is 16 aligned bytes of the input (`chunks` of the arguments); null: zeros.
    [[nodiscard]] UML_HOST_DEVICE const void* pixels(int row, int inner_index) const {
        const std::int64_t pixel = first_pixel_ + row;
        if (inner_index >= a_.inner || pixel >= a_.y.pixels()) return nullptr;
        const int tap = inner_index / a_.x.c;
        const std::int64_t source = conv_window(a_, pixel).source(a_, tap);
        if (source < 0) return nullptr;
        return static_cast<const std::uint16_t*>(a_.x.data) + image_ * a_.x.image + source * a_.x.step + inner_index -
               tap * a_.x.c;
    }
    /// The same number by number, where it is not.
    UML_HOST_DEVICE void gather(int row, int inner_index, void* to) const {
        const std::int64_t pixel = first_pixel_ + row;
        const bool there = pixel < a_.y.pixels();
        const conv_window from(a_, there ? pixel : 0);
        for (int i = 0; i < chunk_numbers; ++i)
            write(to, element::bf16, i, there ? conv_operand(a_, image_, from, inner_index + i) : 0.0F);
    }
    /// Writes a finished sum, unless the result has no such place.
    UML_HOST_DEVICE void finish(int row, int column, float sum) const {
        const std::int64_t pixel = first_pixel_ + row;
        const int out = first_out_ + column;
        if (pixel < a_.y.pixels() && out < a_.y.c) conv_end(a_, image_, pixel, out, sum);
    }

private:
    const conv_args& a_;
    int image_;
    std::int64_t first_pixel_;
    int first_out_;
    const std::uint16_t* weights_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu::group

#include "uml/core/end.inc"
