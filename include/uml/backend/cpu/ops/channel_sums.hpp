// Sums over the channels of each pixel, and the layer normalisation that needs them.
#pragma once

#include "uml/backend/cpu/ops/elementwise.hpp"
#include "uml/kernels/channel_sums.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

inline void prepare_channel_sums(const placed_site& s, const float* weights, step_writer& to) {
    const kernels::channel_sums_args a{s.input(), weights, s.out(), s.half};
    to.add(s.pick(s.table.channel_sums, s.table.channel_sums_mixed), kernels::channel_sums_jobs(a), a);
}

inline constexpr operation sum_channels{
    .takes_bf16 = true,
    .steps = [](const planned_site&) { return step_need::of<kernels::channel_sums_args>(); },
    .kernels = calls<kernels::kernel::channel_sums, kernels::kernel::channel_sums_mixed>,
    .prepare =
        [](const placed_site& s, step_writer& to) {
            prepare_channel_sums(s, nullptr, to);
            return result<void>{};
        }};

inline constexpr operation channel_dot{.takes_bf16 = true,
                                       .steps = sum_channels.steps,
                                       .kernels = sum_channels.kernels,
                                       .prepare = [](const placed_site& s, step_writer& to) {
                                           prepare_channel_sums(s, s.input(1).data, to);
                                           return result<void>{};
                                       }};

inline constexpr operation layer_norm{
    .takes_bf16 = true,
    .packed_bytes = norm_bytes,
    .steps = [](const planned_site&) { return step_need::of<kernels::layer_norm_args>(); },
    .kernels = calls<kernels::kernel::layer_norm, kernels::kernel::layer_norm_mixed>,
    .pack = pack_norm,
    .prepare =
        [](const placed_site& s, step_writer& to) {
            const kernels::layer_norm_args a{s.input(), s.weights(), s.weights() + kernels::padded(s.n.out.c), s.out(),
                                             s.half};
            to.add(s.pick(s.table.layer_norm, s.table.layer_norm_mixed), kernels::layer_norm_jobs(a), a);
            return result<void>{};
        }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
