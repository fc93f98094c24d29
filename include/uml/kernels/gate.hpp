// The Uncertainty Navigator's gate as one operation: sizes and arguments. The kernel itself is gate.inc.
#pragma once

#include "uml/kernels/conv.hpp"
#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// out = x · t · sigmoid(psi · relu(t · (A x) + B m + bias) + psi's bias), t = exp(-vacuity), for every pixel.
struct gate_shape {
    int pixels = 1;
    int c = 1;      ///< channels of x and of the result
    int mutual = 1; ///< channels of m
    int inner = 1;  ///< rows of A and B

    [[nodiscard]] constexpr int panels() const { return div_up(inner, panel); }
    /// [A | B] as a 1x1 convolution.
    [[nodiscard]] constexpr conv_shape entry() const {
        conv_shape r;
        r.c_in = c + mutual;
        r.c_out = inner;
        return r;
    }
};

struct gate_args {
    gate_shape shape;
    source x, mutual, vacuity;
    const float* weights = nullptr; ///< from pack_gate
    target out;
    halves half{}; ///< x, mutual; out
};

/// Floats of the packed weights: [A | B] as a convolution, psi, then its bias in a panel of its own.
[[nodiscard]] constexpr std::size_t gate_weights_size(const gate_shape& s) {
    return conv_weights_size(s.entry()) + padded(s.inner) + panel;
}

/// `entry`: [inner][c + mutual], `psi`: [inner]; biases may be null.
template <class T>
void pack_gate(const gate_shape& s, const T* entry, const T* bias, const T* psi, const T* psi_bias, float* packed) {
    pack_conv(s.entry(), entry, bias, packed);
    float* to = packed + conv_weights_size(s.entry());
    std::fill_n(to, padded(s.inner) + panel, 0.f);
    for (int o = 0; o < s.inner; ++o) to[o] = static_cast<float>(psi[o]);
    if (psi_bias != nullptr) to[padded(s.inner)] = static_cast<float>(*psi_bias);
}

/// Pixels per job: their part of x stays in the cache until it is multiplied.
[[nodiscard]] constexpr int gate_block(const gate_shape& s) {
    return std::clamp(conv_block_floats / s.c / max_tile_rows, 2, 8) * max_tile_rows;
}
[[nodiscard]] constexpr int gate_jobs(const gate_shape& s) { return div_up(s.pixels, gate_block(s)); }

/// Scratch bytes that each thread needs: sums [panels][block][16], then a number per pixel twice.
[[nodiscard]] constexpr std::size_t gate_scratch_bytes(const gate_shape& s) {
    const int block = gate_block(s);
    return static_cast<std::size_t>(s.panels() * block * panel + 2 * (block + panel)) * sizeof(float);
}

/// The same where a tensor is bf16: with a block of x and of m as f32 behind.
[[nodiscard]] constexpr std::size_t gate_mixed_scratch_bytes(const gate_shape& s) {
    const int pixel = odd_lines(s.c) + odd_lines(s.mutual);
    return aligned_bytes(gate_scratch_bytes(s)) + static_cast<std::size_t>(gate_block(s) * pixel) * sizeof(float);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
