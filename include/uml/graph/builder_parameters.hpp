// The builder's operations on parameters that are values: what passes put in the place of a region.
#pragma once

#include "uml/graph/builder.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

constexpr id builder::conv_parameter(const name& where, int in, int out, bool bias) {
    parameter p{};
    p.bias = bias;
    p.name = g_->add_name(where);
    p.out = out;
    p.in = in;
    return g_->add_parameter(p);
}

constexpr id builder::derived(parameter_kind kind, id a, id b, int count) {
    if (!known_parameter(op::conv, a) || (b != no_id && !known_parameter(op::conv, b))) return no_id;
    return derive(*g_, kind, a, b, count);
}

constexpr value builder::layer_norm(value x, id weight) {
    if (!known_parameter(op::layer_norm, weight)) return {};
    const parameter& p = g_->parameters[weight];
    known(op::layer_norm, x, p.name);
    if (x.shape.c != p.out) g_->fail(fault::conv_channels, op::layer_norm, p.name, x.shape.c, p.out);
    node n = reading(op::layer_norm, x);
    n.weight = weight;
    return append(n);
}

constexpr value builder::conv(value x, id weight) {
    if (!known(op::conv, x) || !known_parameter(op::conv, weight)) return {};
    const parameter& p = g_->parameters[weight];
    if (x.shape.c != p.in) g_->fail(fault::conv_channels, op::conv, p.name, x.shape.c, p.in);
    node n = reading(op::conv, x);
    n.out.c = p.out;
    n.weight = weight;
    return append(n);
}

constexpr value builder::attention_pool(value x, id weight) {
    if (!known(op::attention_pool, x) || !known_parameter(op::attention_pool, weight)) return {};
    const parameter& p = g_->parameters[weight];
    if (x.shape.c != p.in) g_->fail(fault::conv_channels, op::attention_pool, p.name, x.shape.c, p.in);
    node n = reading(op::attention_pool, x);
    n.out = {2 * x.shape.c, 1, 1};
    n.weight = weight;
    return append(n);
}

constexpr value builder::scaled_product(id a, value x, id b) {
    constexpr op kind = op::scaled_product;
    if (!known(kind, x) || !known_parameter(kind, b) || (a != no_id && !known_parameter(kind, a))) return {};
    const int inner = g_->parameters[b].out;
    if (x.shape.size() != inner) g_->fail(fault::conv_channels, kind, no_id, x.shape.size(), inner);
    node n = reading(kind, x);
    n.out = {a == no_id ? inner : g_->parameters[a].out, g_->parameters[b].in, 1};
    n.weight = a;
    n.weight2 = b;
    return append(n);
}

constexpr value builder::dynamic_conv(value x, value matrix, value factor) {
    for (const value& read : {x, matrix, factor}) known(op::dynamic_conv, read);
    if (x.shape.c != matrix.shape.h) g_->fail(fault::conv_channels, op::dynamic_conv, no_id, x.shape.c, matrix.shape.h);
    if (factor.shape != shape{1, x.shape.h, x.shape.w})
        g_->fail(fault::broadcast, op::dynamic_conv, no_id, factor.shape.size(), x.shape.pixels());
    node n = reading(op::dynamic_conv, x, matrix);
    n.in[2] = factor.node;
    n.inputs = 3;
    n.out.c = matrix.shape.c;
    return append(n);
}

constexpr value builder::gate(value x, value y, value vacuity, id entry, id psi) {
    for (const value& read : {x, y, vacuity}) known(op::gate, read);
    for (const id p : {entry, psi})
        if (!known_parameter(op::gate, p)) return {};
    need_one_channel(op::gate, vacuity);
    for (const value& read : {y, vacuity}) {
        if (read.shape.h != x.shape.h) g_->fail(fault::broadcast, op::gate, no_id, read.shape.h, x.shape.h);
        if (read.shape.w != x.shape.w) g_->fail(fault::broadcast, op::gate, no_id, read.shape.w, x.shape.w);
    }
    if (g_->parameters[entry].in != x.shape.c + y.shape.c)
        g_->fail(fault::conv_channels, op::gate, no_id, x.shape.c + y.shape.c, g_->parameters[entry].in);
    if (g_->parameters[psi].in != g_->parameters[entry].out)
        g_->fail(fault::conv_channels, op::gate, no_id, g_->parameters[entry].out, g_->parameters[psi].in);
    node n = reading(op::gate, x, y);
    n.in[2] = vacuity.node;
    n.inputs = 3;
    n.groups = static_cast<std::int16_t>(y.shape.c);
    n.arg = static_cast<std::int16_t>(g_->parameters[entry].out);
    n.weight = entry;
    n.weight2 = psi;
    return append(n);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
