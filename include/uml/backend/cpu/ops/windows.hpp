// Pooling over windows, and bilinear resizing.
#pragma once

#include "uml/backend/cpu/ops/conv.hpp"
#include "uml/kernels/pool.hpp"
#include "uml/kernels/resize.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

template <kernels::pooling kind>
inline constexpr operation pool{.steps = [](const planned_site&) { return step_need::of<kernels::pool_args>(); },
                                .kernels = calls<kernels::kernel::pool, kernels::kernel::pool_mixed>,
                                .prepare =
                                    [](const placed_site& s, step_writer& to) {
                                        kernels::pool_args a;
                                        a.kind = kind;
                                        a.window = conv_shape_of(s);
                                        a.in = s.input().data;
                                        a.in_step = static_cast<int>(s.input().step);
                                        a.out = s.out().data;
                                        a.out_step = static_cast<int>(s.out().step);
                                        a.half = s.half;
                                        to.add(s.pick(s.table.pool, s.table.pool_mixed), kernels::pool_jobs(a), a);
                                        return result<void>{};
                                    }};

inline constexpr operation resize{.scratch =
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
