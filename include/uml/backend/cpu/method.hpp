// Which kernel computes an operation on the CPU, and the memory that it needs: functions of shapes alone.
#pragma once

#include "uml/graph/node.hpp"
#include "uml/kernels/depthwise.hpp"
#include "uml/kernels/gate.hpp"
#include "uml/kernels/isa.hpp"
#include "uml/kernels/pixel_sums.hpp"
#include "uml/kernels/resize.hpp"
#include "uml/kernels/scaled_product.hpp"
#include "uml/kernels/softmax.hpp"
#include "uml/kernels/upconv.hpp"
#include "uml/kernels/winograd.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What can be chosen about the `cpu` backend.
struct cpu_options {
    bool winograd = true; ///< false: 3x3 convolutions are summed directly: slower, nearer to the exact sum
    kernels::isa most = kernels::isa::avx512; ///< no instruction set above this one

    friend constexpr bool operator==(const cpu_options&, const cpu_options&) = default;
};

/// The two configurations by name. Weights are packed the same way in both, and transformed by neither before a run.
inline constexpr cpu_options cpu_fast{};                   ///< the default
inline constexpr cpu_options cpu_small{.winograd = false}; ///< the smallest arena: in small pictures transformed tiles
                                                           ///< would take more memory than the tensors

} // namespace uml::inline UML_VERSION_NAMESPACE

namespace uml::inline UML_VERSION_NAMESPACE::cpu_detail {

enum class conv_method : std::uint8_t { direct, winograd, upsampled, depthwise };

/// The shape of a convolution node that reads a tensor of shape `in`.
[[nodiscard]] constexpr kernels::conv_shape conv_shape_of(const shape& in, const node& n) {
    return {in.h,         in.w,         in.c,         n.out.h,   n.out.w,       n.out.c,
            n.win.kernel, n.win.kernel, n.win.stride, n.win.pad, n.win.dilation};
}

[[nodiscard]] constexpr conv_method method_of(const shape& in, const node& n, cpu_options o) {
    if (n.kind == op::upsample_conv) return conv_method::upsampled;
    if (n.groups > 1) return conv_method::depthwise;
    const kernels::conv_shape s = conv_shape_of(in, n);
    if (!o.winograd || !kernels::winograd_covers(s)) return conv_method::direct;
    // With fewer, the transforms cost more than they save; in small images, more memory than the image.
    const int fewest_channels = kernels::split_winograd(s).shared ? 16 : 8;
    return std::min(s.c_in, s.c_out) >= fewest_channels ? conv_method::winograd : conv_method::direct;
}

/// The shape of the product A · diag(g) · B; g has `inner` channels.
[[nodiscard]] constexpr kernels::scaled_product_shape product_shape_of(int inner, const node& n) {
    return {n.out.c, inner, n.out.h, n.weight != no_id};
}

[[nodiscard]] constexpr kernels::gate_shape gate_shape_of(const node& n) {
    return {n.out.h * n.out.w, n.out.c, n.groups, n.arg};
}

/// Memory beside an operation's tensors, in bytes.
struct scratch_need {
    std::size_t shared = 0; ///< used by all threads together
    std::size_t thread = 0; ///< each thread's own

    [[nodiscard]] constexpr std::size_t total(int threads) const {
        return kernels::aligned_bytes(shared) + static_cast<std::size_t>(threads) * kernels::aligned_bytes(thread);
    }
};

/// For a convolution of shape `s`.
[[nodiscard]] constexpr scratch_need conv_scratch_need(conv_method m, const kernels::conv_shape& s) {
    switch (m) {
    case conv_method::winograd: return {kernels::winograd_shared_bytes(s), kernels::winograd_scratch_bytes(s)};
    case conv_method::upsampled: return {0, kernels::upconv_scratch_bytes(s)};
    case conv_method::depthwise: return {0, kernels::depthwise_scratch_bytes(s)};
    case conv_method::direct: break;
    }
    return {0, kernels::conv_scratch_bytes(s)};
}

/// `in`: the shape of the operation's first input.
[[nodiscard]] constexpr scratch_need scratch_need_of(const shape& in, const node& n, cpu_options o) {
    switch (n.kind) {
    case op::conv:
    case op::upsample_conv: return conv_scratch_need(method_of(in, n, o), conv_shape_of(in, n));
    case op::dynamic_conv: return conv_scratch_need(conv_method::direct, conv_shape_of(in, n));
    case op::scaled_product: return {0, kernels::scaled_product_scratch_bytes(product_shape_of(in.c, n))};
    case op::gate: return {0, kernels::gate_scratch_bytes(gate_shape_of(n))};
    case op::resize: return {0, kernels::resize_scratch_bytes(in, n.out)};
    case op::softmax_pixels: return {kernels::softmax_shared_bytes(in), 0};
    case op::global_average:
    case op::weighted_sum:
    case op::attention_pool: return {kernels::pixel_sums_shared_bytes(in), kernels::pixel_sums_scratch_bytes(in)};
    default: return {};
    }
}

/// Floats of an operation's weights.
[[nodiscard]] constexpr std::size_t packed_size(const shape& in, const node& n, cpu_options o) {
    const std::size_t channels = kernels::padded(n.out.c);
    switch (n.kind) {
    case op::conv:
    case op::upsample_conv:
        switch (method_of(in, n, o)) {
        case conv_method::depthwise: return kernels::depthwise_weights_size(conv_shape_of(in, n));
        default: return kernels::conv_weights_size(conv_shape_of(in, n));
        }
    case op::norm:
    case op::layer_norm: return 2 * channels;
    case op::attention_pool: return kernels::padded(in.c);
    case op::scaled_product: return kernels::scaled_product_size(product_shape_of(in.c, n));
    case op::gate: return kernels::gate_weights_size(gate_shape_of(n));
    default: return 0;
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::cpu_detail
