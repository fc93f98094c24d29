// The `cpu` backend with oneDNN's matrix products for 1×1 convolutions, in f32 or bf16. oneDNN 2.6 or 3, made for
// OpenMP, through its C interface.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/backend/onednn/product.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What can be chosen about the `onednn` backend.
struct onednn_options {
    /// Operands of oneDNN's products are rounded to bf16. Sums and all other operations stay f32, and so do the
    /// products of 1024 channels in the published encoders, on which the mixer's attention hangs.
    bool bf16 = false;
    std::int64_t scratch = 64 << 10; ///< bytes of scratch memory that oneDNN may ask for, per thread and operation

    friend constexpr bool operator==(const onednn_options&, const onednn_options&) = default;
};

/// `cpu` but for the 1×1 convolutions, which are oneDNN's. Its own kernels run on the
/// executor, oneDNN on an OpenMP team of the same width: give it `uml::openmp(width)` (uml/threads/openmp.hpp), so that
/// both are the same threads. oneDNN itself takes a little memory from the heap when it runs; the tensors and its
/// scratch memory are in the arena.
///
/// Beside the errors of `cpu`: errc::unsupported where oneDNN refuses an operation on this processor, too_small where
/// it wants more scratch memory than the type gives. Should oneDNN fail in a run, the operation's result is NaN.
template <int max_threads = 1, onednn_options options = onednn_options{}> struct onednn : cpu<max_threads> {
    using base = cpu<max_threads>;
    struct weights : base::weights {
        onednn_detail::owned_engine engine{};
        std::unique_ptr<onednn_detail::form[]> forms{}; ///< of every operation's weights
    };
    struct workspace : base::workspace {
        onednn_detail::owned_engine engine{}; ///< before what was made on it, so that it goes last
        onednn_detail::owned_stream stream{};
        std::unique_ptr<onednn_detail::product[]> products{}; ///< of every operation; empty for our own
    };

    static constexpr double relative_limit = options.bf16 ? 3e-2 : base::relative_limit;

    /// Whether oneDNN has the products on this processor.
    [[nodiscard]] static bool available() {
        const auto engine = onednn_detail::make_engine();
        const onednn_detail::product_shape small{64, 64, 64, 64, 64, 0, true, options.bf16};
        return engine && onednn_detail::weights_form(*engine, small);
    }

    static constexpr std::int64_t scratch_bytes(const node* nodes, const node& n) {
        return is_product(nodes, n) ? rounded_bytes(nodes[n.in[0]].out) + budget() : base::scratch_bytes(nodes, n);
    }
    static constexpr std::int64_t packed_bytes(const node* nodes, const parameter* parameters, const node& n) {
        if (!is_product(nodes, n)) return base::packed_bytes(nodes, parameters, n);
        using shape_type = onednn_detail::product_shape;
        return shape_type::weights_bytes(nodes[n.in[0]].out.c, n.out.c) + shape_type::bias_bytes(n.out.c);
    }

    static result<weights> make_weights(const program_view& p, std::span<std::byte> given) {
        auto own = base::make_weights(p, given);
        if (!own) return own.error();
        auto engine = onednn_detail::make_engine();
        if (!engine) return engine.error();
        weights w{{*std::move(own)}, *std::move(engine), {}};
        w.forms.reset(new (std::nothrow) onednn_detail::form[p.nodes.size()]);
        if (!w.forms) return fail(errc::out_of_memory, "no memory for the forms of weights");
        return result<weights>(std::move(w));
    }
    static int rows_together(const program_view& p, int i) {
        return is_product(p.nodes.data(), p.nodes[static_cast<std::size_t>(i)]) ? 0 : base::rows_together(p, i);
    }
    static result<void> pack(const program_view& p, int i, const dense_parameter& first, const dense_parameter& second,
                             weights& w) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        if (!is_product(p.nodes.data(), n)) return base::pack(p, i, first, second, w);
        const onednn_detail::team team(max_threads);
        auto form = onednn_detail::weights_form(w.engine, shape_of(p, n));
        if (!form) return form.error();
        w.forms[static_cast<std::size_t>(i)] = *std::move(form);
        return onednn_detail::pack(w.engine, shape_of(p, n), first, w.forms[static_cast<std::size_t>(i)],
                                   w.memory.template as<std::byte>(n.packed));
    }

    static result<workspace> make_workspace(const program_view& p, executor threads, std::span<std::byte> given) {
        auto own = base::make_workspace(p, threads, given);
        if (!own) return own.error();
        auto engine = onednn_detail::make_engine();
        if (!engine) return engine.error();
        auto stream = onednn_detail::make<onednn_detail::owned_stream>(
            "a stream", [&](auto* made) { return dnnl_stream_create(made, engine->get(), dnnl_stream_default_flags); });
        if (!stream) return stream.error();
        workspace s{{*std::move(own)}, *std::move(engine), *std::move(stream), {}};
        s.products.reset(new (std::nothrow) onednn_detail::product[p.nodes.size()]);
        if (!s.products) return fail(errc::out_of_memory, "no memory for a workspace's products");
        return result<workspace>(std::move(s));
    }
    /// Makes the products ready for the workspace's number of threads and its arena.
    static result<void> attach(const program_view& p, const weights& w, workspace& s) {
        const onednn_detail::team team(s.threads.width);
        for (std::size_t i = 0; i < p.nodes.size(); ++i) {
            const node& n = p.nodes[i];
            if (!is_product(p.nodes.data(), n)) continue;
            const auto x = base::fetch(p, s, n.in[0]);
            auto* const scratch = reinterpret_cast<std::byte*>(s.memory.template as<float>() + n.scratch);
            const onednn_detail::operands at{.in = options.bf16 ? static_cast<const void*>(scratch) : x.data,
                                             .weights = w.memory.template as<const std::byte>(n.packed),
                                             .residual = n.inputs > 1 ? base::fetch(p, s, n.in[1]).data : nullptr,
                                             .out = s.memory.template as<float>() + n.at,
                                             .scratch = scratch + rounded_bytes({x.h, x.w, x.c}),
                                             .scratch_bytes = budget()};
            auto ready = onednn_detail::product::make_ready(s.engine, shape_of(p, n), w.forms[i], at);
            if (!ready) return ready.error();
            s.products[i] = *std::move(ready);
        }
        return {};
    }

    static void enqueue(const program_view& p, const weights& w, workspace& s, int i) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        if (!is_product(p.nodes.data(), n)) return base::enqueue(p, w, s, i);
        if constexpr (options.bf16) {
            const onednn_detail::rounding r{base::fetch(p, s, n.in[0]),
                                            reinterpret_cast<bf16*>(s.memory.template as<float>() + n.scratch)};
            auto job = [&](int j, int) { r.run(j); };
            s.threads.for_each(r.jobs(), job);
        }
        const onednn_detail::team team(s.threads.width);
        if (s.products[static_cast<std::size_t>(i)].run(s.stream)) return;
        const tensor_view<float> y{s.memory.template as<float>() + n.at, n.out.h, n.out.w, n.out.c, n.step};
        for (std::int64_t pixel = 0; pixel < y.pixels(); ++pixel)
            std::fill_n(y.pixel(pixel), y.c, std::numeric_limits<float>::quiet_NaN());
    }

private:
    /// Whether the operation is oneDNN's. Vectors stay ours: they take no time, and the call would. So does what reads
    /// a part of a wider f32 tensor, which oneDNN reads more slowly than we do, and what adds a residual of another
    /// step than the result's, for which it has only its reference.
    static constexpr bool is_product(const node* nodes, const node& n) {
        if (n.inputs == 0) return false;
        const node& in = nodes[n.in[0]];
        if (options.bf16 && in.groups == 1 && decides_attention(in.out, n.out)) return false;
        if (!options.bf16 && in.step > base::tensor_layout.step(in.out.c)) return false;
        if (n.inputs > 1 && nodes[n.in[1]].step != n.step) return false;
        return n.kind == op::conv && n.groups == 1 && n.win == window{} && n.out.pixels() > 1 &&
               (n.act == activation::none || n.act == activation::relu) &&
               cpu_detail::method_of(in.out, n, {}) == cpu_detail::conv_method::direct;
    }
    /// Whether the operation is of the published encoders' last level, by its 1024 channels (so has the classification
    /// head, behind depthwise convolutions, where nothing is at stake). The mixer's spatial attention is a sigmoid that
    /// is saturated at nearly all pixels: at one where it is not, a rounding error of half a percent turns the pixel's
    /// weight over. In f32 these products halve the error that reaches it.
    static constexpr bool decides_attention(const shape& in, const shape& out) { return in.c >= 1024 || out.c >= 1024; }
    /// Memory for the input in bf16.
    static constexpr std::int64_t rounded_bytes(const shape& in) {
        const std::int64_t bytes = in.pixels() * in.c * static_cast<std::int64_t>(sizeof(bf16));
        return options.bf16 ? (bytes + 63) / 64 * 64 : 0;
    }
    static constexpr std::int64_t budget() { return options.scratch * max_threads; }

    static onednn_detail::product_shape shape_of(const program_view& p, const node& n) {
        const node& in = p.input(n, 0);
        return {.rows = n.out.pixels(),
                .inner = in.out.c,
                .columns = n.out.c,
                .in_step = options.bf16 ? in.out.c : in.step,
                .out_step = n.step,
                .residual_step = n.inputs > 1 ? p.input(n, 1).step : 0,
                .relu = n.act == activation::relu,
                .bf16 = options.bf16};
    }
};

static_assert(backend<onednn<>>);

} // namespace uml::inline UML_VERSION_NAMESPACE
