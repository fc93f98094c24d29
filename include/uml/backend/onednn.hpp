// The `cpu` backend with oneDNN's matrix products for 1×1 convolutions, in f32 or bf16. oneDNN 2.6 or 3, made for
// OpenMP, through its C interface.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/backend/onednn/product.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace onednn_detail {

/// What a workspace owns beside its memory.
struct session {
    owned_engine engine{}; ///< before what is made on it, so that it goes last
    owned_stream stream{};
    std::unique_ptr<product[]> products{}; ///< of every operation; empty for our own

    [[nodiscard]] static result<session> make(const program_view& p) {
        session s;
        auto engine = make_engine();
        if (!engine) return engine.error();
        s.engine = *std::move(engine);
        auto stream = onednn_detail::make<owned_stream>("a stream", [&](auto* made) {
            return dnnl_stream_create(made, s.engine.get(), dnnl_stream_default_flags);
        });
        if (!stream) return stream.error();
        s.stream = *std::move(stream);
        s.products.reset(new (std::nothrow) product[p.nodes.size()]);
        if (!s.products) return fail(errc::out_of_memory, "no memory for a workspace's products");
        return result<session>(std::move(s));
    }
};

} // namespace onednn_detail

/// `cpu` but for the 1×1 convolutions, which are oneDNN's. Its own kernels run on the executor, oneDNN on an OpenMP
/// team of the same width: give it `uml::openmp(width)` (uml/threads/openmp.hpp), so that both are the same threads.
/// oneDNN itself takes a little memory from the heap when it runs; the tensors and its scratch memory are in the arena.
///
/// Beside the errors of `cpu`: errc::unsupported where oneDNN refuses an operation on this processor, too_small where
/// it wants more scratch memory than `scratch` gives, device where it fails in a run.
struct onednn {
    using engine = host::engine_of<onednn, onednn_detail::session>;

    int threads = 1; ///< most threads of a workspace
    /// bf16: operands of oneDNN's products are rounded to it. Sums and all other operations stay f32, and so do
    /// products that the network's description marks as precise (builder::keep_precise).
    uml::precision precision = uml::precision::f32;
    kernels::isa max_isa = kernels::isa::avx512; ///< of the operations that are not oneDNN's
    std::int64_t scratch = 64 << 10; ///< bytes of scratch memory that oneDNN may ask for, per thread and operation

    static constexpr rewrites passes = all_rewrites();

    /// Errors: errc::invalid_argument for threads outside 1..1024, unsupported for a precision other than f32 and bf16,
    /// or one that oneDNN lacks on this processor.
    [[nodiscard]] constexpr result<void> check() const {
        if (precision != uml::precision::f32 && !bf16())
            return fail(errc::unsupported, "the onednn backend computes in f32 or bf16, not in ", to_text(precision));
        if (!std::is_constant_evaluated() && !available())
            return fail(errc::unsupported, "oneDNN has no matrix product in ", to_text(precision),
                        " on this processor");
        return host::check_threads(threads);
    }
    /// Whether oneDNN has the products on this processor.
    [[nodiscard]] bool available() const {
        const auto made = onednn_detail::make_engine();
        const onednn_detail::product_shape small{64, 64, 64, 64, 64, 0, true, bf16()};
        return made && onednn_detail::weights_form(*made, small);
    }
    [[nodiscard]] constexpr double relative_limit() const { return bf16() ? 3e-2 : 5e-6; }
    [[nodiscard]] constexpr host::planning how() const {
        return {.threads = threads, .bf16 = bf16(), .library_scratch = scratch};
    }

    friend constexpr bool operator==(const onednn&, const onednn&) = default;

private:
    [[nodiscard]] constexpr bool bf16() const { return precision == uml::precision::bf16; }
};

namespace onednn_detail {

using host::planned_site, host::placed_site;

/// Whether a convolution is oneDNN's. Vectors stay ours: they take no time, and the call would. So does what reads a
/// part of a wider f32 tensor, which oneDNN reads more slowly than we do, and what adds a residual of another step than
/// the result's, for which it has only its reference.
[[nodiscard]] constexpr bool is_product(const planned_site& s) {
    const node &n = s.n, &in = s.in(0);
    if (s.how.bf16 && is_precise(s.nodes, n)) return false;
    if (!s.how.bf16 && in.step > padded_form(in, dtype::f32).step) return false;
    if (n.inputs > 1 && s.in(1).step != n.step) return false;
    return n.groups == 1 && n.win == window{} && n.out.pixels() > 1 &&
           (n.act == activation::none || n.act == activation::relu) && host::method_of(s) == host::conv_method::direct;
}

/// Memory for the input in bf16.
[[nodiscard]] constexpr std::int64_t rounded_bytes(const planned_site& s) {
    const shape& in = s.shape_in();
    return s.how.bf16 ? block_bytes(in.pixels() * in.c * static_cast<std::int64_t>(sizeof(bf16))) : 0;
}
[[nodiscard]] constexpr std::int64_t budget(const planned_site& s) { return s.how.library_scratch * s.how.threads; }

[[nodiscard]] inline product_shape shape_of(const planned_site& s) {
    const node &n = s.n, &in = s.in(0);
    return {.rows = n.out.pixels(),
            .inner = in.out.c,
            .columns = n.out.c,
            .in_step = s.how.bf16 ? in.out.c : in.step,
            .out_step = n.step,
            .residual_step = n.inputs > 1 ? s.in(1).step : 0,
            .relu = n.act == activation::relu,
            .bf16 = s.how.bf16};
}

/// A call of oneDNN on a team of so many threads.
struct product_call {
    const product* ready;
    dnnl_stream_t stream;
    int width;

    [[nodiscard]] static bool run(const void* arguments) {
        const auto& c = *static_cast<const product_call*>(arguments);
        const team threads(c.width);
        return c.ready->run(c.stream);
    }
};

[[nodiscard]] inline result<void> pack_product(const planned_site& s, const dense_parameter& d, std::byte* to) {
    const team threads(s.how.threads);
    const auto engine = make_engine();
    if (!engine) return engine.error();
    const auto form = weights_form(*engine, shape_of(s));
    if (!form) return form.error();
    return pack(*engine, shape_of(s), d, *form, to);
}

/// Makes the product ready for the workspace's number of threads and its arena.
[[nodiscard]] inline result<void> prepare_product(const placed_site& s, step_writer& to) {
    auto& own = *static_cast<session*>(s.session);
    const team threads(s.width);
    const auto weights = weights_form(own.engine, shape_of(s));
    if (!weights) return weights.error();
    const operands at{.in = s.how.bf16 ? static_cast<const void*>(s.scratch()) : s.input().data,
                      .weights = s.packed,
                      .residual = s.n.inputs > 1 ? s.input(1).data : nullptr,
                      .out = s.out().data,
                      .scratch = s.scratch() + rounded_bytes(s),
                      .scratch_bytes = budget(s)};
    auto ready = product::make_ready(own.engine, shape_of(s), *weights, at);
    if (!ready) return ready.error();
    product& kept = own.products[static_cast<std::size_t>(&s.n - s.nodes)];
    kept = *std::move(ready);
    if (s.how.bf16) {
        const rounding r{s.input(), reinterpret_cast<bf16*>(s.scratch())};
        to.add(rounding::run_job, r.jobs(), r);
    }
    to.add_whole(product_call::run, product_call{&kept, own.stream.get(), s.width});
    return {};
}

/// 1×1 convolutions; the others are our own.
inline constexpr host::operation conv{
    .scratch =
        [](const planned_site& s) {
            if (!is_product(s)) return host::conv.scratch(s);
            return host::scratch_need{static_cast<std::size_t>(rounded_bytes(s) + budget(s)), 0};
        },
    .packed_bytes =
        [](const planned_site& s) {
            if (!is_product(s)) return host::conv.packed_bytes(s);
            return product_shape::weights_bytes(s.shape_in().c, s.n.out.c) + product_shape::bias_bytes(s.n.out.c);
        },
    .steps =
        [](const planned_site& s) {
            if (!is_product(s)) return host::conv.steps(s);
            const step_need call = step_need::of<product_call>(), round = step_need::of<rounding>();
            return s.how.bf16 ? step_need{call.count + round.count, call.arguments + round.arguments} : call;
        },
    .kernels = host::conv.kernels, // whether a product is oneDNN's may depend on the value
    .pack_row_multiple = [](const planned_site& s) { return is_product(s) ? 0 : host::conv.pack_row_multiple(s); },
    .pack = [](const planned_site& s, const dense_parameter& d, const dense_parameter& none,
               std::byte* to) { return is_product(s) ? pack_product(s, d, to) : host::conv.pack(s, d, none, to); },
    .prepare = [](const placed_site& s,
                  step_writer& to) { return is_product(s) ? prepare_product(s, to) : host::conv.prepare(s, to); }};

} // namespace onednn_detail

template <> struct host::operations_of<onednn> {
    static constexpr operation_table table = cpu_operations.with(op::conv, onednn_detail::conv);
};

static_assert(backend<onednn>);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
