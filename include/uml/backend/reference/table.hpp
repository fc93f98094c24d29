// The oracle's operations: what stands here is what it has.
#pragma once

#include "uml/backend/reference/convolution.hpp"
#include "uml/backend/reference/pointwise.hpp"
#include "uml/graph/site.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::reference_detail {

/// An operation with its tensors, its parameters as numbers and its scratch memory.
template <class T> struct operands {
    const node& n;
    const node* nodes = nullptr;
    std::byte* arena = nullptr;
    const T* values = nullptr;

    template <class U> [[nodiscard]] tensor_view<U> view(const node& of) const {
        return {reinterpret_cast<U*>(arena + of.offset), of.out.h, of.out.w, of.out.c, of.step};
    }
    [[nodiscard]] tensor_view<const T> in(int j) const { return view<const T>(nodes[n.in[j]]); }
    [[nodiscard]] tensor_view<const T> x() const { return in(0); }
    [[nodiscard]] tensor_view<T> y() const { return view<T>(n); }
    [[nodiscard]] T* scratch() const { return reinterpret_cast<T*>(arena + n.scratch); }
    [[nodiscard]] filter<T> filter_of(int inputs) const {
        const std::int64_t taps = static_cast<std::int64_t>(n.win.kernel) * n.win.kernel;
        return {values, values + taps * inputs * n.out.c};
    }
};

template <class T> struct operation {
    op kind = op::input;
    void (*run)(const operands<T>&) = nullptr;
    /// Elements of scratch memory.
    std::int64_t (*scratch)(const site&) = [](const site&) { return std::int64_t{0}; };
};

template <class T> void run_conv(const operands<T>& o) {
    const tensor_view<const T> x = o.x(), residual = o.n.inputs > 1 ? o.in(1) : tensor_view<const T>{};
    convolve(o.n, x, o.filter_of(o.n.groups > 1 ? 1 : x.c), o.n.inputs > 1 ? &residual : nullptr, o.y());
}

template <class T> void run_scaled_product(const operands<T>& o) {
    const std::int64_t a = o.n.weight == no_id ? 0 : static_cast<std::int64_t>(o.n.out.c) * (o.x().c + 1);
    scaled_product(o.n.weight == no_id ? nullptr : o.values, o.x(), o.values + a, o.y());
}

template <class T> void run_concat(const operands<T>& o) {
    tensor_view<T> part = o.y();
    for (int j = 0; j < o.n.inputs; ++j, part.data += part.c) {
        part.c = o.in(j).c;
        if (o.in(j).data != part.data) move_channels(o.in(j), part, [](int k) { return k; });
    }
}

template <class T> void run_shuffle(const operands<T>& o) {
    const int groups = o.n.arg, each = o.n.out.c / groups;
    move_channels(o.x(), o.y(), [&](int k) { return groups * (k % each) + k / each; });
}

template <class T> void run_weighted_sum(const operands<T>& o) {
    const tensor_view<const T> q = o.in(1);
    weighted_sum(o.x(), &q, o.y().data);
}

/// By their kinds.
template <class T>
inline constexpr operation<T> operations[op_count] = {
    {op::input, [](const operands<T>&) {}}, // the engine reads the picture
    {op::conv, run_conv<T>},
    {op::norm,
     [](const operands<T>& o) {
         transform(o.x(), o.y(), [&](T v, int k) { return v * o.values[k] + o.values[o.n.out.c + k]; });
     }},
    {op::layer_norm, [](const operands<T>& o) { layer_norm(o.x(), o.values, o.values + o.n.out.c, o.y()); }},
    {op::activate,
     [](const operands<T>& o) { transform(o.x(), o.y(), [&](T v, int) { return activated(v, o.n.act); }); }},
    {op::add,
     [](const operands<T>& o) { combine(o.x(), o.in(1), o.y(), [&](T a, T b) { return activated(a + b, o.n.act); }); }},
    {op::multiply, [](const operands<T>& o) { combine(o.x(), o.in(1), o.y(), [](T a, T b) { return a * b; }); }},
    {op::add_constant,
     [](const operands<T>& o) { transform(o.x(), o.y(), [&](T v, int) { return v + static_cast<T>(o.n.value); }); }},
    {op::divide_into,
     [](const operands<T>& o) { transform(o.x(), o.y(), [&](T v, int) { return static_cast<T>(o.n.value) / v; }); }},
    {op::max_pool, [](const operands<T>& o) { pool(o.n, o.x(), o.y()); }},
    {op::average_pool, [](const operands<T>& o) { pool(o.n, o.x(), o.y()); }},
    {op::global_average, [](const operands<T>& o) { weighted_sum<T>(o.x(), nullptr, o.y().data); }},
    {op::resize, [](const operands<T>& o) { resize(o.x(), o.y()); }},
    {op::concat, run_concat<T>},
    {op::slice, [](const operands<T>&) {}}, // in place
    {op::shuffle, run_shuffle<T>},
    {op::tile, [](const operands<T>& o) { move_channels(o.x(), o.y(), [c = o.x().c](int k) { return k % c; }); }},
    {op::softmax_pixels, [](const operands<T>& o) { softmax_pixels(o.x(), o.y()); }},
    {op::weighted_sum, run_weighted_sum<T>},
    {op::channel_dot, [](const operands<T>& o) { channel_sum(o.x(), o.in(1).data, o.y()); }},
    {op::sum_channels, [](const operands<T>& o) { channel_sum<T>(o.x(), nullptr, o.y()); }},
    {op::upsample_conv,
     [](const operands<T>& o) { upsample_conv(o.n, o.x(), o.filter_of(o.x().c), o.y(), o.scratch()); },
     [](const site& at) { return at.n.out.pixels() * at.in(0).out.c; }},
    {op::attention_pool, [](const operands<T>& o) { attention_pool(o.x(), o.values, o.scratch(), o.y().data); },
     [](const site& at) { return at.in(0).out.pixels(); }},
    {op::scaled_product, run_scaled_product<T>},
    {op::dynamic_conv, [](const operands<T>& o) { dynamic_conv(o.n, o.x(), o.in(1), o.in(2), o.y()); }},
    {op::gate, [](const operands<T>& o) { gate(o.x(), o.in(1), o.in(2), o.values, o.n.arg, o.y()); }}};

/// Whether every operation has its entry, at its place.
[[nodiscard]] constexpr bool complete() {
    for (int k = 0; k < op_count; ++k)
        if (operations<float>[k].kind != static_cast<op>(k) || operations<float>[k].run == nullptr) return false;
    return true;
}
static_assert(complete(), "uml: an operation is missing in reference_detail::operations");

} // namespace uml::inline UML_VERSION_NAMESPACE::reference_detail

#include "uml/core/end.inc"
