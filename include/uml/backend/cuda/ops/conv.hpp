// Convolutions.
#pragma once

#include "uml/backend/cuda/launch_writer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// How a convolution is made: in tiles where that fills them.
[[nodiscard]] constexpr products products_of(const site& at, precision asked) {
    const node &n = at.n, &x = at.in(0);
    constexpr int least_pixels = 16, least_channels = 2, least_inner = 16;
    const int inner = n.win.kernel * n.win.kernel * x.out.c;
    if (is_conv(n.kind) && n.groups == 1 && n.win.kernel == 1 && n.out.pixels() == 1 && x.out.pixels() == 1)
        return products::lanes;
    if (n.groups > 1 || n.out.pixels() < least_pixels || made_channels(n) < least_channels || inner < least_inner)
        return products::plain;
    if (n.kind == op::dynamic_conv && (x.type != at.in(1).type || (is_precise(at.nodes, n) && x.type == dtype::bf16)))
        return products::plain;
    if (x.type == dtype::bf16) return products::bf16;
    if (is_precise(at.nodes, n)) return products::three;
    return asked == precision::tf32 && !in_chain(n) ? products::tf32 : products::three;
}
/// In how many parts weights stand, whose sum they are: where a precise value is made, and in Res2Net's chains, in
/// which weights rounded to bf16 alone would make half of the error.
[[nodiscard]] constexpr int parts_of(const site& at, precision asked) {
    const bool exact = in_chain(at.n) || is_precise(at.nodes, at.n) || at.n.result;
    return exact && is_conv(at.n.kind) && products_of(at, asked) == products::bf16 ? 2 : 1;
}
[[nodiscard]] constexpr int inner_of(const site& at) {
    return at.n.win.kernel * at.n.win.kernel * (at.n.groups > 1 ? 1 : at.in(0).out.c);
}
[[nodiscard]] constexpr conv_form conv_form_of(const site& at, precision asked) {
    const products how = products_of(at, asked);
    const bool halves = how == products::bf16 || (how == products::lanes && asked == precision::bf16 &&
                                                  !is_precise(at.nodes, at.n) && !at.n.result);
    return {how, halves ? element::bf16 : element::f32, made_channels(at.n), inner_of(at) * parts_of(at, asked)};
}

namespace conv_detail {

inline void pack(packer& to, const site& at, precision asked, const dense_parameter& a, const dense_parameter&) {
    const node& n = at.n;
    // The parameter's own channels, padding aside.
    const int in = n.groups > 1 ? 1 : a.in, out = a.out;
    const channel_places spread{n.arg, n.arg > 0 && in != at.in(0).out.c, n.arg > 0 && out != made_channels(n)};
    to.conv(conv_form_of(at, asked), a.values, a.bias, out, in, in, n.win.kernel * n.win.kernel, parts_of(at, asked),
            spread);
}

[[nodiscard]] inline conv_args arguments(const launch_writer& to, const site& at) {
    const node& n = at.n;
    conv_args a;
    a.x = to.in(at, 0);
    a.y = to.out(n);
    a.y.c = made_channels(n);
    a.kernel = n.win.kernel;
    a.stride = n.win.stride;
    a.pad = n.win.pad;
    a.dilation = n.win.dilation;
    a.inner = inner_of(at) * parts_of(at, to.asked());
    a.depthwise = n.groups > 1;
    a.act = n.act;
    a.how = products_of(at, to.asked());
    return a;
}

inline void launch(launch_writer& to, const site& at) {
    const node& n = at.n;
    conv_args a = arguments(to, at);
    if (n.kind == conv_adding) a.from = a.to = to.in(at, 1);
    if (n.kind == conv_beside) {
        a.from = to.in(at, 1);
        a.to = a.y;
        a.to.data = static_cast<std::byte*>(a.y.data) + a.y.c * bytes_of(a.y.type);
    }
    if (n.kind == conv_over) a.y = a.residual = to.in(at, 1);
    if (n.kind == conv_times) a.factor = to.in(at, 1);
    a.adds = n.kind == conv_adding;
    if (n.kind == op::conv && n.inputs == 2) a.residual = to.in(at, 1);
    to.use_weights(a, conv_form_of(at, to.asked()), to.packed(n));
    to.product(0, a);
}

} // namespace conv_detail

/// op::conv and its kinds of lowered.hpp.
inline constexpr operation conv{
    .packed_bytes = [](const site& at, precision asked) { return conv_form_of(at, asked).bytes(); },
    .pack = conv_detail::pack,
    .launch = conv_detail::launch};

/// conv_over, which has no tensor of its own.
inline constexpr operation conv_in_place{.form =
                                             [](const site& at, dtype type) {
                                                 return tensor_form{type, at.n.out.c, 0};
                                             },
                                         .packed_bytes = conv.packed_bytes,
                                         .pack = conv.pack,
                                         .launch = conv.launch};

inline constexpr operation upsample_conv{.scratch_bytes = // upsampled, in the input's form
                                         [](const site& at) {
                                             return at.n.out.pixels() * at.in(0).step *
                                                    static_cast<std::int64_t>(size_of(at.in(0).type));
                                         },
                                         .packed_bytes = conv.packed_bytes,
                                         .pack = conv.pack,
                                         .launch =
                                             [](launch_writer& to, const site& at) {
                                                 const node& n = at.n;
                                                 conv_args a = conv_detail::arguments(to, at);
                                                 const tensor low = a.x;
                                                 a.x = to.in_scratch(n, 0, n.out.h, n.out.w, low.c, low.step, low.type);
                                                 to.launch(0, kernel::resize, resize_args{low, a.x});
                                                 to.use_weights(a, conv_form_of(at, to.asked()), to.packed(n));
                                                 to.product(1, a);
                                             }};

inline constexpr operation dynamic_conv{.launch = [](launch_writer& to, const site& at) {
    conv_args a = conv_detail::arguments(to, at);
    const tensor matrix = to.in(at, 1);
    a.weights = matrix.data;
    a.weight_type = matrix.type;
    a.weight_image = matrix.image;
    a.weight_out = matrix.step;
    a.weight_in = 1;
    a.scale = to.in(at, 2);
    to.product(0, a);
}};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
