// What a network's description calls: every function checks its inputs, derives the shape and appends one node.
// One call per statement: the order of two calls inside one expression is not the same at compile time and at run time.
#pragma once

#include "uml/graph/derive.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The result of an operation: which node, and its shape.
struct value {
    id at = no_id;
    shape is{};
};

struct conv_spec {
    int in = 0; ///< channels that the weight expects; 0: as many as come
    int out = 0;
    int kernel = 1, stride = 1;
    int pad = -1; ///< -1: keeps the extent at stride 1, dilation · (kernel - 1) / 2
    int dilation = 1;
    bool depthwise = false; ///< one filter per channel, out = in
    bool bias = false;
};

enum class norm_kind : std::uint8_t {
    batch, ///< eps 1e-5
    frozen ///< no eps
};

class builder {
public:
    constexpr builder(graph& g, rewrites on, wanted outputs) : g_(&g), on_(on), wanted_(outputs) {}

    [[nodiscard]] constexpr bool rewriting(rewrite r) const { return on_.has(r); }
    /// Reports that the network cannot have this configuration.
    constexpr void refuse(fault what, name where, std::int64_t have, std::int64_t want) {
        g_->fail(what, op::input, g_->add_name(where), have, want);
    }

    /// The picture: `channels` × height × width, values 0..1.
    constexpr value input(shape s) {
        node n{};
        n.kind = op::input;
        n.out = s;
        return append(n);
    }

    constexpr value conv(value x, const name& where, conv_spec s);
    /// Fully connected: x is 1 × 1 pixel.
    constexpr value linear(value x, const name& where, conv_spec s);
    constexpr value norm(value x, const name& where, norm_kind kind);
    constexpr value layer_norm(value x, const name& where);

    constexpr value relu(value x) { return activate(x, activation::relu); }
    constexpr value sigmoid(value x) { return activate(x, activation::sigmoid); }
    constexpr value softplus(value x) { return activate(x, activation::softplus); }
    constexpr value exp_negative(value x) { return activate(x, activation::exp_negative); }
    constexpr value activate(value x, activation a) {
        node n = reading(op::activate, x);
        n.act = a;
        return append(n);
    }

    constexpr value add(value x, value y) { return binary(op::add, x, y); }
    constexpr value multiply(value x, value y) { return binary(op::multiply, x, y); }
    constexpr value add_constant(value x, float c) { return with_value(op::add_constant, x, c); }
    constexpr value divide_into(float c, value x) { return with_value(op::divide_into, x, c); }

    constexpr value max_pool(value x, window w) { return pool(op::max_pool, x, w); }
    constexpr value average_pool(value x, window w) { return pool(op::average_pool, x, w); }
    constexpr value global_average(value x) { return reading_into(op::global_average, {x.is.c, 1, 1}, x); }
    constexpr value resize(value x, int height, int width) {
        if (height == x.is.h && width == x.is.w) return x;
        return reading_into(op::resize, {x.is.c, height, width}, x);
    }

    constexpr value concat(value a, value b) { return concat_all(a, b, {}, {}); }
    constexpr value concat(value a, value b, value c, value d) { return concat_all(a, b, c, d); }
    constexpr value slice(value x, int first, int count);
    constexpr value shuffle(value x, int groups);
    /// The channels repeated until there are `channels`.
    constexpr value tile(value x, int channels);

    constexpr value softmax_pixels(value x) {
        need_one_channel(op::softmax_pixels, x);
        return reading_into(op::softmax_pixels, x.is, x);
    }
    /// x: C × H × W, y: 1 × H × W; result C × 1 × 1.
    constexpr value weighted_sum(value x, value y);
    /// x: C × H × W, y: C × 1 × 1; result 1 × H × W.
    constexpr value channel_dot(value x, value y);
    constexpr value sum_channels(value x) { return reading_into(op::sum_channels, {1, x.is.h, x.is.w}, x); }

    /// Parameters as values, for layers that compute with them (the mixer in its collapsed form).
    [[nodiscard]] constexpr id conv_parameter(const name& where, int in, int out, bool bias);
    [[nodiscard]] constexpr id derived(parameter_kind kind, id a, id b = no_id, int count = 1);
    constexpr value conv(value x, id weight);
    /// 2C × 1 × 1: Σ q x with q = softmax over pixels of weight · x, then the mean of x (one pass, online softmax).
    constexpr value attention_pool(value x, id weight);
    /// The matrix A · diag(x) · B; x: C × 1 × 1; without `a`, diag(x) · B.
    constexpr value scaled_product(id a, value x, id b);
    /// x times that matrix, every pixel multiplied by its factor (1 × H × W).
    constexpr value dynamic_conv(value x, value matrix, value factor);

    /// Hands a tensor to the caller if its kind is wanted.
    constexpr void output(value x, const name& where, wanted kind = wanted::answer) {
        if (kind > wanted_ || !known(op::input, x)) return;
        g_->add_output(x.at, g_->add_name(where));
    }

private:
    constexpr bool known(op kind, value x) {
        if (x.at >= 0 && x.at < g_->node_count) return true;
        g_->fail(fault::unknown_input, kind, no_id, x.at, g_->node_count);
        return false;
    }
    constexpr node reading(op kind, value x, value y = {}) {
        node n{};
        n.kind = kind;
        n.out = x.is;
        n.in[0] = x.at;
        n.in[1] = y.at;
        n.inputs = static_cast<std::uint8_t>(y.at == no_id ? 1 : 2);
        known(kind, x);
        return n;
    }
    constexpr value append(const node& n) {
        const id at = g_->add_node(n);
        return {at, n.out};
    }
    constexpr value reading_into(op kind, shape out, value x, value y = {}) {
        node n = reading(kind, x, y);
        n.out = out;
        return append(n);
    }
    constexpr value with_value(op kind, value x, float c) {
        node n = reading(kind, x);
        n.value = c;
        return append(n);
    }
    constexpr value pool(op kind, value x, window w) {
        node n = reading(kind, x);
        n.win = w;
        n.out = windowed(kind, no_id, x.is, w, x.is.c);
        return append(n);
    }
    constexpr shape windowed(op kind, id where, shape in, window w, int channels) {
        const shape out{channels, slide(in.h, w), slide(in.w, w)};
        if (out.h < 1 || out.w < 1)
            g_->fail(fault::window_extent, kind, where, in.h < in.w ? in.h : in.w, w.dilation * (w.kernel - 1) + 1);
        return out;
    }
    constexpr void need_one_channel(op kind, value x) {
        if (x.is.c != 1) g_->fail(fault::single_channel, kind, no_id, x.is.c, 1);
    }
    constexpr value binary(op kind, value x, value y);
    constexpr value concat_all(value a, value b, value c, value d);

    graph* g_;
    rewrites on_;
    wanted wanted_;
};

constexpr value builder::conv(value x, const name& where, conv_spec s) {
    const id at = g_->add_name(where);
    const int in = s.in ? s.in : x.is.c;
    const int pad = s.pad >= 0 ? s.pad : s.dilation * (s.kernel - 1) / 2;
    node n = reading(op::conv, x);
    n.win = {static_cast<std::int16_t>(s.kernel), static_cast<std::int16_t>(s.stride), static_cast<std::int16_t>(pad),
             static_cast<std::int16_t>(s.dilation)};
    if (x.is.c != in) g_->fail(fault::conv_channels, op::conv, at, x.is.c, in);
    if (s.depthwise && s.out != in) g_->fail(fault::conv_groups, op::conv, at, s.out, in);
    n.groups = static_cast<std::int16_t>(s.depthwise ? in : 1);
    n.out = windowed(op::conv, at, x.is, n.win, s.out);
    parameter p{};
    p.kind = parameter_kind::conv;
    p.bias = s.bias;
    p.name = at;
    p.kernel = static_cast<std::int16_t>(s.kernel);
    p.out = s.out;
    p.in = s.depthwise ? 1 : in;
    n.weight = g_->add_parameter(p);
    return append(n);
}

constexpr value builder::linear(value x, const name& where, conv_spec s) {
    if (x.is.h != 1 || x.is.w != 1)
        g_->fail(fault::broadcast, op::conv, g_->add_name(where), x.is.h > 1 ? x.is.h : x.is.w, 1);
    const value y = conv(x, where, s);
    const id weight = g_->node_count > 0 ? g_->nodes[y.at].weight : no_id;
    if (weight != no_id) g_->parameters[weight].kind = parameter_kind::linear;
    return y;
}

constexpr value builder::norm(value x, const name& where, norm_kind kind) {
    node n = reading(op::norm, x);
    parameter p{};
    p.kind = kind == norm_kind::batch ? parameter_kind::batch_norm : parameter_kind::frozen_norm;
    p.name = g_->add_name(where);
    p.out = x.is.c;
    n.weight = g_->add_parameter(p);
    return append(n);
}

constexpr value builder::layer_norm(value x, const name& where) {
    node n = reading(op::layer_norm, x);
    parameter p{};
    p.kind = parameter_kind::layer_norm;
    p.name = g_->add_name(where);
    p.out = x.is.c;
    n.weight = g_->add_parameter(p);
    return append(n);
}

constexpr value builder::binary(op kind, value x, value y) {
    known(kind, y);
    const auto fits = [](int a, int b) { return a == b || a == 1 || b == 1; };
    if (!fits(x.is.c, y.is.c)) g_->fail(fault::broadcast, kind, no_id, y.is.c, x.is.c);
    if (!fits(x.is.h, y.is.h)) g_->fail(fault::broadcast, kind, no_id, y.is.h, x.is.h);
    if (!fits(x.is.w, y.is.w)) g_->fail(fault::broadcast, kind, no_id, y.is.w, x.is.w);
    const auto larger = [](int a, int b) { return a > b ? a : b; };
    return reading_into(kind, {larger(x.is.c, y.is.c), larger(x.is.h, y.is.h), larger(x.is.w, y.is.w)}, x, y);
}

constexpr value builder::concat_all(value a, value b, value c, value d) {
    const value all[4] = {a, b, c, d};
    node n = reading(op::concat, a);
    n.inputs = 0;
    n.out.c = 0;
    for (int i = 0; i < 4; ++i) {
        if (i >= 2 && all[i].at == no_id) break;
        if (!known(op::concat, all[i])) break;
        if (all[i].is.h != a.is.h) g_->fail(fault::concat_extent, op::concat, no_id, all[i].is.h, a.is.h);
        if (all[i].is.w != a.is.w) g_->fail(fault::concat_extent, op::concat, no_id, all[i].is.w, a.is.w);
        n.in[n.inputs++] = all[i].at;
        n.out.c += all[i].is.c;
    }
    return append(n);
}

constexpr value builder::slice(value x, int first, int count) {
    if (first < 0 || count < 1 || first + count > x.is.c)
        g_->fail(fault::slice_range, op::slice, no_id, first + count, x.is.c);
    node n = reading(op::slice, x);
    n.arg = static_cast<std::int16_t>(first);
    n.out.c = count;
    return append(n);
}

constexpr value builder::shuffle(value x, int groups) {
    if (groups < 1 || x.is.c % groups != 0) g_->fail(fault::broadcast, op::shuffle, no_id, x.is.c, groups);
    node n = reading(op::shuffle, x);
    n.arg = static_cast<std::int16_t>(groups);
    return append(n);
}

constexpr value builder::tile(value x, int channels) {
    if (channels == x.is.c) return x;
    if (channels < x.is.c) g_->fail(fault::broadcast, op::tile, no_id, channels, x.is.c);
    node n = reading(op::tile, x);
    n.out.c = channels;
    return append(n);
}

constexpr value builder::weighted_sum(value x, value y) {
    known(op::weighted_sum, y);
    need_one_channel(op::weighted_sum, y);
    if (x.is.pixels() != y.is.pixels())
        g_->fail(fault::broadcast, op::weighted_sum, no_id, y.is.pixels(), x.is.pixels());
    return reading_into(op::weighted_sum, {x.is.c, 1, 1}, x, y);
}

constexpr value builder::channel_dot(value x, value y) {
    known(op::channel_dot, y);
    if (y.is.size() != x.is.c) g_->fail(fault::broadcast, op::channel_dot, no_id, y.is.size(), x.is.c);
    return reading_into(op::channel_dot, {1, x.is.h, x.is.w}, x, y);
}

constexpr id builder::conv_parameter(const name& where, int in, int out, bool bias) {
    parameter p{};
    p.bias = bias;
    p.name = g_->add_name(where);
    p.out = out;
    p.in = in;
    return g_->add_parameter(p);
}

constexpr id builder::derived(parameter_kind kind, id a, id b, int count) { return derive(*g_, kind, a, b, count); }

constexpr value builder::conv(value x, id weight) {
    const parameter& p = g_->parameters[weight];
    if (x.is.c != p.in) g_->fail(fault::conv_channels, op::conv, p.name, x.is.c, p.in);
    node n = reading(op::conv, x);
    n.out.c = p.out;
    n.weight = weight;
    return append(n);
}

constexpr value builder::attention_pool(value x, id weight) {
    const parameter& p = g_->parameters[weight];
    if (x.is.c != p.in) g_->fail(fault::conv_channels, op::attention_pool, p.name, x.is.c, p.in);
    node n = reading(op::attention_pool, x);
    n.out = {2 * x.is.c, 1, 1};
    n.weight = weight;
    return append(n);
}

constexpr value builder::scaled_product(id a, value x, id b) {
    const int inner = g_->parameters[b].out;
    if (x.is.size() != inner) g_->fail(fault::conv_channels, op::scaled_product, no_id, x.is.size(), inner);
    node n = reading(op::scaled_product, x);
    n.out = {a == no_id ? inner : g_->parameters[a].out, g_->parameters[b].in, 1};
    n.weight = a;
    n.weight2 = b;
    return append(n);
}

constexpr value builder::dynamic_conv(value x, value matrix, value factor) {
    if (x.is.c != matrix.is.h) g_->fail(fault::conv_channels, op::dynamic_conv, no_id, x.is.c, matrix.is.h);
    if (factor.is != shape{1, x.is.h, x.is.w})
        g_->fail(fault::broadcast, op::dynamic_conv, no_id, factor.is.size(), x.is.pixels());
    node n = reading(op::dynamic_conv, x, matrix);
    n.in[2] = factor.at;
    n.inputs = 3;
    n.out.c = matrix.is.c;
    return append(n);
}

} // namespace uml::inline UML_VERSION_NAMESPACE
