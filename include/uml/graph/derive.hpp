// Parameters computed from others. The shapes are known here; the numbers are made when a network is prepared
// (model/materialise.hpp).
#pragma once

#include "uml/graph/graph.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Appends the parameter that `kind` makes of `a` and `b`.
constexpr id derive(graph& g, parameter_kind kind, id a, id b = no_id, int count = 1) {
    const parameter first = g.parameters[a];
    const parameter second = b == no_id ? parameter{} : g.parameters[b];
    parameter p = first;
    p.kind = kind;
    p.name = no_id;
    p.a = a;
    p.b = b;
    p.count = static_cast<std::int16_t>(count);
    switch (kind) {
    case parameter_kind::folded: p.bias = true; break;
    case parameter_kind::product:
        p.out = second.out;
        p.bias = first.bias || second.bias;
        break;
    case parameter_kind::column_sum: p.in = count; break;
    case parameter_kind::stacked:
        p.out = first.out + second.out;
        p.bias = first.bias || second.bias;
        break;
    case parameter_kind::joined:
        p.in = first.in + second.in;
        p.bias = first.bias || second.bias;
        break;
    case parameter_kind::mixed:
        p.out = first.out + second.out;
        p.in = first.in + second.in;
        break;
    case parameter_kind::transposed:
        p.out = first.in;
        p.in = first.out;
        p.bias = false;
        break;
    case parameter_kind::bias_row:
        p.out = 1;
        p.in = first.out;
        p.bias = false;
        break;
    default: break;
    }
    return g.add_parameter(p);
}

} // namespace uml::inline UML_VERSION_NAMESPACE
