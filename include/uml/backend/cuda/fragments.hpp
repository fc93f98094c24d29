// Where the matrix units' operands and sums lie in a warp's registers (PTX ISA, mma.sync.m16n8k16 for bf16 and m16n8k8
// for TF32), in words of 32 bits: two bf16 numbers or one TF32 number. Counted in words, both shapes are one.
#pragma once

#include "uml/backend/cuda/arguments.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// A convolution's tiles: output pixels × output channels, summed in steps of inner indices; rows of packed weights are
/// padded to whole steps.
inline constexpr int tile_rows = 64, tile_columns = 64, tile_inner = 32;

inline constexpr int mma_rows = 16, mma_columns = 8, mma_words = 8;

struct position {
    int row = 0, word = 0; ///< word: for sums, the column
};
/// Of the first operand's four registers: row, word along the inner dimension.
[[nodiscard]] UML_HOST_DEVICE constexpr position first_operand(int lane, int i) {
    return {lane / 4 + 8 * (i % 2), lane % 4 + 4 * (i / 2)};
}
/// Of the second operand's two registers: column as `row`, word along the inner dimension.
[[nodiscard]] UML_HOST_DEVICE constexpr position second_operand(int lane, int i) {
    return {lane / 4, lane % 4 + 4 * i};
}
/// Of the four sums.
[[nodiscard]] UML_HOST_DEVICE constexpr position sum_position(int lane, int i) {
    return {lane / 4 + 8 * (i / 2), lane % 4 * 2 + i % 2};
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
