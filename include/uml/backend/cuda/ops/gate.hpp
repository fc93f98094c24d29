// The Uncertainty Navigator's gate: two products, and one kernel for the rest.
#pragma once

#include "uml/backend/cuda/launch_writer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// The two products of a gate: A' x and A" y, each a 1×1 convolution.
[[nodiscard]] constexpr products gate_products(const site& at, int which, precision asked) {
    const node& v = at.in(which);
    constexpr int least_pixels = 16, least_channels = 8, least_inner = 16;
    if (v.out.pixels() < least_pixels || at.n.arg < least_channels || v.out.c < least_inner) return products::plain;
    if (is_precise(at.nodes, at.n)) return products::three;
    if (v.type == dtype::bf16) return products::bf16;
    return asked == precision::tf32 ? products::tf32 : products::three;
}
[[nodiscard]] constexpr conv_form gate_form(const site& at, int which, precision asked) {
    const products how = gate_products(at, which, asked);
    return {how, how == products::bf16 ? element::bf16 : element::f32, at.n.arg, at.in(which).out.c};
}

/// Of one of them for each image, in the result's type.
[[nodiscard]] constexpr int gate_step(const node& n) { return up_to(n.arg, 16); }
[[nodiscard]] constexpr std::int64_t gate_scratch_bytes(const node& n) {
    return block_bytes(n.out.pixels() * gate_step(n) * bytes_of(element_of(n.type)));
}

inline constexpr operation gate{
    .scratch_bytes = [](const site& at) { return 2 * gate_scratch_bytes(at.n); },
    .packed_bytes =
        [](const site& at, precision asked) {
            return gate_form(at, 0, asked).bytes() + gate_form(at, 1, asked).bytes() + float_bytes(at.n.arg + 1);
        },
    .pack =
        [](packer& to, const site& at, precision asked, const dense_parameter& a, const dense_parameter& b) {
            const node& n = at.n;
            const int c = at.in(0).out.c, mutual = at.in(1).out.c;
            to.conv(gate_form(at, 0, asked), a.values, nullptr, n.arg, c, c + mutual, 1);
            to.conv(gate_form(at, 1, asked), a.values + c, a.bias, n.arg, mutual, c + mutual, 1);
            std::byte* const psi = to.to;
            to.floats(b.values, n.arg);
            const float last = b.bias != nullptr ? static_cast<float>(*b.bias) : 0.0F;
            std::memcpy(psi + std::int64_t{n.arg} * 4, &last, 4);
        },
    .launch =
        [](launch_writer& to, const site& at) {
            const node& n = at.n;
            row_args a;
            a.kind = row::gate;
            a.x = to.in(at, 0);
            a.y = to.out(n);
            a.vacuity = to.in(at, 2);
            const std::int64_t each = to.images() * gate_scratch_bytes(n);
            const std::byte* from = to.packed(n);
            for (int j = 0; j < 2; ++j) {
                const conv_form f = gate_form(at, j, to.asked());
                conv_args c;
                c.x = to.in(at, j);
                c.y = to.in_scratch(n, j * each, n.out.h, n.out.w, n.arg, gate_step(n), element_of(n.type));
                c.inner = c.x.c;
                c.how = gate_products(at, j, to.asked());
                to.use_weights(c, f, from);
                from += f.bytes();
                to.product(0, c);
                (j == 0 ? a.from_x : a.from_mutual) = c.y;
            }
            a.weights = reinterpret_cast<const float*>(from);
            to.launch(1, kernel::row, a);
        }};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
