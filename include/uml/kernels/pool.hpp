// Pooling over windows: arguments and sizes. The kernel itself is pool.inc.
#pragma once

#include "uml/kernels/conv.hpp"
#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Pools windows of `in` into `out`; `window` has c_in = c_out channels. max_pool: padding never wins; average_pool: it
/// counts as zeros.
struct pool_args {
    conv_shape window;
    const float* in = nullptr;
    int in_step = 0;
    float* out = nullptr;
    int out_step = 0;
    halves half{}; ///< in; out
};

[[nodiscard]] constexpr row_split pool_split(const conv_shape& s) { return split_rows(s.h_out, s.w_out, s.c_out); }
[[nodiscard]] constexpr int pool_jobs(const pool_args& a) { return pool_split(a.window).jobs; }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
