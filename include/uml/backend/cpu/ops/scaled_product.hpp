// The matrix A · diag(g) · B, made per image as the weights of a 1x1 convolution.
#pragma once

#include "uml/backend/cpu/operation.hpp"
#include "uml/kernels/scaled_product.hpp"
#include "uml/kernels/table.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

/// B's blocks, by how the graph made it: of two convolutions side by side, or as a whole.
[[nodiscard]] constexpr kernels::scaled_product_blocks blocks_of(const planned_site& s) {
    const parameter& b = s.parameters[s.n.weight2];
    if (b.kind != parameter_kind::mixed) return {};
    return {s.parameters[b.a].out, s.parameters[b.a].in, b.count};
}
[[nodiscard]] constexpr kernels::scaled_product_shape product_shape_of(const planned_site& s) {
    return {s.n.out.c, s.shape_in().c, s.n.out.h, s.n.weight != no_id, blocks_of(s)};
}

inline constexpr operation scaled_product{
    .scratch =
        [](const planned_site& s) {
            return scratch_need{0, kernels::scaled_product_scratch_bytes(product_shape_of(s))};
        },
    .packed_bytes =
        [](const planned_site& s) { return float_bytes(kernels::scaled_product_size(product_shape_of(s))); },
    .steps = [](const planned_site&) { return step_need::of<kernels::scaled_product_args>(); },
    .kernels = calls<kernels::kernel::scaled_product>,
    .pack =
        [](const planned_site& s, const dense_parameter& a, const dense_parameter& b, std::byte* to) {
            kernels::pack_scaled_product(product_shape_of(s), s.n.weight != no_id ? a.values : nullptr, b.values,
                                         reinterpret_cast<float*>(to));
            return result<void>{};
        },
    .prepare =
        [](const placed_site& s, step_writer& to) {
            const kernels::scaled_product_args a{product_shape_of(s), s.weights(), s.input().data, s.out().data};
            to.add(s.table.scaled_product, kernels::scaled_product_jobs(a), a);
            return result<void>{};
        }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
