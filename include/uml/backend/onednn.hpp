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
/// The same picture gives the same bits on as many threads; on more, oneDNN may cut sums otherwise.
///
/// Beside the errors of `cpu`: errc::unsupported where oneDNN refuses an operation on this processor, too_small where
/// it wants more scratch memory than `scratch` gives, device where it fails in a run.
struct onednn {
    using engine = host::engine_of<onednn, onednn_detail::session>;

    int threads = 1; ///< most threads of a workspace
    /// bf16: tensors of several pixels and more than 8 channels are kept in it, and oneDNN's products read and write
    /// it. Sums stay f32, and so does what the network's description marks as precise (builder::keep_precise), what
    /// comes in and what goes out.
    uml::precision precision = uml::precision::f32;
    kernels::isa max_isa = kernels::isa::avx512; ///< of the operations that are not oneDNN's
    /// Bytes of scratch memory that oneDNN may ask for, per thread and operation; 0: 64 KB, in bf16, for which AMX has
    /// more beside its tiles, 512 KB.
    std::int64_t scratch = 0;

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
        const dnnl_data_type_t type = bf16() ? dnnl_bf16 : dnnl_f32;
        const onednn_detail::product_shape small{64, 64, 64, 64, 64, 0, true, type, type};
        return made && onednn_detail::weights_form(*made, small);
    }
    [[nodiscard]] constexpr double relative_limit() const { return bf16() ? 3e-2 : 5e-6; }
    [[nodiscard]] constexpr host::planning how() const {
        const std::int64_t usual = std::int64_t{bf16() ? 512 : 64} << 10;
        return {.threads = threads, .bf16 = bf16(), .library_scratch = scratch > 0 ? scratch : usual};
    }

    friend constexpr bool operator==(const onednn&, const onednn&) = default;

private:
    [[nodiscard]] constexpr bool bf16() const { return precision == uml::precision::bf16; }
};

namespace onednn_detail {

using host::planned_site, host::placed_site;

/// Whether a convolution is oneDNN's. Vectors stay ours: they take no time, and the call would. So does what reads a
/// part of a wider tensor, which oneDNN reads more slowly than we do, in bf16 by way of an f32 one of the result's
/// size, and what adds a residual of another step than the result's, for which it has only its reference. In bf16, what
/// is kept precise is ours as well.
[[nodiscard]] constexpr bool is_product(const planned_site& s) {
    const node &n = s.n, &in = s.in(0);
    const auto gaps = [](const node& x) { return x.type == dtype::bf16 && x.step != x.out.c; };
    if (s.how.bf16 ? in.type != dtype::bf16 || is_precise(s.nodes, n) || gaps(in) || gaps(n)
                   : in.step > padded_form(in, dtype::f32).step)
        return false;
    if (n.inputs > 1 && (s.in(1).step != n.step || s.in(1).type != n.type)) return false;
    return n.groups == 1 && n.win == window{} && n.out.pixels() > 1 &&
           (n.act == activation::none || n.act == activation::relu) && host::method_of(s) == host::conv_method::direct;
}

[[nodiscard]] constexpr std::int64_t budget(const planned_site& s) { return s.how.library_scratch * s.how.threads; }

[[nodiscard]] inline dnnl_data_type_t type_of(const node& n) { return n.type == dtype::bf16 ? dnnl_bf16 : dnnl_f32; }
[[nodiscard]] inline product_shape shape_of(const planned_site& s) {
    const node &n = s.n, &in = s.in(0);
    return {.rows = n.out.pixels(),
            .inner = in.out.c,
            .columns = n.out.c,
            .in_step = in.step,
            .out_step = n.step,
            .residual_step = n.inputs > 1 ? s.in(1).step : 0,
            .relu = n.act == activation::relu,
            .type = type_of(in),
            .out_type = type_of(n)};
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
    const operands at{.in = s.input().data,
                      .weights = s.packed,
                      .residual = s.n.inputs > 1 ? s.input(1).data : nullptr,
                      .out = s.out().data,
                      .scratch = s.scratch(),
                      .scratch_bytes = budget(s)};
    auto ready = product::make_ready(own.engine, shape_of(s), *weights, at);
    if (!ready) return ready.error();
    product& kept = own.products[static_cast<std::size_t>(&s.n - s.nodes)];
    kept = *std::move(ready);
    to.add_whole(product_call::run, product_call{&kept, own.stream.get(), s.width});
    return {};
}

/// 1×1 convolutions; the others are our own.
inline constexpr host::operation conv{
    .scratch =
        [](const planned_site& s) {
            if (!is_product(s)) return host::conv.scratch(s);
            return host::scratch_need{static_cast<std::size_t>(budget(s)), 0};
        },
    .packed_bytes =
        [](const planned_site& s) {
            if (!is_product(s)) return host::conv.packed_bytes(s);
            const auto element = static_cast<std::int64_t>(size_of(s.in(0).type));
            return product_shape::weights_bytes(s.shape_in().c, s.n.out.c, element) +
                   product_shape::bias_bytes(s.n.out.c);
        },
    .steps = [](const planned_site& s) { return is_product(s) ? step_need::of<product_call>() : host::conv.steps(s); },
    .kernels = host::conv.kernels, // whether a product is oneDNN's may depend on the value
    .pack_row_multiple = [](const planned_site& s) { return is_product(s) ? 0 : host::conv.pack_row_multiple(s); },
    .pack = [](const planned_site& s, const dense_parameter& d, const dense_parameter& none,
               std::byte* to) { return is_product(s) ? pack_product(s, d, to) : host::conv.pack(s, d, none, to); },
    .prepare = [](const placed_site& s,
                  step_writer& to) { return is_product(s) ? prepare_product(s, to) : host::conv.prepare(s, to); }};

} // namespace onednn_detail

template <> struct host::operations_of<onednn> {
    static constexpr operation_table table = cpu_operations.with(op::conv, onednn_detail::conv).with_bf16();
};

static_assert(backend<onednn>);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
