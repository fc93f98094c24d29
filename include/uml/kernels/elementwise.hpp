// Element by element: sums, products and normalisation of tensors with repeated extents, constants, activations. The
// kernel itself is elementwise.inc.
#pragma once

#include "uml/kernels/views.hpp"

#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// A tensor as it is read beside a larger one: a step of 0 repeats what it has.
struct operand {
    const float* data = nullptr; ///< null: the constant of the call
    std::ptrdiff_t row = 0;      ///< floats from a row to the next
    std::ptrdiff_t step = 0;     ///< from a pixel to the next
    bool channels = false;       ///< false: one number for all channels of a pixel
};

enum class elementwise_op : std::uint8_t {
    pass,        ///< x
    add,         ///< x + y
    multiply,    ///< x * y
    divide_into, ///< y / x
    scale_shift  ///< x * y + z; y and z have all channels
};

/// out = act(op(x, y, z)); x has all channels. `out` may be one of the operands itself.
struct elementwise_args {
    elementwise_op op = elementwise_op::pass;
    activation act = activation::none;
    float constant = 0;
    operand x, y, z;
    target out;
    halves half{}; ///< x, y; out, which with bf16 has no activation but relu
};

/// How `v` is read beside a result of out's extents: where it has extent 1 it is repeated.
[[nodiscard]] constexpr operand read_beside(source v, target out) {
    const std::int64_t elements = v.step;
    const auto step = static_cast<std::ptrdiff_t>(elements);
    return {v.data, v.h == 1 ? 0 : v.w * step, v.w == 1 ? 0 : step, v.c == out.c};
}

/// x + y or x * y; every extent of x and y is out's or 1.
[[nodiscard]] constexpr elementwise_args combine(elementwise_op op, source x, source y, target out,
                                                 activation act = activation::none, halves half = {}) {
    elementwise_args a{op, act, 0, read_beside(x, out), read_beside(y, out), {}, out, half};
    if (!a.x.channels) std::swap(a.x, a.y), std::swap(a.half.in[0], a.half.in[1]);
    return a;
}

/// act(x)
[[nodiscard]] constexpr elementwise_args activate(source x, target out, activation act, halves half = {}) {
    return {elementwise_op::pass, act, 0, read_beside(x, out), {}, {}, out, half};
}

/// x + constant, x * constant or constant / x.
[[nodiscard]] constexpr elementwise_args with_constant(elementwise_op op, source x, float constant, target out,
                                                       activation act = activation::none, halves half = {}) {
    return {op, act, constant, read_beside(x, out), {}, {}, out, half};
}

/// scale[channel] * x + shift[channel]: normalisation with stored statistics. Both vectors have round_up(c, 16) floats.
[[nodiscard]] constexpr elementwise_args normalise(source x, const float* scale, const float* shift, target out,
                                                   activation act = activation::none, halves half = {}) {
    return {elementwise_op::scale_shift, act, 0,   read_beside(x, out), {scale, 0, 0, true},
            {shift, 0, 0, true},         out, half};
}

[[nodiscard]] constexpr row_split elementwise_split(const elementwise_args& a) {
    return split_rows(a.out.h, a.out.w, a.out.c);
}
[[nodiscard]] constexpr int elementwise_jobs(const elementwise_args& a) { return elementwise_split(a).jobs; }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
