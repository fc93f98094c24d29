// The matrix of a mixer, made per image.
#pragma once

#include "uml/backend/cuda/launch_writer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// The product A · diag(g) · B of a scaled_product: in tiles where it fills them, A · diag(g) being made first.
[[nodiscard]] constexpr bool matrix_in_tiles(const site& at) {
    constexpr int least = 16;
    return at.n.weight != no_id && at.n.out.c >= least && at.n.out.h >= least && at.in(0).out.c >= least;
}
/// Of B, turned: a row for each of its columns, of which the result has whole steps.
[[nodiscard]] constexpr conv_form matrix_form(const site& at) {
    return {products::three, element::f32, up_to(at.n.out.h, tile_inner), at.in(0).out.c};
}

inline constexpr operation scaled_product{
    .form = // as a convolution's weights
    [](const site& at, dtype type) {
        const int columns = up_to(at.n.out.h, tile_inner);
        return tensor_form{type, columns,
                           block_bytes(std::int64_t{at.n.out.c} * columns * static_cast<std::int64_t>(size_of(type)))};
    },
    .scratch_bytes = // A · diag(g)
    [](const site& at) { return matrix_in_tiles(at) ? float_bytes(std::int64_t{at.n.out.c} * at.in(0).out.c) : 0; },
    .packed_bytes =
        [](const site& at, precision) {
            const std::int64_t inner = at.in(0).out.c;
            return (at.n.weight == no_id ? 0 : float_bytes(at.n.out.c * inner)) +
                   (matrix_in_tiles(at) ? matrix_form(at).bytes() : float_bytes(inner * at.n.out.h));
        },
    .pack =
        [](packer& to, const site& at, precision, const dense_parameter& a, const dense_parameter& b) {
            const int inner = at.in(0).out.c;
            if (at.n.weight != no_id) to.floats(a.values, std::int64_t{at.n.out.c} * inner);
            if (matrix_in_tiles(at))
                to.turned(matrix_form(at), b.values, at.n.out.h, inner);
            else
                to.floats(b.values, std::int64_t{inner} * at.n.out.h);
        },
    .launch =
        [](launch_writer& to, const site& at) {
            const node& n = at.n;
            matrix_args a;
            a.g = to.in(at, 0);
            a.out = n.out.c;
            a.inner = a.g.c;
            a.in = n.out.h;
            a.y = to.out(n);
            const std::byte* from = to.packed(n);
            if (n.weight != no_id) {
                a.a = reinterpret_cast<const float*>(from);
                from += float_bytes(std::int64_t{a.out} * a.inner);
            }
            if (!matrix_in_tiles(at)) {
                a.b = reinterpret_cast<const float*>(from);
                return to.launch(0, kernel::matrix, a);
            }
            conv_args product; // a pixel for each output channel; the columns behind the last become zeros
            product.y = a.y;
            a.in = a.inner;
            a.y = product.x = to.in_scratch(n, 0, a.out, 1, a.inner, a.inner, element::f32);
            to.launch(0, kernel::matrix, a);
            product.inner = a.inner;
            product.how = products::three;
            to.use_weights(product, matrix_form(at), from);
            to.product(1, product);
        }};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
