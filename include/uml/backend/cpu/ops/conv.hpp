// Convolutions: direct, by Winograd, depthwise, after an upsampling, and by a matrix made in the run.
#pragma once

#include "uml/backend/cpu/operation.hpp"
#include "uml/kernels/depthwise.hpp"
#include "uml/kernels/table.hpp"
#include "uml/kernels/upsample_conv.hpp"
#include "uml/kernels/winograd.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

enum class conv_method : std::uint8_t { direct, winograd, depthwise };

[[nodiscard]] constexpr kernels::conv_shape conv_shape_of(const shape& in, const node& n) {
    return {in.h,         in.w,         in.c,         n.out.h,   n.out.w,       n.out.c,
            n.win.kernel, n.win.kernel, n.win.stride, n.win.pad, n.win.dilation};
}
[[nodiscard]] constexpr kernels::conv_shape conv_shape_of(const planned_site& s) {
    return conv_shape_of(s.shape_in(), s.n);
}

[[nodiscard]] constexpr conv_method method_of(const planned_site& s) {
    if (s.n.groups > 1) return conv_method::depthwise;
    const kernels::conv_shape c = conv_shape_of(s);
    if (!s.how.winograd || !kernels::winograd_covers(c)) return conv_method::direct;
    // With fewer, the transforms cost more than they save; in small images, more memory than the image.
    const int fewest_channels = kernels::winograd_shares_tiles(c) ? 16 : 8;
    return std::min(c.c_in, c.c_out) >= fewest_channels ? conv_method::winograd : conv_method::direct;
}

/// The arguments that all convolutions share, but for weights and the end.
[[nodiscard]] inline kernels::conv_args conv_args_of(const placed_site& s) {
    kernels::conv_args a;
    a.shape = conv_shape_of(s);
    a.in = s.input().data;
    a.in_step = static_cast<int>(s.input().step);
    a.weights = s.weights();
    a.out = s.out().data;
    a.out_step = static_cast<int>(s.out().step);
    a.end.act = s.act();
    a.half = s.half;
    return a;
}

inline constexpr operation conv{
    .takes_bf16 = true,
    .scratch =
        [](const planned_site& s) {
            const kernels::conv_shape c = conv_shape_of(s);
            switch (method_of(s)) {
            case conv_method::winograd: {
                const kernels::winograd_scratch w(c);
                return scratch_need{w.shared_bytes, w.bytes};
            }
            case conv_method::depthwise: return scratch_need{0, kernels::depthwise_scratch_bytes(c)};
            case conv_method::direct: break;
            }
            return scratch_need{0, kernels::conv_scratch_bytes(c)};
        },
    .packed_bytes =
        [](const planned_site& s) {
            const kernels::conv_shape c = conv_shape_of(s);
            return float_bytes(s.n.groups > 1 ? kernels::depthwise_weights_size(c) : kernels::conv_weights_size(c));
        },
    .steps = [](const planned_site&) { return step_need::of<kernels::winograd_args>(); },
    .kernels =
        [](const planned_site& s) {
            using kernels::kernel;
            if (s.n.groups > 1) return calls<kernel::depthwise, kernel::depthwise_mixed>(s);
            const kernels::kernel_set direct = calls<kernel::conv, kernel::conv_mixed>(s);
            if (!s.how.winograd || !kernels::winograd_covers(conv_shape_of(s))) return direct;
            return direct | calls<kernel::winograd, kernel::winograd_mixed>(s);
        },
    .pack_row_multiple = [](const planned_site& s) { return s.n.groups == 1 ? kernels::panel : 0; },
    .pack =
        [](const planned_site& s, const dense_parameter& d, const dense_parameter&, std::byte* to) {
            const kernels::conv_shape c = conv_shape_of(s);
            auto* const floats = reinterpret_cast<float*>(to);
            if (s.n.groups > 1)
                kernels::pack_depthwise(c, d.values, d.bias, floats);
            else
                kernels::pack_conv(c, d.values, d.bias, floats, d.first, d.out);
            return result<void>{};
        },
    .prepare =
        [](const placed_site& s, step_writer& to) {
            kernels::conv_args a = conv_args_of(s);
            if (s.n.inputs > 1) {
                a.end.residual = s.input(1).data;
                a.end.residual_step = static_cast<int>(s.input(1).step);
            }
            switch (method_of(s)) {
            case conv_method::direct:
                to.add(s.pick(s.table.conv, s.table.conv_mixed), kernels::conv_jobs(a.shape), a);
                break;
            case conv_method::depthwise:
                to.add(s.pick(s.table.depthwise, s.table.depthwise_mixed), kernels::depthwise_jobs(a.shape), a);
                break;
            case conv_method::winograd:
                to.add(s.pick(s.table.winograd, s.table.winograd_mixed), kernels::winograd_jobs(a.shape, 0),
                       kernels::winograd_jobs(a.shape, 1), kernels::winograd_args{a, s.shared()});
                break;
            }
            return result<void>{};
        }};

inline constexpr operation upsample_conv{
    .takes_bf16 = true,
    .scratch =
        [](const planned_site& s) {
            const kernels::conv_shape c = conv_shape_of(s);
            return scratch_need{0, s.half.any() ? kernels::upsample_conv_mixed_scratch_bytes(c)
                                                : kernels::upsample_conv_scratch_bytes(c)};
        },
    .packed_bytes = conv.packed_bytes,
    .steps = [](const planned_site&) { return step_need::of<kernels::upsample_conv_args>(); },
    .kernels = calls<kernels::kernel::upsample_conv, kernels::kernel::upsample_conv_mixed>,
    .pack_row_multiple = conv.pack_row_multiple,
    .pack = conv.pack,
    .prepare =
        [](const placed_site& s, step_writer& to) {
            const kernels::conv_args a = conv_args_of(s);
            const kernels::upsample_conv_args u{a, kernels::upsample_conv_strips(a.shape, s.width)};
            to.add(s.pick(s.table.upsample_conv, s.table.upsample_conv_mixed), kernels::upsample_conv_jobs(u), u);
            return result<void>{};
        }};

/// The matrix is the second input, the factor of each pixel the third.
inline constexpr operation dynamic_conv{
    .takes_bf16 = true,
    .scratch =
        [](const planned_site& s) {
            return scratch_need{0, kernels::conv_scratch_bytes(conv_shape_of(s))};
        },
    .steps = [](const planned_site&) { return step_need::of<kernels::conv_args>(); },
    .kernels = calls<kernels::kernel::conv, kernels::kernel::conv_mixed>,
    .prepare =
        [](const placed_site& s, step_writer& to) {
            kernels::conv_args a = conv_args_of(s);
            a.weights = s.input(1).data;
            a.end.scale = s.input(2).data;
            a.end.scale_step = static_cast<int>(s.input(2).step);
            to.add(s.pick(s.table.conv, s.table.conv_mixed), kernels::conv_jobs(a.shape), a);
            return result<void>{};
        }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
