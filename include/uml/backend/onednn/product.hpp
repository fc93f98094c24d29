// A 1×1 convolution as one of oneDNN's matrix products: pixels × channels in, times the weights, plus bias and
// residual.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/onednn/api.hpp"
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
    [[nodiscard]] static constexpr std::int64_t padded(std::int64_t columns) { return (columns + 63) / 64 * 64; }
};

/// The forms of everything but the weights.
struct product_forms {
    form in, bias, out, residual;

    [[nodiscard]] static result<product_forms> of(const product_shape& s) {
        product_forms f;
        const struct {
            form& to;
            std::int64_t rows, columns;
            dnnl_data_type_t type;
            std::int64_t step;
        } all[] = {{f.in, s.rows, s.inner, s.type, s.in_step},
                   {f.bias, 1, s.columns, dnnl_f32, s.columns},
                   {f.out, s.rows, s.columns, s.out_type, s.out_step},
                   {f.residual, s.rows, s.columns, s.out_type, s.residual_step > 0 ? s.residual_step : s.out_step}};
        for (const auto& a : all) {
            auto made = form::matrix(a.rows, a.columns, a.type, a.step, 1);
            if (!made) return made.error();
            a.to = *std::move(made);
        }
        return result<product_forms>(std::move(f));
    }
};

/// The operation's description with weights in the form `weights`, for the caller's team.
[[nodiscard]] inline result<owned_description> describe(const owned_engine& e, const product_shape& s,
                                                        const product_forms& f, const form& weights) {
    const auto with = make<owned_attributes>("attributes", dnnl_primitive_attr_create);
    if (!with) return with.error();
    const auto after = make<owned_post_ops>("operations after a product", dnnl_post_ops_create);
    if (!after) return after.error();
    dnnl_status_t status = dnnl_primitive_attr_set_scratchpad_mode(with->get(), dnnl_scratchpad_mode_user);
    if (status == dnnl_success && s.residual_step > 0)
        status = dnnl_post_ops_append_binary(after->get(), dnnl_binary_add, f.residual.get());
    if (status == dnnl_success && s.relu) status = append_relu(*after);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(with->get(), after->get());
    if (auto r = checked(status, "attributes of a product"); !r) return r.error();
    return describe_product(e, f.in, weights, f.bias, f.out, *with);
}

/// The form in which oneDNN wants the weights.
[[nodiscard]] inline result<form> weights_form(const owned_engine& e, const product_shape& s) {
    const auto any = form::any(s.inner, s.columns, s.type);
    if (!any) return any.error();
    const auto forms = product_forms::of(s);
    if (!forms) return forms.error();
    const auto d = describe(e, s, *forms, *any);
    if (!d) return d.error();
    return form::of(*d, dnnl_query_weights_md);
}

/// Brings weights and bias into that form, once and for all.
[[nodiscard]] inline result<void> pack(const owned_engine& e, const product_shape& s, const dense_parameter& d,
                                       const form& wanted, std::byte* to) {
    const std::int64_t planned = s.weights_bytes();
    if (wanted.bytes() > planned)
        return fail(errc::too_small, "oneDNN wants ", wanted.bytes(), " bytes for the weights of a product of ",
                    s.inner, " by ", s.columns, ", ", planned, " are planned");
    buffer<float> plain;
    const auto count = static_cast<std::size_t>(s.inner * s.columns);
    if (!plain.resize(count)) return fail(errc::out_of_memory, "no memory for ", s.inner * s.columns, " weights");
    std::transform(d.values, d.values + count, plain.data(), [](double v) { return static_cast<float>(v); });
    std::fill_n(to, planned + product_shape::bias_bytes(s.columns), std::byte{0});
    float* const bias = reinterpret_cast<float*>(to + planned);
    for (std::int64_t k = 0; d.bias != nullptr && k < s.columns; ++k) bias[k] = static_cast<float>(d.bias[k]);

    const auto lies = form::matrix(s.inner, s.columns, dnnl_f32, 1, s.inner);
    if (!lies) return lies.error();
    const auto from = make_memory(e, *lies, plain.data());
    if (!from) return from.error();
    const auto into = make_memory(e, wanted, to);
    if (!into) return into.error();
    const auto description = make<owned_description>("a change of form", [&](auto* made) {
        return dnnl_reorder_primitive_desc_create(made, lies->get(), e.get(), wanted.get(), e.get(), nullptr);
    });
    if (!description) return description.error();
    const auto reorder = make<owned_primitive>(
        "a change of form", [&](auto* made) { return dnnl_primitive_create(made, description->get()); });
    if (!reorder) return reorder.error();
    const auto stream = make<owned_stream>(
        "a stream", [&](auto* made) { return dnnl_stream_create(made, e.get(), dnnl_stream_default_flags); });
    if (!stream) return stream.error();
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from->get()}, {DNNL_ARG_TO, into->get()}};
    if (auto r = checked(dnnl_primitive_execute(reorder->get(), stream->get(), 2, arguments), "a change of form"); !r)
        return r;
    return checked(dnnl_stream_wait(stream->get()), "a change of form");
}

/// Where the operands of a product lie, in the types that the shape says.
struct operands {
    const void* in = nullptr;
    const std::byte* weights = nullptr;
    const void* residual = nullptr; ///< or null
    void* out = nullptr;
    void* scratch = nullptr;
    std::int64_t scratch_bytes = 0;
};

/// A product that is ready to run.
class product {
public:
    /// Errors: errc::too_small where oneDNN wants more scratch memory than there is.
    [[nodiscard]] static result<product> make_ready(const owned_engine& e, const product_shape& s, const form& weights,
                                                    const operands& at) {
        const auto forms = product_forms::of(s);
        if (!forms) return forms.error();
        const auto d = describe(e, s, *forms, weights);
        if (!d) return d.error();
        const auto scratch = form::of(*d, dnnl_query_scratchpad_md);
        if (!scratch) return scratch.error();
        if (scratch->bytes() > at.scratch_bytes)
            return fail(errc::too_small, "oneDNN wants ", scratch->bytes(),
                        " bytes of scratch memory for a product of ", s.rows, " by ", s.inner, " by ", s.columns,
                        ", the backend gives ", at.scratch_bytes);
        product p;
        auto primitive =
            make<owned_primitive>("a product", [&](auto* made) { return dnnl_primitive_create(made, d->get()); });
        if (!primitive) return primitive.error();
        p.primitive_ = *std::move(primitive);
        const struct {
            int name;
            const form& lies;
            const void* values;
        } all[most] = {{DNNL_ARG_SRC, forms->in, at.in},
                       {DNNL_ARG_WEIGHTS, weights, at.weights},
                       {DNNL_ARG_BIAS, forms->bias, at.weights + s.weights_bytes()},
                       {DNNL_ARG_DST, forms->out, at.out},
                       {DNNL_ARG_SCRATCHPAD, *scratch, at.scratch},
                       {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, forms->residual, at.residual}};
        for (const auto& a : all) {
            if (a.values == nullptr) continue; // no residual
            auto m = make_memory(e, a.lies, a.values);
            if (!m) return m.error();
            p.names_[p.count_] = a.name;
            p.memory_[p.count_++] = *std::move(m);
        }
        return result<product>(std::move(p));
    }

    /// Whether it ran.
    [[nodiscard]] bool run(dnnl_stream_t s) const {
        dnnl_exec_arg_t arguments[most]{};
        for (int k = 0; k < count_; ++k) arguments[k] = {names_[k], memory_[k].get()};
        return dnnl_primitive_execute(primitive_.get(), s, count_, arguments) == dnnl_success &&
               dnnl_stream_wait(s) == dnnl_success;
    }

private:
    static constexpr int most = 6;

    owned_primitive primitive_;
    owned_memory memory_[most];
    int names_[most]{};
    int count_ = 0;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail

#include "uml/core/end.inc"
