// A convolution in bf16 as oneDNN computes it on a processor's matrix tiles (AMX), tensors with their channels last.
#pragma once

#include "uml/backend/onednn/call.hpp"
#include "uml/core/buffer.hpp"
#include "uml/core/element.hpp"
#include "uml/parameters/dense.hpp"

#include <algorithm>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail {

/// Tensors without gaps between pixels. All are bf16 but the bias, which is f32.
struct convolution_shape {
    shape in{}, out{};
    window win{};
    bool residual = false, relu = false;

    /// Bytes planned for weights and bias: oneDNN pads channels to blocks, at most these.
    [[nodiscard]] constexpr std::int64_t weights_bytes() const {
        return std::int64_t{2} * padded(in.c) * padded(out.c) * win.kernel * win.kernel;
    }
    [[nodiscard]] constexpr std::int64_t bias_bytes() const { return std::int64_t{4} * padded(out.c); }
    /// Bytes of scratch memory on `threads` threads, of which oneDNN is given `each`, and for windows twice that: it
    /// copies rows of the input; of a 1×1 convolution whose channels do not fill the tiles, the whole input.
    [[nodiscard]] constexpr std::int64_t scratch_bytes(std::int64_t each, int threads) const {
        const bool copied = win.kernel == 1 && in.c % 32 != 0;
        return each * (win.kernel > 1 ? 2 : 1) * threads + (copied ? std::int64_t{2} * padded(in.c) * in.pixels() : 0);
    }

private:
    [[nodiscard]] static constexpr std::int64_t padded(std::int64_t channels) { return (channels + 63) / 64 * 64; }
};

/// The description for `threads` threads, with weights in the form `weights`, null for oneDNN's choice.
struct described_convolution {
    convolution_descs forms;
    owned_description description;

    [[nodiscard]] static result<described_convolution> of(const owned_engine& e, const convolution_shape& s,
                                                          int threads, const memory_desc* weights = nullptr) {
        const team width(threads);
        described_convolution made;
        const std::int64_t k = s.win.kernel;
        const auto pixels = [](const shape& x) {
            return memory_desc::strided(4, {1, x.c, x.h, x.w}, dnnl_bf16, {x.size(), 1, std::int64_t{x.w} * x.c, x.c});
        };
        auto in = pixels(s.in), out = pixels(s.out);
        auto bias = memory_desc::strided(1, {s.out.c}, dnnl_f32, {1});
        if (!in) return in.error();
        if (!out) return out.error();
        if (!bias) return bias.error();
        made.forms.in = *std::move(in), made.forms.out = *std::move(out), made.forms.bias = *std::move(bias);
        auto own = weights == nullptr ? memory_desc::any(4, {s.out.c, s.in.c, k, k}, dnnl_bf16) : weights->copy();
        if (!own) return own.error();
        made.forms.weights = *std::move(own);
        const auto with = after_sums(s.residual ? &made.forms.out : nullptr, s.relu);
        if (!with) return with.error();
        auto described = describe_convolution(e, made.forms, s.win, *with);
        if (!described) return described.error();
        made.description = *std::move(described);
        auto wanted = memory_desc::of(made.description, dnnl_query_weights_md);
        if (!wanted) return wanted.error();
        made.forms.weights = *std::move(wanted);
        return result<described_convolution>(std::move(made));
    }
};

/// Whether oneDNN computes it on tiles with `threads` threads and with one, weights in the same form for both and in
/// the memory that is planned for them, with so many bytes of scratch memory.
[[nodiscard]] inline bool fits(const owned_engine& e, const convolution_shape& s, int threads, std::int64_t scratch) {
    const auto good = [&](const result<described_convolution>& c) {
        if (!c || !uses_tiles(c->description) || c->forms.weights.bytes() > s.weights_bytes()) return false;
        const auto wanted = memory_desc::of(c->description, dnnl_query_scratchpad_md);
        return wanted && wanted->bytes() <= scratch;
    };
    const auto one = described_convolution::of(e, s, 1);
    if (!good(one)) return false;
    if (threads == 1) return true;
    const auto all = described_convolution::of(e, s, threads);
    return good(all) && one->forms.weights == all->forms.weights;
}

/// Brings weights and bias into oneDNN's form, once and for all.
[[nodiscard]] inline result<void> pack(const owned_engine& e, const convolution_shape& s, const dense_parameter& d,
                                       std::byte* to) {
    const auto c = described_convolution::of(e, s, 1);
    if (!c) return c.error();
    const std::int64_t k = s.win.kernel, row = s.in.c * k * k;
    const auto count = static_cast<std::size_t>(s.out.c * row);
    buffer<bf16> plain;
    if (!plain.resize(count)) return fail(errc::out_of_memory, {"no memory for ", std::uint64_t{count}, " weights"});
    std::transform(d.values, d.values + count, plain.data(), [](double v) { return to_bf16(static_cast<float>(v)); });
    const std::int64_t planned = s.weights_bytes();
    std::fill_n(to, planned + s.bias_bytes(), std::byte{0});
    float* const bias = reinterpret_cast<float*>(to + planned);
    for (int i = 0; d.bias != nullptr && i < s.out.c; ++i) bias[i] = static_cast<float>(d.bias[i]);
    const auto lies = memory_desc::strided(4, {s.out.c, s.in.c, k, k}, dnnl_bf16, {row, k * k, k, 1});
    if (!lies) return lies.error();
    return reorder(e, *lies, plain.data(), c->forms.weights, to);
}

/// A convolution that is ready to run on `threads` threads, with weights in the form of fits(); on one where oneDNN
/// wants them in another one for so many.
[[nodiscard]] inline result<call> make_ready(const owned_engine& e, const convolution_shape& s, int threads,
                                             const operands& at) {
    const auto one = described_convolution::of(e, s, 1);
    if (!one) return one.error();
    const auto all = described_convolution::of(e, s, threads, &one->forms.weights);
    const bool together = all && uses_tiles(all->description);
    const described_convolution& c = together ? *all : *one;
    text<95> what("a convolution of ");
    what << s.in.c << " channels to " << s.out.c << " of " << s.out.h << " by " << s.out.w << " pixels";
    const team of(together ? threads : 1);
    return call::make_ready(e, c.description, at,
                            {{DNNL_ARG_SRC, c.forms.in, at.in},
                             {DNNL_ARG_WEIGHTS, c.forms.weights, at.weights},
                             {DNNL_ARG_BIAS, c.forms.bias, at.weights + s.weights_bytes()},
                             {DNNL_ARG_DST, c.forms.out, at.out},
                             {residual_argument, c.forms.out, at.residual}},
                            what.view());
}

} // namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail

#include "uml/core/end.inc"
