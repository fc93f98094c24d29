// The oracle: every operation as plain loops, in float or double. Slow, short, and what the other backends are held
// against.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/picture.hpp"
#include "uml/backend/reference/convolution.hpp"
#include "uml/backend/reference/pointwise.hpp"

#include <type_traits>

namespace uml::inline UML_VERSION_NAMESPACE {

template <class T = float> struct reference {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                  "uml: the reference backend computes in float or double");

    using scalar = T;
    struct weights {
        memory_block memory;
    };
    struct workspace {
        memory_block memory;
    };

    static constexpr layout tensor_layout{.element_bytes = sizeof(T)};
    static constexpr rewrites preferred = all_rewrites();
    static constexpr double relative_limit = sizeof(T) == 8 ? 1e-7 : 5e-6;

    static constexpr bool supports(const node&) { return true; }
    static constexpr std::int64_t scratch_bytes(const node* nodes, const node& n) {
        const std::int64_t element = sizeof(T);
        if (n.kind == op::upsample_conv) return n.out.pixels() * nodes[n.in[0]].out.c * element;
        if (n.kind == op::attention_pool) return nodes[n.in[0]].out.pixels() * element;
        return 0;
    }
    static constexpr std::int64_t packed_bytes(const node*, const parameter* parameters, const node& n) {
        const auto elements = [&](id which) -> std::int64_t {
            if (which == no_id) return 0;
            const parameter& p = parameters[which];
            const std::int64_t in = p.in > 0 ? p.in : 1; // normalisations have no inputs
            return p.out * (in * p.kernel * p.kernel + 1);
        };
        return (elements(n.weight) + elements(n.weight2)) * static_cast<std::int64_t>(sizeof(T));
    }

    static result<weights> make_weights(const program_view& p, std::span<std::byte> given) {
        auto block = given.empty() ? memory_block::allocate(p.packed_bytes, "weights")
                                   : memory_block::borrow(given, p.packed_bytes, "weights");
        if (!block) return block.error();
        return weights{*std::move(block)};
    }
    static result<workspace> make_workspace(const program_view& p, executor, std::span<std::byte> given) {
        auto block = given.empty() ? memory_block::allocate(p.arena_bytes, "an arena")
                                   : memory_block::borrow(given, p.arena_bytes, "an arena");
        if (!block) return block.error();
        return workspace{*std::move(block)};
    }

    /// [kernel][kernel][in][out], then the bias; first the one parameter, then the other.
    static result<void> pack(const program_view& p, int i, const dense_parameter& first, const dense_parameter& second,
                             weights& w) {
        T* to = w.memory.template as<T>(p.nodes[static_cast<std::size_t>(i)].packed);
        for (const dense_parameter* d : {&first, &second}) {
            const int taps = d->kernel * d->kernel, in = d->in > 0 ? d->in : 1;
            for (int t = 0; t < taps; ++t)
                for (int k = 0; k < in; ++k)
                    for (int o = 0; o < d->out; ++o)
                        *to++ = static_cast<T>(d->values[(static_cast<std::int64_t>(o) * in + k) * taps + t]);
            for (int o = 0; o < d->out; ++o) *to++ = d->bias ? static_cast<T>(d->bias[o]) : T(0);
        }
        return {};
    }

    static void upload(const program_view& p, const image_view& picture, workspace& s) {
        for (const node& n : p.nodes)
            if (n.kind == op::input) read_picture(picture, view<T>(n, s));
    }
    static void enqueue(const program_view& p, const weights& w, workspace& s, int i);
    static tensor_view<const T> fetch(const program_view& p, const workspace& s, int i) {
        return view<const T>(p.nodes[static_cast<std::size_t>(i)], s);
    }

private:
    template <class U> static tensor_view<U> view(const node& n, const workspace& s) {
        return {s.memory.template as<U>() + n.at, n.out.h, n.out.w, n.out.c, n.step};
    }
};

template <class T> void reference<T>::enqueue(const program_view& p, const weights& w, workspace& s, int i) {
    using namespace reference_detail;
    const node& n = p.nodes[static_cast<std::size_t>(i)];
    const tensor_view<T> y = view<T>(n, s);
    const auto in = [&](int j) { return view<const T>(p.input(n, j), s); };
    const tensor_view<const T> x = n.inputs > 0 ? in(0) : tensor_view<const T>{};
    const T* values = w.memory.template as<const T>(n.packed);
    T* scratch = s.memory.template as<T>() + n.scratch;
    const auto filter_of = [&](int inputs) {
        const std::int64_t taps = static_cast<std::int64_t>(n.win.kernel) * n.win.kernel;
        return filter<T>{values, values + taps * inputs * n.out.c};
    };
    switch (n.kind) {
    case op::input:
    case op::slice: break; // in place
    case op::conv: {
        const tensor_view<const T> residual = n.inputs > 1 ? in(1) : tensor_view<const T>{};
        convolve(n, x, filter_of(n.groups > 1 ? 1 : x.c), n.inputs > 1 ? &residual : nullptr, y);
        break;
    }
    case op::upsample_conv: convolve_upsampled(n, x, filter_of(x.c), y, scratch); break;
    case op::dynamic_conv: dynamic_conv(n, x, in(1), in(2), y); break;
    case op::scaled_product: {
        const std::int64_t a = n.weight == no_id ? 0 : static_cast<std::int64_t>(n.out.c) * (x.c + 1);
        scaled_product(n.weight == no_id ? nullptr : values, x, values + a, y);
        break;
    }
    case op::norm: transform(x, y, [&](T v, int k) { return v * values[k] + values[y.c + k]; }); break;
    case op::layer_norm: layer_norm(x, values, values + y.c, y); break;
    case op::activate: transform(x, y, [&](T v, int) { return activated(v, n.act); }); break;
    case op::add: combine(x, in(1), y, [&](T a, T b) { return activated(a + b, n.act); }); break;
    case op::multiply: combine(x, in(1), y, [](T a, T b) { return a * b; }); break;
    case op::add_constant: transform(x, y, [&](T v, int) { return v + static_cast<T>(n.value); }); break;
    case op::divide_into: transform(x, y, [&](T v, int) { return static_cast<T>(n.value) / v; }); break;
    case op::max_pool:
    case op::average_pool: pool(n, x, y); break;
    case op::global_average: weighted_sum<T>(x, nullptr, y.data); break;
    case op::resize: resize(x, y); break;
    case op::concat: {
        tensor_view<T> part = y;
        for (int j = 0; j < n.inputs; ++j, part.data += part.c) {
            part.c = in(j).c;
            if (in(j).data != part.data) move_channels(in(j), part, [](int k) { return k; });
        }
        break;
    }
    case op::shuffle:
        move_channels(x, y, [&](int k) { return n.arg * (k % (y.c / n.arg)) + k / (y.c / n.arg); });
        break;
    case op::tile: move_channels(x, y, [&](int k) { return k % x.c; }); break;
    case op::softmax_pixels: softmax_pixels(x, y); break;
    case op::weighted_sum: {
        const tensor_view<const T> q = in(1);
        weighted_sum(x, &q, y.data);
        break;
    }
    case op::channel_dot: channel_sum(x, in(1).data, y); break;
    case op::sum_channels: channel_sum<T>(x, nullptr, y); break;
    case op::attention_pool: attention_pool(x, values, scratch, y.data); break;
    case op::gate: gate(x, in(1), in(2), values, n.arg, y); break;
    }
}

static_assert(backend<reference<float>> && backend<reference<double>>);
template <> inline constexpr std::string_view prepared_form<reference<float>> = "reference f32";
template <> inline constexpr std::string_view prepared_form<reference<double>> = "reference f64";

} // namespace uml::inline UML_VERSION_NAMESPACE
