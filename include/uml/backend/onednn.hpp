// The `cpu` backend with oneDNN's matrix products for 1×1 convolutions, in f32 or bf16, and on processors with matrix
// tiles (AMX) its convolutions in bf16. oneDNN 2.6 or 3, made for OpenMP, through its C interface.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/backend/onednn/convolution.hpp"
#include "uml/backend/onednn/product.hpp"

#include <algorithm>
#include <cstring>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace onednn_detail {

/// What a workspace owns beside its memory.
struct session {
    using in_use = team_in_use;

    owned_engine engine{}; ///< before what is made on it, so that it goes last
    owned_stream stream{};
    std::unique_ptr<call[]> calls{}; ///< of every operation; empty for our own

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
        s.calls.reset(new (std::nothrow) call[p.nodes.size()]);
        if (!s.calls) return fail(errc::out_of_memory, "no memory for a workspace's calls of oneDNN");
        return result<session>(std::move(s));
    }
};

} // namespace onednn_detail

/// `cpu` but for the 1×1 convolutions, which are oneDNN's, and in bf16, where the processor has matrix tiles (AMX), for
/// windows over many channels, with weights in bf16. Its own kernels run on the executor, oneDNN on an OpenMP team of
/// the same width: give it `uml::openmp(width)` (uml/threads/openmp.hpp), so that both are the same threads. oneDNN
/// itself takes a little memory from the heap when it runs; the tensors and its scratch memory are in the arena. The
/// same picture gives the same bits on as many threads; on more, oneDNN may cut sums otherwise.
///
/// Beside the errors of `cpu`: errc::unsupported where oneDNN refuses an operation on this processor, too_small where
/// it wants more scratch memory than `scratch` gives, device where it fails in a run or OpenMP gives the caller fewer
/// threads than the workspace has (in a parallel region, in a forked process, or below OMP_THREAD_LIMIT).
struct onednn final {
    using engine = host::engine_of<onednn, onednn_detail::session>;

    int threads = 1; ///< most threads of a workspace
    /// bf16: tensors of several pixels and more than 8 channels are kept in it, and oneDNN's products read and write
    /// it. Sums stay f32, and so does what the network's description marks as precise (builder::keep_precise), what
    /// comes in and what goes out.
    uml::precision precision = uml::precision::f32;
    kernels::isa max_isa = kernels::isa::avx512; ///< of the operations that are not oneDNN's
    /// Bytes of scratch memory that oneDNN may ask for, per thread and operation. 0: 64 KB; in bf16 512 KB, twice that
    /// for windows, since on AMX it has buffers beside the tiles.
    std::int64_t scratch = 0;

    static constexpr rewrites passes = all_rewrites();

    /// Errors: errc::invalid_argument for threads outside 1..1024, unsupported for a precision other than f32 and bf16,
    /// or one that oneDNN lacks on this processor.
    [[nodiscard]] constexpr result<void> check() const {
        if (precision != uml::precision::f32 && !bf16())
            return fail(errc::unsupported, {"the onednn backend computes in f32 or bf16, not in ", to_text(precision)});
        if (!std::is_constant_evaluated() && !available())
            return fail(errc::unsupported,
                        {"oneDNN has no matrix product in ", to_text(precision), " on this processor"});
        return host::check_threads(threads);
    }
    /// Whether oneDNN has the products on this processor.
    [[nodiscard]] bool available() const {
        const auto made = onednn_detail::make_engine();
        const dnnl_data_type_t type = bf16() ? dnnl_bf16 : dnnl_f32;
        const onednn_detail::product_shape small{64, 64, 64, 64, 64, 0, true, type, type};
        return made && onednn_detail::weights_desc(*made, small);
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

/// Whether a convolution is one of oneDNN's products. Vectors stay ours: they take no time, and the call would. So does
/// what reads a part of a wider tensor, which oneDNN reads more slowly than we do, in bf16 by way of an f32 one of the
/// result's size, and what adds a residual of another step than the result's, for which it has only its reference. In
/// bf16, what is kept precise is ours as well.
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

/// Whether oneDNN may compute a convolution on matrix tiles, where the processor has them: all that lies in bf16 and is
/// not kept precise. Whole 1×1 convolutions are products, which are on tiles then as well. Windows over fewer
/// channels stay ours, which keep their weights in f32: rounded in Res2Net's chains and near the outputs, they alone
/// would double the error.
[[nodiscard]] constexpr bool may_use_tiles(const planned_site& s) {
    const node& n = s.n;
    if (!s.how.bf16 || s.in(0).type != dtype::bf16 || n.type != dtype::bf16 || is_precise(s.nodes, n)) return false;
    if (n.inputs > 1 && s.in(1).type != dtype::bf16) return false;
    constexpr int channels = 256;
    if (n.win.kernel > 1 && std::min(s.shape_in().c, n.out.c) < channels) return false;
    return n.groups == 1 && n.out.pixels() > 1 && (n.act == activation::none || n.act == activation::relu) &&
           !is_product(s);
}

/// How such a convolution is cut: oneDNN's read and write whole tensors alone, so parts of wider ones are copied to
/// scratch memory behind the library's, and from there. Pixels of a 1×1 convolution do not depend on each other: it
/// takes as many rows at a time as caches keep.
struct tiles_cut {
    enum : int { input, residual, result, operand_count };

    convolution_shape part{}; ///< what is computed at a time
    int count = 1;
    std::int64_t library = 0;              ///< bytes of oneDNN's scratch memory
    std::int64_t copy[operand_count] = {}; ///< bytes of a part's copy; 0: read or written in place

    constexpr explicit tiles_cut(const planned_site& s)
        : part{.in = s.shape_in(),
               .out = s.n.out,
               .win = s.n.win,
               .residual = s.n.inputs > 1,
               .relu = s.n.act == activation::relu} {
        constexpr std::int64_t cached = 1 << 18; // numbers
        const int rows = part.out.h;
        const std::int64_t row = std::int64_t{part.out.w} * std::max(part.in.c, part.out.c);
        if (part.win == window{})
            while (count < rows && (rows % count != 0 || rows / count * row > cached)) ++count;
        part.in.h /= count, part.out.h /= count;
        library = part.scratch_bytes(s.how.library_scratch, s.how.threads);
        const auto bytes = [&](const node& x, const shape& of) {
            const auto all = static_cast<std::size_t>(of.size()) * sizeof(bf16);
            return x.step == x.out.c ? 0 : static_cast<std::int64_t>(kernels::aligned_bytes(all));
        };
        copy[input] = bytes(s.in(0), part.in);
        copy[residual] = part.residual ? bytes(s.in(1), part.out) : 0;
        copy[result] = bytes(s.n, part.out);
    }
    [[nodiscard]] constexpr std::int64_t scratch() const {
        return library + copy[input] + copy[residual] + copy[result];
    }
};

/// How a convolution is computed. Where that depends on the processor, it is decided when weights are packed, and
/// stands behind them.
enum class method : std::int32_t { own, product, tiles };

/// Bytes before the method.
[[nodiscard]] constexpr std::int64_t bytes_of_either(const planned_site& s) {
    const convolution_shape c = tiles_cut(s).part;
    return std::max(host::conv.packed_bytes(s), c.weights_bytes() + c.bias_bytes());
}
[[nodiscard]] inline method method_of(const placed_site& s) {
    if (!may_use_tiles(s)) return is_product(s) ? method::product : method::own;
    method kept{};
    std::memcpy(&kept, s.packed + bytes_of_either(s), sizeof kept);
    return kept;
}

/// A call of oneDNN on a team of so many threads.
struct library_call {
    const call* ready;
    dnnl_stream_t stream;
    int width;

    [[nodiscard]] static bool run(const void* arguments) {
        const auto& c = *static_cast<const library_call*>(arguments);
        const team threads(c.width);
        return c.ready->run(c.stream);
    }
};

[[nodiscard]] inline result<void> pack_product(const planned_site& s, const dense_parameter& d, std::byte* to) {
    const team threads(s.how.threads);
    const auto engine = make_engine();
    if (!engine) return engine.error();
    const auto memory_desc = weights_desc(*engine, shape_of(s));
    if (!memory_desc) return memory_desc.error();
    return pack(*engine, shape_of(s), d, *memory_desc, to);
}

[[nodiscard]] inline result<void> pack_either(const planned_site& s, const dense_parameter& d, std::byte* to) {
    const auto engine = make_engine();
    if (!engine) return engine.error();
    const tiles_cut cut(s);
    const bool on_tiles = has_tiles() && fits(*engine, cut.part, s.how.threads, cut.library);
    const method chosen = on_tiles ? method::tiles : method::own;
    std::memcpy(to + bytes_of_either(s), &chosen, sizeof chosen);
    return on_tiles ? pack(*engine, cut.part, d, to) : host::conv.pack(s, d, {}, to);
}

/// A convolution on tiles, part by part.
struct tiles_call {
    /// An operand's pixels; `copy`: where oneDNN finds them instead, or null.
    struct operand {
        std::byte* at;
        std::byte* copy;
        std::int64_t step, bytes; ///< from pixel to pixel, and of one
        std::int64_t pixels;      ///< of a part
        int name;                 ///< of oneDNN's; 0: there is none

        void copy_part(int part, bool back, int threads) const {
            std::byte* const wide = at + part * pixels * step;
#pragma omp parallel for num_threads(threads)
            for (std::int64_t p = 0; p < pixels; ++p) {
                std::byte *const there = wide + p * step, *const here = copy + p * bytes;
                std::memcpy(back ? there : here, back ? here : there, static_cast<std::size_t>(bytes));
            }
        }
        [[nodiscard]] bool lay(call& c, int part) const {
            return c.place(name, copy != nullptr ? copy : at + part * pixels * step);
        }
    };

    call* ready;
    dnnl_stream_t stream;
    int width, count;
    operand operands[tiles_cut::operand_count];

    [[nodiscard]] static bool run(const void* arguments) {
        const auto& c = *static_cast<const tiles_call*>(arguments);
        const team threads(c.width);
        const operand& result = c.operands[tiles_cut::result];
        for (int part = 0; part < c.count; ++part) {
            for (const operand& o : c.operands) {
                if (o.name == 0) continue;
                if (!o.lay(*c.ready, part)) return false;
                if (o.copy != nullptr && &o != &result) o.copy_part(part, false, c.width);
            }
            if (!c.ready->run(c.stream)) return false;
            if (result.copy != nullptr) result.copy_part(part, true, c.width);
        }
        return true;
    }
};

/// Where a workspace keeps an operation's call.
[[nodiscard]] inline result<call*> keep(const placed_site& s, result<call> ready) {
    if (!ready) return ready.error();
    call& kept = static_cast<session*>(s.session)->calls[static_cast<std::size_t>(&s.n - s.nodes)];
    kept = *std::move(ready);
    return &kept;
}

/// These make oneDNN's call ready for the workspace's number of threads and its arena.
[[nodiscard]] inline result<void> prepare_product(const placed_site& s, step_writer& to) {
    const owned_engine& engine = static_cast<session*>(s.session)->engine;
    const team threads(s.width);
    const auto weights = weights_desc(engine, shape_of(s));
    if (!weights) return weights.error();
    const operands at{.in = s.input().data,
                      .weights = s.packed,
                      .residual = s.n.inputs > 1 ? s.input(1).data : nullptr,
                      .out = s.out().data,
                      .scratch = s.scratch(),
                      .scratch_bytes = budget(s)};
    const auto kept = keep(s, make_ready(engine, shape_of(s), *weights, at));
    if (!kept) return kept.error();
    to.add_whole(library_call::run, library_call{*kept, static_cast<session*>(s.session)->stream.get(), s.width});
    return {};
}
[[nodiscard]] inline result<void> prepare_tiles(const placed_site& s, step_writer& to) {
    const tiles_cut cut(s);
    const auto& own = *static_cast<session*>(s.session);
    tiles_call c{.ready = nullptr, .stream = own.stream.get(), .width = s.width, .count = cut.count, .operands = {}};
    std::byte* next = s.scratch() + cut.library;
    const auto operand = [&](int which, const node& x, const shape& part, int name) {
        constexpr auto element = static_cast<std::int64_t>(sizeof(bf16));
        c.operands[which] = {.at = reinterpret_cast<std::byte*>(s.data(x)),
                             .copy = cut.copy[which] > 0 ? next : nullptr,
                             .step = x.step * element,
                             .bytes = x.out.c * element,
                             .pixels = part.pixels(),
                             .name = name};
        next += cut.copy[which];
    };
    operand(tiles_cut::input, s.in(0), cut.part.in, DNNL_ARG_SRC);
    if (cut.part.residual) operand(tiles_cut::residual, s.in(1), cut.part.out, residual_argument);
    operand(tiles_cut::result, s.n, cut.part.out, DNNL_ARG_DST);
    const operands at{.in = c.operands[tiles_cut::input].at,
                      .weights = s.packed,
                      .residual = c.operands[tiles_cut::residual].at,
                      .out = c.operands[tiles_cut::result].at,
                      .scratch = s.scratch(),
                      .scratch_bytes = cut.library};
    const auto kept = keep(s, make_ready(own.engine, cut.part, s.width, at));
    if (!kept) return kept.error();
    c.ready = *kept;
    to.add_whole(tiles_call::run, c);
    return {};
}

/// Convolutions. What may be computed in two ways has memory for both.
inline constexpr host::operation conv{
    .takes_bf16 = true,
    .scratch =
        [](const planned_site& s) {
            if (is_product(s)) return host::scratch_need{static_cast<std::size_t>(budget(s)), 0};
            host::scratch_need need = host::conv.scratch(s);
            if (may_use_tiles(s)) need.shared = std::max(need.shared, static_cast<std::size_t>(tiles_cut(s).scratch()));
            return need;
        },
    .packed_bytes =
        [](const planned_site& s) {
            constexpr std::int64_t room_for_method = 64;
            if (may_use_tiles(s)) return bytes_of_either(s) + room_for_method;
            if (!is_product(s)) return host::conv.packed_bytes(s);
            const auto element = static_cast<std::int64_t>(size_of(s.in(0).type));
            return product_shape::weights_bytes(s.shape_in().c, s.n.out.c, element) +
                   product_shape::bias_bytes(s.n.out.c);
        },
    .steps =
        [](const planned_site& s) {
            if (is_product(s)) return step_need::of<library_call>();
            step_need need = host::conv.steps(s);
            if (may_use_tiles(s)) need.arguments = std::max(need.arguments, step_need::of<tiles_call>().arguments);
            return need;
        },
    .kernels = host::conv.kernels, // whether a convolution is oneDNN's may depend on the value and the processor
    .pack_row_multiple =
        [](const planned_site& s) { return is_product(s) || may_use_tiles(s) ? 0 : host::conv.pack_row_multiple(s); },
    .pack =
        [](const planned_site& s, const dense_parameter& d, const dense_parameter& none, std::byte* to) {
            if (may_use_tiles(s)) return pack_either(s, d, to);
            return is_product(s) ? pack_product(s, d, to) : host::conv.pack(s, d, none, to);
        },
    .prepare =
        [](const placed_site& s, step_writer& to) {
            switch (method_of(s)) {
            case method::product: return prepare_product(s, to);
            case method::tiles: return prepare_tiles(s, to);
            case method::own: break;
            }
            return host::conv.prepare(s, to);
        }};

} // namespace onednn_detail

template <> struct host::operations_of<onednn> {
    static constexpr operation_table table = cpu_operations.with(op::conv, onednn_detail::conv).with_bf16();
};

static_assert(backend<onednn>);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
