// Sums over the pixels of an image, and the softmax over them.
#pragma once

#include "uml/backend/cpu/operation.hpp"
#include "uml/kernels/pixel_sums.hpp"
#include "uml/kernels/softmax.hpp"
#include "uml/kernels/table.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

using pixel_sums_kernel = void(const kernels::pixel_sums_args&, int phase, int job, void* scratch);

inline result<void> prepare_pixel_sums(const placed_site& s, pixel_sums_kernel* kernel, const float* weights,
                                       std::ptrdiff_t weights_step, step_writer& to) {
    const kernels::pixel_sums_args a{s.input(), weights, weights_step, s.out().data, s.shared(), s.half};
    to.add(kernel, kernels::pixel_sums_jobs(a, 0), kernels::pixel_sums_jobs(a, 1), a);
    return {};
}

inline constexpr operation global_average{
    .takes_bf16 = true,
    .scratch =
        [](const planned_site& s) {
            const shape& x = s.shape_in();
            return scratch_need{kernels::pixel_sums_shared_bytes(x), kernels::pixel_sums_scratch_bytes(x)};
        },
    .steps = [](const planned_site&) { return step_need::of<kernels::pixel_sums_args>(); },
    .kernels = calls<kernels::kernel::pixel_means, kernels::kernel::pixel_means_mixed>,
    .prepare =
        [](const placed_site& s, step_writer& to) {
            return prepare_pixel_sums(s, s.pick(s.table.pixel_means, s.table.pixel_means_mixed), nullptr, 0, to);
        }};

inline constexpr operation weighted_sum{
    .takes_bf16 = true,
    .scratch = global_average.scratch,
    .steps = global_average.steps,
    .kernels = calls<kernels::kernel::weighted_sums, kernels::kernel::weighted_sums_mixed>,
    .prepare = [](const placed_site& s, step_writer& to) {
        return prepare_pixel_sums(s, s.pick(s.table.weighted_sums, s.table.weighted_sums_mixed), s.input(1).data,
                                  s.input(1).step, to);
    }};

inline constexpr operation attention_pool{
    .takes_bf16 = true,
    .scratch = global_average.scratch,
    .packed_bytes = [](const planned_site& s) { return float_bytes(kernels::padded(s.shape_in().c)); },
    .steps = global_average.steps,
    .kernels = calls<kernels::kernel::attention_sums, kernels::kernel::attention_sums_mixed>,
    .pack =
        [](const planned_site& s, const dense_parameter& d, const dense_parameter&, std::byte* to) {
            pack_vector(d.values, s.shape_in().c, reinterpret_cast<float*>(to));
            return result<void>{};
        },
    .prepare =
        [](const placed_site& s, step_writer& to) {
            return prepare_pixel_sums(s, s.pick(s.table.attention_sums, s.table.attention_sums_mixed), s.weights(), 0,
                                      to);
        }};

inline constexpr operation softmax_pixels{
    .scratch =
        [](const planned_site& s) {
            return scratch_need{kernels::softmax_shared_bytes(s.shape_in()), 0};
        },
    .steps = [](const planned_site&) { return step_need::of<kernels::softmax_args>(); },
    .kernels = calls<kernels::kernel::softmax>,
    .prepare =
        [](const placed_site& s, step_writer& to) {
            const kernels::softmax_args a{s.input(), s.out(), s.shared()};
            to.add(s.table.softmax, kernels::softmax_jobs(a), kernels::softmax_jobs(a), a);
            return result<void>{};
        }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
