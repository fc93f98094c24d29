// Element by element: normalisation, activations, sums and products of tensors with repeated extents, constants.
#pragma once

#include "uml/backend/cpu/operation.hpp"
#include "uml/kernels/elementwise.hpp"
#include "uml/kernels/table.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

/// An operation whose arguments `make(site)` makes.
template <kernels::elementwise_args (*make)(const placed_site&)>
inline constexpr operation elementwise{
    .takes_bf16 = true,
    .steps = [](const planned_site&) { return step_need::of<kernels::elementwise_args>(); },
    .kernels = calls<kernels::kernel::elementwise, kernels::kernel::elementwise_mixed>,
    .prepare =
        [](const placed_site& s, step_writer& to) {
            const kernels::elementwise_args a = make(s);
            to.add(s.pick(s.table.elementwise, s.table.elementwise_mixed), kernels::elementwise_jobs(a), a);
            return result<void>{};
        }};

/// Scale and shift of every channel, in that order.
[[nodiscard]] constexpr std::int64_t norm_bytes(const planned_site& s) {
    return float_bytes(2 * kernels::padded(s.n.out.c));
}
inline result<void> pack_norm(const planned_site& s, const dense_parameter& d, const dense_parameter&, std::byte* to) {
    pack_vector(d.bias, s.n.out.c, pack_vector(d.values, s.n.out.c, reinterpret_cast<float*>(to)));
    return {};
}

[[nodiscard]] inline kernels::elementwise_args norm_args(const placed_site& s) {
    return kernels::normalise(s.input(), s.weights(), s.weights() + kernels::padded(s.n.out.c), s.out(), s.act(),
                              s.half);
}
inline constexpr operation norm{.takes_bf16 = true,
                                .packed_bytes = norm_bytes,
                                .steps = elementwise<norm_args>.steps,
                                .kernels = elementwise<norm_args>.kernels,
                                .pack = pack_norm,
                                .prepare = elementwise<norm_args>.prepare};

[[nodiscard]] inline kernels::elementwise_args activate_args(const placed_site& s) {
    return kernels::activate(s.input(), s.out(), s.act(), s.half);
}
[[nodiscard]] inline kernels::elementwise_args add_args(const placed_site& s) {
    return kernels::combine(kernels::elementwise_op::add, s.input(0), s.input(1), s.out(), s.act(), s.half);
}
[[nodiscard]] inline kernels::elementwise_args multiply_args(const placed_site& s) {
    return kernels::combine(kernels::elementwise_op::multiply, s.input(0), s.input(1), s.out(), s.act(), s.half);
}
[[nodiscard]] inline kernels::elementwise_args add_constant_args(const placed_site& s) {
    return kernels::with_constant(kernels::elementwise_op::add, s.input(), s.n.value, s.out(), s.act(), s.half);
}
[[nodiscard]] inline kernels::elementwise_args divide_into_args(const placed_site& s) {
    return kernels::with_constant(kernels::elementwise_op::divide_into, s.input(), s.n.value, s.out(), s.act(), s.half);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
