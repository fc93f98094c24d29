// An operation's parameters in the form that its kernel reads.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/cpu/method.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::cpu_detail {

/// [round_up(n, 16)] floats with zeros behind the n values; null means all zeros.
inline float* pack_vector(const double* values, int n, float* to) {
    for (int k = 0; k < kernels::round_up(n, kernels::panel); ++k)
        *to++ = k < n && values != nullptr ? static_cast<float>(values[k]) : 0.f;
    return to;
}

/// `in`: the shape of the operation's first input; `to`: packed_size floats.
inline void pack(const shape& in, const node& n, cpu_options o, const dense_parameter& first,
                 const dense_parameter& second, float* to) {
    switch (n.kind) {
    case op::conv:
    case op::upsample_conv: {
        const kernels::conv_shape s = conv_shape_of(in, n);
        switch (method_of(in, n, o)) {
        case conv_method::depthwise: return kernels::pack_depthwise(s, first.values, first.bias, to);
        default: return kernels::pack_conv(s, first.values, first.bias, to, first.first, first.out);
        }
    }
    case op::norm:
    case op::layer_norm: pack_vector(first.bias, n.out.c, pack_vector(first.values, n.out.c, to)); return;
    case op::attention_pool: pack_vector(first.values, in.c, to); return;
    case op::scaled_product: {
        const bool has_a = n.weight != no_id;
        return kernels::pack_scaled_product(product_shape_of(in.c, n), has_a ? first.values : nullptr, second.values,
                                            to);
    }
    case op::gate:
        return kernels::pack_gate(gate_shape_of(n), first.values, first.bias, second.values, second.bias, to);
    default: return;
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::cpu_detail
