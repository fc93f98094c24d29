// What all kernels share: activations, the epilogue of a convolution, panels of sixteen channels.
#pragma once

#include "uml/core/activation.hpp"

#include <cstddef>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Packed weights come in panels of this many output channels, the same for every instruction set.
inline constexpr int panel = 16;

using uml::activation;

/// Scratch, packed weights and planned tensors are aligned to this many bytes.
inline constexpr std::size_t alignment = 64;

[[nodiscard]] constexpr int div_up(int a, int b) { return (a + b - 1) / b; }
[[nodiscard]] constexpr int round_up(int a, int b) { return div_up(a, b) * b; }
[[nodiscard]] constexpr std::size_t aligned_bytes(std::size_t n) { return (n + alignment - 1) / alignment * alignment; }

/// Which tensors of a call are bf16: the call's pointers to them then point to bf16 all the same. Only the kernels
/// whose names end in _mixed look at it; to the others every tensor is f32.
struct halves {
    bool in[3] = {}; ///< inputs, as the kernel's arguments order them
    bool out = false;

    [[nodiscard]] constexpr bool any() const { return in[0] || in[1] || in[2] || out; }
};

/// The epilogue of a convolution: out = act(scale[pixel] * sum + bias[channel] + residual[pixel][channel]).
/// A null pointer leaves its term out. The bias follows the packed weights.
struct epilogue {
    const float* scale = nullptr;    ///< nullable; one factor per output pixel
    int scale_step = 1;              ///< its pixel stride in floats
    const float* residual = nullptr; ///< nullable; a tensor of the output's shape
    int residual_step = 0;           ///< its pixel stride in floats
    activation act = activation::none;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
