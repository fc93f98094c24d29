// Pooling over windows, and bilinear resizing.
#pragma once

#include "uml/backend/cpu/ops/conv.hpp"
#include "uml/kernels/pool.hpp"
#include "uml/kernels/resize.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

inline result<void> prepare_pool(const placed_site& s, void (*kernel)(const kernels::pool_args&, int, void*),
                                 step_writer& to) {
    kernels::pool_args a;
    a.window = conv_shape_of(s);
    a.in = s.input().data;
    a.in_step = static_cast<int>(s.input().step);
    a.out = s.out().data;
    a.out_step = static_cast<int>(s.out().step);
    a.half = s.half;
    to.add(kernel, kernels::pool_jobs(a), a);
    return {};
}

inline constexpr operation max_pool{
    .takes_bf16 = true,
    .steps = [](const planned_site&) { return step_need::of<kernels::pool_args>(); },
    .kernels = calls<kernels::kernel::max_pool, kernels::kernel::max_pool_mixed>,
    .prepare = [](const placed_site& s,
                  step_writer& to) { return prepare_pool(s, s.pick(s.table.max_pool, s.table.max_pool_mixed), to); }};

inline constexpr operation average_pool{
    .takes_bf16 = true,
    .steps = max_pool.steps,
    .kernels = calls<kernels::kernel::average_pool, kernels::kernel::average_pool_mixed>,
    .prepare = [](const placed_site& s, step_writer& to) {
        return prepare_pool(s, s.pick(s.table.average_pool, s.table.average_pool_mixed), to);
    }};

inline constexpr operation resize{.takes_bf16 = true,
                                  .scratch =
                                      [](const planned_site& s) {
                                          return scratch_need{0, kernels::resize_scratch_bytes(s.shape_in(), s.n.out)};
                                      },
                                  .steps = [](const planned_site&) { return step_need::of<kernels::resize_args>(); },
                                  .kernels = calls<kernels::kernel::resize, kernels::kernel::resize_mixed>,
                                  .prepare =
                                      [](const placed_site& s, step_writer& to) {
                                          const kernels::resize_args a{s.input(), s.out(), s.half};
                                          to.add(s.pick(s.table.resize, s.table.resize_mixed), kernels::resize_jobs(a),
                                                 a);
                                          return result<void>{};
                                      }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
