// A 1×1 convolution as one of oneDNN's matrix products: pixels × channels in, times the weights, plus bias and
// residual.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/onednn/call.hpp"
#include "uml/core/buffer.hpp"
#include "uml/core/element.hpp"

#include <algorithm>
#include <limits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail {

/// Extents in memory: `rows` pixels, `inner` input channels, `columns` output channels; steps from pixel to pixel.
struct product_shape {
    std::int64_t rows = 0, inner = 0, columns = 0;
    std::int64_t in_step = 0, out_step = 0, residual_step = 0; ///< residual_step 0: no residual
    bool relu = false;
    dnnl_data_type_t type = dnnl_f32, out_type = dnnl_f32; ///< of input and weights; of result and residual

    /// Bytes planned for the weights, of `element` bytes each: oneDNN pads to blocks, at most these; then a row, the
    /// bias.
    [[nodiscard]] static constexpr std::int64_t weights_bytes(std::int64_t inner, std::int64_t columns,
                                                              std::int64_t element) {
        const std::int64_t rows = 64 / element; // of a block
        return (inner + rows - 1) / rows * rows * padded(columns) * element;
    }
    [[nodiscard]] constexpr std::int64_t weights_bytes() const {
        return weights_bytes(inner, columns, type == dnnl_bf16 ? 2 : 4);
    }
    [[nodiscard]] static constexpr std::int64_t bias_bytes(std::int64_t columns) {
        return padded(columns) * static_cast<std::int64_t>(sizeof(float));
    }

private:
    /// To blocks of 16, 32, 48 or 64: which of them oneDNN takes depends on the number of threads too.
    [[nodiscard]] static constexpr std::int64_t padded(std::int64_t columns) {
        return std::max((columns + 63) / 64 * 64, (columns + 47) / 48 * 48);
    }
};

/// The forms of everything but the weights.
struct product_descs {
    memory_desc in, bias, out, residual;

    [[nodiscard]] static result<product_descs> of(const product_shape& s) {
        product_descs f;
        const struct {
            memory_desc& to;
            std::int64_t rows, columns;
            dnnl_data_type_t type;
            std::int64_t step;
        } all[] = {{f.in, s.rows, s.inner, s.type, s.in_step},
                   {f.bias, 1, s.columns, dnnl_f32, s.columns},
                   {f.out, s.rows, s.columns, s.out_type, s.out_step},
                   {f.residual, s.rows, s.columns, s.out_type, s.residual_step > 0 ? s.residual_step : s.out_step}};
        for (const auto& a : all) {
            auto made = memory_desc::matrix(a.rows, a.columns, a.type, a.step, 1);
            if (!made) return made.error();
            a.to = *std::move(made);
        }
        return result<product_descs>(std::move(f));
    }
};

/// The operation's description with weights in the form `weights`, for the caller's team.
[[nodiscard]] inline result<owned_description> describe(const owned_engine& e, const product_shape& s,
                                                        const product_descs& f, const memory_desc& weights) {
    const auto with = after_sums(s.residual_step > 0 ? &f.residual : nullptr, s.relu);
    if (!with) return with.error();
    return describe_product(e, f.in, weights, f.bias, f.out, *with);
}

/// The form in which oneDNN wants the weights.
[[nodiscard]] inline result<memory_desc> weights_desc(const owned_engine& e, const product_shape& s) {
    const auto any = memory_desc::any(2, {s.inner, s.columns}, s.type);
    if (!any) return any.error();
    const auto forms = product_descs::of(s);
    if (!forms) return forms.error();
    const auto d = describe(e, s, *forms, *any);
    if (!d) return d.error();
    return memory_desc::of(*d, dnnl_query_weights_md);
}

/// Brings weights and bias into that form, once and for all.
[[nodiscard]] inline result<void> pack(const owned_engine& e, const product_shape& s, const dense_parameter& d,
                                       const memory_desc& wanted, std::byte* to) {
    const std::int64_t planned = s.weights_bytes();
    if (wanted.bytes() > planned)
        return fail(errc::too_small, {"oneDNN wants ", wanted.bytes(), " bytes for the weights of a product of ",
                                      s.inner, " by ", s.columns, ", ", planned, " are planned"});
    buffer<float> plain;
    const auto count = static_cast<std::size_t>(s.inner * s.columns);
    if (!plain.resize(count)) return fail(errc::out_of_memory, {"no memory for ", s.inner * s.columns, " weights"});
    std::transform(d.values, d.values + count, plain.data(), [](double v) { return static_cast<float>(v); });
    std::fill_n(to, planned + product_shape::bias_bytes(s.columns), std::byte{0});
    float* const bias = reinterpret_cast<float*>(to + planned);
    for (std::int64_t k = 0; d.bias != nullptr && k < s.columns; ++k) bias[k] = static_cast<float>(d.bias[k]);

    const auto lies = memory_desc::matrix(s.inner, s.columns, dnnl_f32, 1, s.inner);
    if (!lies) return lies.error();
    return reorder(e, *lies, plain.data(), wanted, to);
}

/// A product that is ready to run. Errors: errc::too_small where oneDNN wants more scratch memory than there is.
[[nodiscard]] inline result<call> make_ready(const owned_engine& e, const product_shape& s, const memory_desc& weights,
                                             const operands& at) {
    const auto forms = product_descs::of(s);
    if (!forms) return forms.error();
    const auto d = describe(e, s, *forms, weights);
    if (!d) return d.error();
    text<95> what("a product of ");
    what << s.rows << " by " << s.inner << " by " << s.columns;
    return call::make_ready(e, *d, at,
                            {{DNNL_ARG_SRC, forms->in, at.in},
                             {DNNL_ARG_WEIGHTS, weights, at.weights},
                             {DNNL_ARG_BIAS, forms->bias, at.weights + s.weights_bytes()},
                             {DNNL_ARG_DST, forms->out, at.out},
                             {residual_argument, forms->residual, at.residual}},
                            what.view());
}

} // namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail

#include "uml/core/end.inc"
