// What a network's description calls: every function checks its inputs, derives the shape and appends one node.
// One call per statement: the order of two calls inside one expression is not the same at compile time and at run time.
#pragma once

#include "uml/graph/derive.hpp"

#include <initializer_list>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Which outputs a program computes. The network's answer is always among them.
enum class output_set : std::uint8_t {
    answer,   ///< class evidence, region logits, pixel evidence
    training, ///< also those that only deep supervision uses
    taps      ///< also the intermediate features of the published code
};

/// The result of an operation: which node, and its shape.
struct value {
    id node = no_id;
    uml::shape shape{};
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

/// The eps that a batch normalisation with stored statistics adds to its variance. A weights file can say which it
/// needs (`uml.frozen_norms`), and is refused where the description says another.
enum class norm_kind : std::uint8_t {
    batch, ///< 1e-5, PyTorch's
    frozen ///< none, as in the published encoders
};

class builder {
public:
    constexpr builder(graph& g, output_set outputs) : g_(&g), outputs_(outputs) {}

    /// Whether something was wrong so far: a description may stop then.
    [[nodiscard]] constexpr bool failed() const { return g_->error.what != fault::none; }
    /// Reports that the network cannot have this configuration.
    constexpr void refuse(fault what, name where, std::int64_t have, std::int64_t want) {
        g_->fail(what, op::input, g_->add_name(where), have, want);
    }
    /// The same where it can only have these two values, which may be one.
    constexpr void refuse_choice(name where, int have, int want, int other) {
        const bool first = !failed();
        refuse(fault::configuration_choice, where, have, want);
        if (first) g_->error.other = other;
    }

    /// The picture: channels × height × width, values 0..1. Comes first, and once.
    constexpr value input(shape s) {
        if (g_->node_count > 0) g_->fail(fault::one_picture, op::input, no_id, 2, 1);
        node n{};
        n.kind = op::input;
        n.out = s;
        return append(n);
    }

    constexpr value conv(value x, const name& where, conv_spec s);
    /// Fully connected: x is 1 × 1 pixel.
    constexpr value linear(value x, const name& where, conv_spec s);
    constexpr value norm(value x, const name& where, norm_kind kind);
    constexpr value layer_norm(value x, const name& where) {
        return layer_norm(x, layer_norm_parameter(where, x.shape.c));
    }

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
    constexpr value global_average(value x) { return reading_into(op::global_average, {x.shape.c, 1, 1}, x); }
    constexpr value resize(value x, int height, int width) {
        if (height == x.shape.h && width == x.shape.w && x.node != no_id) return x;
        return reading_into(op::resize, {x.shape.c, height, width}, x);
    }

    constexpr value concat(value a, value b) { return concat_all({a, b}, 2); }
    constexpr value concat(value a, value b, value c, value d) { return concat_all({a, b, c, d}, 4); }
    constexpr value slice(value x, int first, int count);
    constexpr value shuffle(value x, int groups);
    /// The channels repeated until there are `channels`.
    constexpr value tile(value x, int channels);

    constexpr value softmax_pixels(value x) {
        need_one_channel(op::softmax_pixels, x);
        return reading_into(op::softmax_pixels, x.shape, x);
    }
    /// x: C × H × W, y: 1 × H × W; result C × 1 × 1.
    constexpr value weighted_sum(value x, value y);
    /// x: C × H × W, y: C × 1 × 1; result 1 × H × W.
    constexpr value channel_dot(value x, value y);
    constexpr value sum_channels(value x) { return reading_into(op::sum_channels, {1, x.shape.h, x.shape.w}, x); }

    /// Parameters as values, for what computes with them (the mixer in its collapsed form).
    [[nodiscard]] constexpr id conv_parameter(const name& where, int in, int out, bool bias);
    [[nodiscard]] constexpr id derived(parameter_kind kind, id a, id b = no_id, int count = 1);
    [[nodiscard]] constexpr id layer_norm_parameter(const name& where, int channels);
    constexpr value layer_norm(value x, id weight);
    constexpr value conv(value x, id weight);
    /// 2C × 1 × 1: Σ q x with q = softmax over pixels of weight · x, then the mean of x (one pass, online softmax).
    constexpr value attention_pool(value x, id weight);
    [[nodiscard]] constexpr id norm_parameter(const name& where, int channels, norm_kind kind);
    /// The matrix A · diag(x) · B; x: C × 1 × 1; without `a`, diag(x) · B.
    constexpr value scaled_product(id a, value x, id b);
    /// x times that matrix, every pixel multiplied by its factor (1 × H × W).
    constexpr value dynamic_conv(value x, value matrix, value factor);
    /// x · t · sigmoid(psi · relu(t · A x + B y)), t = exp(-vacuity); `entry`: A and B joined, with their biases.
    constexpr value gate(value x, value y, value vacuity, id entry, id psi);

    /// Marks a value whose rounding errors other results amplify, and the values that it is a sum of: no backend makes
    /// or reads them with less than full precision (see is_precise). Concatenations and slices described later follow.
    constexpr value keep_precise(value x) {
        if (known(op::input, x)) mark_precise(x.node);
        return x;
    }

    /// What is described from here to `end` has a cheaper form, which a pass may put in its place. The last operation
    /// before `end` is the result; nothing reads another one from outside.
    [[nodiscard]] constexpr region begin(region_kind kind, std::initializer_list<value> inputs) const {
        region r{};
        r.kind = kind;
        r.first = static_cast<id>(g_->node_count);
        for (const value& x : inputs) r.in[r.inputs++] = x.node;
        return r;
    }
    constexpr void end(region r) {
        r.end = static_cast<id>(g_->node_count);
        if (r.end > r.first && !failed()) g_->add_region(r);
    }

    /// Hands a tensor to the caller if the set of outputs has it.
    constexpr void output(value x, const name& where, output_set kind = output_set::answer) {
        if (kind > outputs_) return;
        const id at = g_->add_name(where);
        if (known(op::input, x, at)) g_->add_output(x.node, at);
    }

private:
    constexpr bool known(op kind, value x, id where = no_id) {
        if (x.node >= 0 && x.node < g_->node_count) return true;
        g_->fail(fault::unknown_input, kind, where, x.node, g_->node_count);
        return false;
    }
    constexpr bool known_parameter(op kind, id p) {
        if (p >= 0 && p < g_->parameter_count) return true;
        g_->fail(fault::unknown_input, kind, no_id, p, g_->parameter_count);
        return false;
    }
    constexpr node reading(op kind, value x, value y = {}) {
        node n{};
        n.kind = kind;
        n.out = x.shape;
        n.in[0] = x.node;
        n.in[1] = y.node;
        n.inputs = static_cast<std::uint8_t>(y.node == no_id ? 1 : 2);
        known(kind, x);
        return n;
    }
    constexpr value append(const node& n) {
        const int extents[] = {n.out.c, n.out.h, n.out.w}; // an initializer list costs a compiler calls
        for (const int extent : extents)
            if (extent < 1 || extent > graph::max_extent)
                g_->fail(fault::extent_range, n.kind, no_id, extent, extent < 1 ? 1 : graph::max_extent);
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
        slide_over(n, no_id, x.shape, {x.shape.c, x.shape.c, w.kernel, w.stride, w.pad, w.dilation});
        return append(n);
    }
    constexpr void slide_over(node& n, id where, shape in, const conv_spec& s);
    constexpr void mark_precise(id x) {
        node& n = g_->nodes[x];
        if (n.precise) return;
        n.precise = true;
        if (n.kind == op::norm || n.kind == op::activate || n.kind == op::add)
            for (int i = 0; i < n.inputs; ++i) mark_precise(n.in[i]);
    }
    constexpr void need_one_channel(op kind, value x) {
        if (known(kind, x) && x.shape.c != 1) g_->fail(fault::single_channel, kind, no_id, x.shape.c, 1);
    }
    constexpr value binary(op kind, value x, value y);
    constexpr value concat_all(const value (&all)[4], int count);

    graph* g_;
    output_set outputs_;
};

/// Checks the window, and makes the node's window and shape.
constexpr void builder::slide_over(node& n, id where, shape in, const conv_spec& s) {
    constexpr int most = 1024;
    n.out = {s.out, 1, 1};
    const auto wrong = [&](fault what, int have, int want) { g_->fail(what, n.kind, where, have, want); };
    for (const int positive : {s.kernel, s.stride, s.dilation})
        if (positive < 1 || positive > most) return wrong(fault::window_range, positive, positive < 1 ? 1 : most);
    const int reach = s.dilation * (s.kernel - 1);
    const int pad = s.pad == -1 ? reach / 2 : s.pad;
    if (pad < 0 || pad > reach) return wrong(fault::window_range, pad, pad < 0 ? 0 : reach);
    const int padded = (in.h < in.w ? in.h : in.w) + 2 * pad;
    if (padded <= reach) return wrong(fault::window_extent, padded, reach + 1);
    const auto narrow = [](int v) { return static_cast<std::int16_t>(v); };
    n.win = {narrow(s.kernel), narrow(s.stride), narrow(pad), narrow(s.dilation)};
    n.out = {s.out, slide(in.h, n.win), slide(in.w, n.win)};
}

constexpr value builder::conv(value x, const name& where, conv_spec s) {
    const id at = g_->add_name(where);
    const int in = s.in ? s.in : x.shape.c;
    known(op::conv, x, at);
    node n = reading(op::conv, x);
    if (x.shape.c != in) g_->fail(fault::conv_channels, op::conv, at, x.shape.c, in);
    if (s.depthwise && s.out != in) g_->fail(fault::conv_groups, op::conv, at, s.out, in);
    n.groups = static_cast<std::int16_t>(s.depthwise ? in : 1);
    slide_over(n, at, x.shape, s);
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
    if (x.node != no_id && (x.shape.h != 1 || x.shape.w != 1))
        g_->fail(fault::broadcast, op::conv, g_->add_name(where), x.shape.h > 1 ? x.shape.h : x.shape.w, 1);
    const value y = conv(x, where, s);
    const id weight = g_->node_count > 0 ? g_->nodes[y.node].weight : no_id;
    if (weight != no_id) g_->parameters[weight].kind = parameter_kind::linear;
    return y;
}

constexpr id builder::norm_parameter(const name& where, int channels, norm_kind kind) {
    parameter p{};
    p.kind = kind == norm_kind::batch ? parameter_kind::batch_norm : parameter_kind::frozen_norm;
    p.name = g_->add_name(where);
    p.out = channels;
    return g_->add_parameter(p);
}

constexpr value builder::norm(value x, const name& where, norm_kind kind) {
    const id weight = norm_parameter(where, x.shape.c, kind);
    known(op::norm, x, weight == no_id ? no_id : g_->parameters[weight].name);
    node n = reading(op::norm, x);
    n.weight = weight;
    return append(n);
}

constexpr id builder::layer_norm_parameter(const name& where, int channels) {
    parameter p{};
    p.kind = parameter_kind::layer_norm;
    p.name = g_->add_name(where);
    p.out = channels;
    return g_->add_parameter(p);
}

constexpr value builder::binary(op kind, value x, value y) {
    known(kind, x);
    known(kind, y);
    const auto fits = [](int a, int b) { return a == b || a == 1 || b == 1; };
    if (!fits(x.shape.c, y.shape.c)) g_->fail(fault::broadcast, kind, no_id, y.shape.c, x.shape.c);
    if (!fits(x.shape.h, y.shape.h)) g_->fail(fault::broadcast, kind, no_id, y.shape.h, x.shape.h);
    if (!fits(x.shape.w, y.shape.w)) g_->fail(fault::broadcast, kind, no_id, y.shape.w, x.shape.w);
    const auto larger = [](int a, int b) { return a > b ? a : b; };
    return reading_into(
        kind, {larger(x.shape.c, y.shape.c), larger(x.shape.h, y.shape.h), larger(x.shape.w, y.shape.w)}, x, y);
}

constexpr value builder::concat_all(const value (&all)[4], int count) {
    const shape first = all[0].shape;
    node n = reading(op::concat, all[0]);
    n.inputs = 0;
    n.out.c = 0;
    for (int i = 0; i < count; ++i) {
        if (!known(op::concat, all[i])) break;
        if (all[i].shape.h != first.h) g_->fail(fault::concat_extent, op::concat, no_id, all[i].shape.h, first.h);
        if (all[i].shape.w != first.w) g_->fail(fault::concat_extent, op::concat, no_id, all[i].shape.w, first.w);
        n.in[n.inputs++] = all[i].node;
        n.out.c += all[i].shape.c;
        n.precise = n.precise || g_->nodes[all[i].node].precise;
    }
    return append(n);
}

constexpr value builder::slice(value x, int first, int count) {
    if (known(op::slice, x) && count < 1) g_->fail(fault::extent_range, op::slice, no_id, count, 1);
    if (first < 0 || count > x.shape.c || first > x.shape.c - count)
        g_->fail(fault::slice_range, op::slice, no_id, first < 0 ? first : first + count, x.shape.c);
    node n = reading(op::slice, x);
    n.precise = x.node >= 0 && x.node < g_->node_count && g_->nodes[x.node].precise;
    n.arg = static_cast<std::int16_t>(first);
    n.out.c = count;
    return append(n);
}

constexpr value builder::shuffle(value x, int groups) {
    known(op::shuffle, x);
    if (groups < 1 || x.shape.c % groups != 0) g_->fail(fault::broadcast, op::shuffle, no_id, x.shape.c, groups);
    node n = reading(op::shuffle, x);
    n.arg = static_cast<std::int16_t>(groups);
    return append(n);
}

constexpr value builder::tile(value x, int channels) {
    if (known(op::tile, x) && channels == x.shape.c) return x;
    if (channels < x.shape.c) g_->fail(fault::broadcast, op::tile, no_id, channels, x.shape.c);
    node n = reading(op::tile, x);
    n.out.c = channels;
    return append(n);
}

constexpr value builder::weighted_sum(value x, value y) {
    known(op::weighted_sum, x);
    need_one_channel(op::weighted_sum, y);
    if (x.shape.pixels() != y.shape.pixels())
        g_->fail(fault::broadcast, op::weighted_sum, no_id, y.shape.pixels(), x.shape.pixels());
    return reading_into(op::weighted_sum, {x.shape.c, 1, 1}, x, y);
}

constexpr value builder::channel_dot(value x, value y) {
    known(op::channel_dot, x);
    known(op::channel_dot, y);
    if (y.shape.size() != x.shape.c) g_->fail(fault::broadcast, op::channel_dot, no_id, y.shape.size(), x.shape.c);
    return reading_into(op::channel_dot, {1, x.shape.h, x.shape.w}, x, y);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"

#include "uml/graph/builder_parameters.hpp"
