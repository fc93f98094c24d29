// The oracle: every operation as plain loops, in float or double. Slow, short, and what the other backends are held
// against.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/picture.hpp"
#include "uml/backend/reference/convolution.hpp"
#include "uml/backend/reference/pointwise.hpp"

#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

template <class T> struct reference_engine;

/// Every operation as plain loops in T, float or double, on one thread.
template <class T> struct basic_reference final {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                  "uml: the reference backend computes in float or double");
    using engine = reference_engine<T>;

    friend constexpr bool operator==(const basic_reference&, const basic_reference&) = default;
};
using reference = basic_reference<float>;
using reference64 = basic_reference<double>;

template <class T> struct reference_engine final {
    basic_reference<T> value{};

    using scalar = T;
    struct code {};
    struct weights {
        memory_block memory;
    };
    struct workspace {
        memory_block memory;
    };

    static constexpr dtype element = std::is_same_v<T, double> ? dtype::f64 : dtype::f32;
    static constexpr rewrites passes = all_rewrites();

    [[nodiscard]] constexpr result<void> check() const { return {}; }
    [[nodiscard]] constexpr double relative_limit() const { return element == dtype::f64 ? 1e-7 : 5e-6; }
    constexpr void lower(graph&) const {}
    [[nodiscard]] constexpr bool supports(const node& n) const { return !of_backend(n.kind); }
    [[nodiscard]] constexpr schedule order() const { return schedule::sequential; }
    [[nodiscard]] constexpr int images() const { return 1; }
    [[nodiscard]] constexpr tensor_form tensor(const site& at) const { return padded_form(at.n, element); }
    [[nodiscard]] constexpr std::int64_t step_bytes(const site&) const { return 0; }
    [[nodiscard]] constexpr std::int64_t scratch_bytes(const site& at) const {
        constexpr std::int64_t size = sizeof(T);
        if (at.n.kind == op::upsample_conv) return at.n.out.pixels() * at.in(0).out.c * size;
        if (at.n.kind == op::attention_pool) return at.in(0).out.pixels() * size;
        return 0;
    }
    [[nodiscard]] constexpr std::int64_t packed_bytes(const site& at) const {
        const auto elements = [&](id which) -> std::int64_t {
            if (which == no_id) return 0;
            const parameter& p = at.parameters[which];
            const std::int64_t in = p.in > 0 ? p.in : 1; // normalisations have no inputs
            return p.out * (in * p.kernel * p.kernel + 1);
        };
        return (elements(at.n.weight) + elements(at.n.weight2)) * static_cast<std::int64_t>(sizeof(T));
    }
    template <class program> [[nodiscard]] static constexpr code code_of() { return {}; }

    [[nodiscard]] result<weights> make_weights(const program_view& p, std::span<std::byte> given) const {
        auto block = memory_block::make(given, p.sizes.packed, "weights");
        if (!block) return block.error();
        return weights{*std::move(block)};
    }
    [[nodiscard]] const void* identity(const weights& w) const { return w.memory.data(); }
    [[nodiscard]] result<workspace> make_workspace(const program_view& p, const weights&, const code&, executor,
                                                   std::span<std::byte> given) const {
        auto block = memory_block::make(given, p.sizes.arena, "an arena");
        if (!block) return block.error();
        return workspace{*std::move(block)};
    }

    [[nodiscard]] int pack_row_multiple(const program_view&, std::size_t) const { return 0; }
    /// [kernel][kernel][in][out], then the bias; first the one parameter, then the other.
    [[nodiscard]] result<void> pack(const program_view& p, std::size_t i, const dense_parameter& first,
                                    const dense_parameter& second, weights& w) const {
        T* to = w.memory.template as<T>(p.nodes[i].packed);
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

    [[nodiscard]] result<void> run(const program_view& p, const weights& w, workspace& s,
                                   std::span<const image_view> pictures, const run_watch* watch) const {
        for (const node& n : p.nodes) {
            const auto number = static_cast<id>(&n - p.nodes.data());
            if (watch != nullptr)
                if (auto r = watch->before(p, number); !r) return r;
            if (n.kind == op::input)
                read_picture(pictures.front(), view<T>(n, s));
            else
                run_operation(p, w, s, n);
            if (watch != nullptr) watch->after(p, number);
        }
        return {};
    }
    [[nodiscard]] std::span<std::byte> idle_memory(const program_view& p, workspace& s) const {
        return {s.memory.data(), static_cast<std::size_t>(p.sizes.arena)};
    }
    [[nodiscard]] result<void> fetch(const program_view& p, workspace& s, int, std::span<const id> nodes,
                                     std::span<tensor_view<const T>> views) const {
        for (std::size_t k = 0; k < nodes.size(); ++k)
            views[k] = view<const T>(p.nodes[static_cast<std::size_t>(nodes[k])], s);
        return {};
    }

    /// One operation, on tensors that lie as the plan says.
    static void run_operation(const program_view& p, const weights& w, workspace& s, const node& n);

    /// Where an operation's tensor lies.
    template <class U> [[nodiscard]] static tensor_view<U> view(const node& n, const workspace& s) {
        return {s.memory.template as<U>(n.offset), n.out.h, n.out.w, n.out.c, n.step};
    }
};

template <class T>
void reference_engine<T>::run_operation(const program_view& p, const weights& w, workspace& s, const node& n) {
    using namespace reference_detail;
    const tensor_view<T> y = view<T>(n, s);
    const auto in = [&](int j) { return view<const T>(p.input(n, j), s); };
    const tensor_view<const T> x = n.inputs > 0 ? in(0) : tensor_view<const T>{};
    const T* values = w.memory.template as<const T>(n.packed);
    T* scratch = s.memory.template as<T>(n.scratch);
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
    case op::upsample_conv: upsample_conv(n, x, filter_of(x.c), y, scratch); break;
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

static_assert(backend<reference> && backend<reference64>);
template <> inline constexpr std::string_view prepared_form<reference> = "reference f32";
template <> inline constexpr std::string_view prepared_form<reference64> = "reference f64";

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
