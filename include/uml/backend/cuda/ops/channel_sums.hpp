// Over the channels of each pixel.
#pragma once

#include "uml/backend/cuda/launch_writer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// A scale and a shift for each channel.
[[nodiscard]] constexpr std::int64_t norm_bytes(const site& at, precision) { return 2 * float_bytes(at.n.out.c); }
inline void pack_norm(packer& to, const site& at, precision, const dense_parameter& a, const dense_parameter&) {
    to.floats(a.values, at.n.out.c);
    to.floats(a.bias, at.n.out.c);
}
[[nodiscard]] inline const float* norm_shift(const launch_writer& to, const node& n) {
    return reinterpret_cast<const float*>(to.packed(n) + float_bytes(n.out.c));
}

/// The tensors of one such kernel.
[[nodiscard]] inline row_args row_of(row kind, const launch_writer& to, const site& at) {
    row_args a;
    a.kind = kind;
    a.x = to.in(at, 0);
    a.y = to.out(at.n);
    return a;
}

inline constexpr operation sum_channels{
    .launch = [](launch_writer& to, const site& at) { to.launch(0, kernel::dot, row_of(row::sum, to, at)); }};

/// op::channel_dot, and dot_epilogue, which has a third input.
inline constexpr operation channel_dot{.launch = [](launch_writer& to, const site& at) {
    row_args a = row_of(row::dot, to, at);
    a.factors = to.in(at, 1);
    a.act = at.n.act;
    a.value = at.n.value;
    if (at.n.inputs > 2) a.offset = to.in(at, 2);
    to.launch(0, kernel::dot, a);
}};

inline constexpr operation opinion_of_evidence{.launch = [](launch_writer& to, const site& at) {
    row_args a = row_of(row::opinion, to, at);
    a.value = at.n.value;
    to.launch(0, kernel::row, a);
}};

/// op::layer_norm, and norm_epilogue, which has an activation.
inline constexpr operation layer_norm{
    .packed_bytes = norm_bytes, .pack = pack_norm, .launch = [](launch_writer& to, const site& at) {
        row_args a = row_of(row::norm, to, at);
        a.act = at.n.act;
        a.weights = to.floats(at.n);
        a.shift = norm_shift(to, at.n);
        to.launch(0, kernel::row, a);
    }};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
