// The cpu backend's operations: what stands here is what it has.
#pragma once

#include "uml/backend/cpu/ops/channel_sums.hpp"
#include "uml/backend/cpu/ops/conv.hpp"
#include "uml/backend/cpu/ops/copy.hpp"
#include "uml/backend/cpu/ops/elementwise.hpp"
#include "uml/backend/cpu/ops/gate.hpp"
#include "uml/backend/cpu/ops/pixel_sums.hpp"
#include "uml/backend/cpu/ops/scaled_product.hpp"
#include "uml/backend/cpu/ops/windows.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

inline constexpr operation_table cpu_operations = [] {
    constexpr struct {
        op kind;
        operation does;
    } all[] = {{op::input, input},
               {op::conv, conv},
               {op::norm, norm},
               {op::layer_norm, layer_norm},
               {op::activate, elementwise<activate_args>},
               {op::add, elementwise<add_args>},
               {op::multiply, elementwise<multiply_args>},
               {op::add_constant, elementwise<add_constant_args>},
               {op::divide_into, elementwise<divide_into_args>},
               {op::max_pool, max_pool},
               {op::average_pool, average_pool},
               {op::global_average, global_average},
               {op::resize, resize},
               {op::concat, concat},
               {op::slice, slice},
               {op::shuffle, rearrange<kernels::copying::shuffle>},
               {op::tile, rearrange<kernels::copying::tile>},
               {op::softmax_pixels, softmax_pixels},
               {op::weighted_sum, weighted_sum},
               {op::channel_dot, channel_dot},
               {op::sum_channels, sum_channels},
               {op::upsample_conv, upsample_conv},
               {op::attention_pool, attention_pool},
               {op::scaled_product, scaled_product},
               {op::dynamic_conv, dynamic_conv},
               {op::gate, gate}};
    operation_table t{};
    for (const auto& one : all) t.set(one.kind, one.does);
    return t;
}();

/// Whether every operation has its entry.
[[nodiscard]] constexpr bool complete(const operation_table& t) {
    for (const operation& o : t.of)
        if (!o.known) return false;
    return true;
}
static_assert(complete(cpu_operations), "uml: an operation is missing in cpu_operations");

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
