// The operations of a network's table. Plain numbers, no pointers: the same table serves the compiler, the program and
// a device.
#pragma once

#include "uml/core/activation.hpp"
#include "uml/core/element.hpp"
#include "uml/core/id.hpp"
#include "uml/core/tensor.hpp"

#include <cstdint>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What a node computes. x, y: its inputs.
enum class op : std::uint8_t {
    input,          ///< the picture, values 0..1
    conv,           ///< 2-D convolution with zero padding; in[1], if there, is added before the activation
    norm,           ///< per channel: scale · x + shift (batch normalisation with stored statistics)
    layer_norm,     ///< over the channels of one pixel, eps 1e-5, affine
    activate,       ///< the activation alone
    add,            ///< x + y; an extent of 1 is repeated
    multiply,       ///< x · y; an extent of 1 is repeated
    add_constant,   ///< x + value
    divide_into,    ///< value / x
    max_pool,       ///< padding never wins
    average_pool,   ///< padding counts as zeros
    global_average, ///< mean over the pixels
    resize,         ///< bilinear, corners aligned: source = target · (in - 1) / (out - 1)
    concat,         ///< along the channels
    slice,          ///< channels [arg, arg + c)
    shuffle,        ///< output channel g · C / arg + j = input channel arg · j + g
    tile,           ///< output channel k = input channel k mod c
    softmax_pixels, ///< over the pixels of one channel
    weighted_sum,   ///< Σ over pixels of x(c, p) · y(p)
    channel_dot,    ///< Σ over channels of x(c, p) · y(c)
    sum_channels,   ///< Σ over channels
    upsample_conv,  ///< 3×3 convolution of x resized to twice its size, computed at the low resolution
    attention_pool, ///< with q = softmax over pixels of (weight · x): channels Σ q x, then the mean of x
    scaled_product, ///< the matrix A · diag(x) · B of two parameters, made per image
    dynamic_conv,   ///< 1×1 convolution of x by the matrix y; in[2]: a factor per pixel
    gate,           ///< x · t · sigmoid(B relu(t · A' x + A" y)), t = exp(-in[2]), a number per pixel; A = [A' | A"]
};
inline constexpr int op_count = static_cast<int>(op::gate) + 1;

/// From this number on, operations belong to the backend whose `lower` put them into the graph.
inline constexpr int first_backend_op = 192;
[[nodiscard]] constexpr bool of_backend(op o) { return static_cast<int>(o) >= first_backend_op; }

/// The operation's name as it stands in messages.
[[nodiscard]] constexpr std::string_view to_text(op o) {
    constexpr std::string_view names[op_count] = {
        "input",        "conv",         "norm",         "layer_norm",    "activate",       "add",
        "multiply",     "add_constant", "divide_into",  "max_pool",      "average_pool",   "global_average",
        "resize",       "concat",       "slice",        "shuffle",       "tile",           "softmax_pixels",
        "weighted_sum", "channel_dot",  "sum_channels", "upsample_conv", "attention_pool", "scaled_product",
        "dynamic_conv", "gate"};
    return of_backend(o) ? "an operation of the backend" : names[static_cast<int>(o)];
}
static_assert(!to_text(static_cast<op>(op_count - 1)).empty(), "uml: an operation has no name");

/// Kernel extent, stride, padding and dilation, the same in both directions.
struct window {
    std::int16_t kernel = 1, stride = 1, pad = 0, dilation = 1;
    friend constexpr bool operator==(const window&, const window&) = default;
};

/// Extent of the result of sliding `w` over `n`.
[[nodiscard]] constexpr int slide(int n, window w) {
    return (n + 2 * w.pad - w.dilation * (w.kernel - 1) - 1) / w.stride + 1;
}

struct node {
    op kind = op::input;
    activation act = activation::none;
    std::uint8_t inputs = 0;
    bool precise = false; ///< other results hang on this one's precision: see builder::keep_precise
    id in[4] = {no_id, no_id, no_id, no_id};
    shape out{};
    window win{};
    std::int16_t groups = 1; ///< conv: 1 or, depthwise, the number of channels; gate: channels of y
    std::int16_t arg = 0;    ///< slice: first channel; shuffle: groups; gate: rows of A
    float value = 0;         ///< add_constant, divide_into
    id weight = no_id;       ///< entry in the parameter table
    id weight2 = no_id;      ///< scaled_product, gate: B
    // Made by the memory plan; offsets and places are bytes.
    dtype type = dtype::f32;  ///< of the tensor's elements
    bool result = false;      ///< a caller fetches it, or a part of it
    bool raw = false;         ///< better not rounded: a normalisation's input, which may vary little about a large
                              ///< mean, or its result that a sum or an activation reads, since fused it is never stored
    std::int16_t order = 0;   ///< operations of one order may run side by side, those of lower orders are done before
    std::int32_t step = 0;    ///< elements from a pixel to the next
    std::int64_t offset = 0;  ///< of the tensor in the arena
    std::int64_t scratch = 0; ///< place of the operation's scratch memory in the arena
    std::int64_t packed = 0;  ///< place of the packed weights in their block

    friend constexpr bool operator==(const node&, const node&) = default;
};

/// Whether the operation reads or makes a value that was marked by builder::keep_precise: no backend computes it with
/// less than the precision of its tensors.
[[nodiscard]] constexpr bool is_precise(const node* nodes, const node& n) {
    for (int i = 0; i < n.inputs; ++i)
        if (nodes[n.in[i]].precise) return true;
    return n.precise;
}

/// Whether the operation applies its node's activation to its result, in every backend. No other operation has one.
[[nodiscard]] constexpr bool honours_activation(op o) {
    return o == op::conv || o == op::upsample_conv || o == op::dynamic_conv || o == op::add || o == op::activate;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
