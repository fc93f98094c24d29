// Pooling over windows, and bilinear resizing.
#pragma once

#include "uml/backend/cpu/ops/conv.hpp"
#include "uml/kernels/pool.hpp"
#include "uml/kernels/resize.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

template <kernels::pooling kind>
inline constexpr operation pool{.steps = [](const planned_site&) { return step_need::of<kernels::pool_args>(); },
                                .kernels = calls<kernels::kernel::pool>,
                                .prepare =
                                    [](const placed_site& s, step_writer& to) {
                                        kernels::pool_args a;
                                        a.kind = kind;
                                        a.window = conv_shape_of(s);
                                        a.in = s.input().data;
                                        a.in_step = static_cast<int>(s.input().step);
                                        a.out = s.out().data;
                                        a.out_step = static_cast<int>(s.out().step);
                                        to.add(s.table.pool, kernels::pool_jobs(a), a);
                                        return result<void>{};
                                    }};

inline constexpr operation resize{.scratch =
                                      [](const planned_site& s) {
                                          return scratch_need{0, kernels::resize_scratch_bytes(s.shape_in(), s.n.out)};
                                      },
                                  .steps = [](const planned_site&) { return step_need::of<kernels::resize_args>(); },
                                  .kernels = calls<kernels::kernel::resize>,
                                  .prepare =
                                      [](const placed_site& s, step_writer& to) {
                                          const kernels::resize_args a{s.input(), s.out()};
                                          to.add(s.table.resize, kernels::resize_jobs(a), a);
                                          return result<void>{};
                                      }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
