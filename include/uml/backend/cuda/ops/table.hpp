// The CUDA backend's operations: what stands here is what it has.
#pragma once

#include "uml/backend/cuda/ops/channel_sums.hpp"
#include "uml/backend/cuda/ops/conv.hpp"
#include "uml/backend/cuda/ops/copy.hpp"
#include "uml/backend/cuda/ops/elementwise.hpp"
#include "uml/backend/cuda/ops/gate.hpp"
#include "uml/backend/cuda/ops/pixel_sums.hpp"
#include "uml/backend/cuda/ops/scaled_product.hpp"
#include "uml/backend/cuda/ops/windows.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// By kind, those of lowered.hpp behind the graph's.
struct operation_table {
    static constexpr int lowered = static_cast<int>(last_lowered) - first_backend_op + 1;
    operation of[op_count + lowered + 1]{}; ///< the last one stands for what is not known

    [[nodiscard]] static constexpr int place(op kind) {
        const int k = static_cast<int>(kind);
        if (k < op_count) return k;
        return of_backend(kind) && kind <= last_lowered ? op_count + k - first_backend_op : op_count + lowered;
    }
    [[nodiscard]] constexpr const operation& operator[](op kind) const { return of[place(kind)]; }
};
inline constexpr operation_table operations = [] {
    constexpr struct {
        op kind;
        operation does;
    } all[] = {{op::input, input},
               {op::conv, conv},
               {op::norm, norm},
               {op::layer_norm, layer_norm},
               {op::activate, elementwise<pointwise::activate>},
               {op::add, elementwise<pointwise::add>},
               {op::multiply, elementwise<pointwise::multiply>},
               {op::add_constant, elementwise<pointwise::add_constant>},
               {op::divide_into, elementwise<pointwise::divide_into>},
               {op::max_pool, pool<true>},
               {op::average_pool, pool<false>},
               {op::global_average, column_operation<column::mean>},
               {op::resize, resize},
               {op::concat, concat},
               {op::slice, slice},
               {op::shuffle, rearrange<moving::shuffle>},
               {op::tile, rearrange<moving::tile>},
               {op::softmax_pixels, column_operation<column::softmax>},
               {op::weighted_sum, column_operation<column::weighted, true>},
               {op::channel_dot, channel_dot},
               {op::sum_channels, sum_channels},
               {op::upsample_conv, upsample_conv},
               {op::attention_pool, attention_pool},
               {op::scaled_product, scaled_product},
               {op::dynamic_conv, dynamic_conv},
               {op::gate, gate},
               {conv_adding, conv},
               {conv_beside, conv},
               {conv_times, conv},
               {dot_epilogue, channel_dot},
               {norm_epilogue, layer_norm},
               {opinion, opinion_of_evidence},
               {instructed_mean, column_operation<column::instructed, true>},
               {conv_over, conv_in_place}};
    operation_table t{};
    for (const auto& one : all) t.of[operation_table::place(one.kind)] = one.does;
    return t;
}();

[[nodiscard]] constexpr bool has(const node& n) { return operations[n.kind].launch != nullptr; }

/// Whether all are here that the backend had when it was written: what the graph has beyond is refused until it has a
/// line.
[[nodiscard]] constexpr bool complete() {
    for (int k = 0; k <= static_cast<int>(op::gate); ++k)
        if (operations[static_cast<op>(k)].launch == nullptr) return false;
    for (int k = first_backend_op; k <= static_cast<int>(last_lowered); ++k)
        if (operations[static_cast<op>(k)].launch == nullptr) return false;
    return operations[static_cast<op>(255)].launch == nullptr;
}
static_assert(complete(), "uml: an operation is missing in gpu::operations");

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
