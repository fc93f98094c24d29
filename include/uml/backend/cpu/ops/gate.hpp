// The Uncertainty Navigator's gate in one pass.
#pragma once

#include "uml/backend/cpu/operation.hpp"
#include "uml/kernels/gate.hpp"
#include "uml/kernels/table.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

[[nodiscard]] constexpr kernels::gate_shape gate_shape_of(const node& n) {
    return {n.out.h * n.out.w, n.out.c, n.groups, n.arg};
}

inline constexpr operation gate{
    .takes_bf16 = true,
    .scratch =
        [](const planned_site& s) {
            const kernels::gate_shape g = gate_shape_of(s.n);
            return scratch_need{0,
                                s.half.any() ? kernels::gate_mixed_scratch_bytes(g) : kernels::gate_scratch_bytes(g)};
        },
    .packed_bytes = [](const planned_site& s) { return float_bytes(kernels::gate_weights_size(gate_shape_of(s.n))); },
    .steps = [](const planned_site&) { return step_need::of<kernels::gate_args>(); },
    .kernels = calls<kernels::kernel::gate, kernels::kernel::gate_mixed>,
    .pack =
        [](const planned_site& s, const dense_parameter& a, const dense_parameter& b, std::byte* to) {
            kernels::pack_gate(gate_shape_of(s.n), a.values, a.bias, b.values, b.bias, reinterpret_cast<float*>(to));
            return result<void>{};
        },
    .prepare =
        [](const placed_site& s, step_writer& to) {
            const kernels::gate_args a{gate_shape_of(s.n), s.input(0), s.input(1), s.input(2),
                                       s.weights(),        s.out(),    s.half};
            to.add(s.pick(s.table.gate, s.table.gate_mixed), kernels::gate_jobs(a.shape), a);
            return result<void>{};
        }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
