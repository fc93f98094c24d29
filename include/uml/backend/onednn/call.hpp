// A call of oneDNN that is ready to run: the operation with its operands.
#pragma once

#include "uml/backend/onednn/api.hpp"

#include <initializer_list>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail {

inline constexpr int residual_argument = DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1;

/// Where the operands of a call lie, in the types that its shape says.
struct operands {
    const void* in = nullptr;
    const std::byte* weights = nullptr;
    const void* residual = nullptr; ///< or null
    void* out = nullptr;
    void* scratch = nullptr;
    std::int64_t scratch_bytes = 0;
};

/// What comes after the sums: the residual of the form `residual` (null: none) is added, then max(0, x). Scratch memory
/// is the caller's.
[[nodiscard]] inline result<owned_attributes> after_sums(const memory_desc* residual, bool relu) {
    auto with = make<owned_attributes>("attributes", dnnl_primitive_attr_create);
    if (!with) return with.error();
    const auto after = make<owned_post_ops>("operations after the sums", dnnl_post_ops_create);
    if (!after) return after.error();
    dnnl_status_t status = dnnl_primitive_attr_set_scratchpad_mode(with->get(), dnnl_scratchpad_mode_user);
    if (status == dnnl_success && residual != nullptr)
        status = dnnl_post_ops_append_binary(after->get(), dnnl_binary_add, residual->get());
    if (status == dnnl_success && relu) status = append_relu(*after);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(with->get(), after->get());
    if (auto r = checked(status, "attributes"); !r) return r.error();
    return with;
}

/// Brings numbers that lie at `values` as `lies` says into the form `wanted`, at `to`.
[[nodiscard]] inline result<void> reorder(const owned_engine& e, const memory_desc& lies, const void* values,
                                          const memory_desc& wanted, void* to) {
    const team alone(1); // weights are packed by several threads at once, or where no team comes
    const auto from = make_memory(e, lies, values);
    if (!from) return from.error();
    const auto into = make_memory(e, wanted, to);
    if (!into) return into.error();
    const auto description = make<owned_description>("a change of form", [&](auto* made) {
        return dnnl_reorder_primitive_desc_create(made, lies.get(), e.get(), wanted.get(), e.get(), nullptr);
    });
    if (!description) return description.error();
    const auto change = make<owned_primitive>(
        "a change of form", [&](auto* made) { return dnnl_primitive_create(made, description->get()); });
    if (!change) return change.error();
    const auto stream = make<owned_stream>(
        "a stream", [&](auto* made) { return dnnl_stream_create(made, e.get(), dnnl_stream_default_flags); });
    if (!stream) return stream.error();
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from->get()}, {DNNL_ARG_TO, into->get()}};
    if (auto r = checked(dnnl_primitive_execute(change->get(), stream->get(), 2, arguments), "a change of form"); !r)
        return r;
    return checked(dnnl_stream_wait(stream->get()), "a change of form");
}

/// A described operation and its operands, ready to run.
class call {
public:
    struct argument {
        int name;
        const memory_desc& lies;
        const void* values; ///< null: there is none
    };

    /// Errors: errc::too_small where oneDNN wants more scratch memory for `what` than there is.
    [[nodiscard]] static result<call> make_ready(const owned_engine& e, const owned_description& d, const operands& at,
                                                 std::initializer_list<argument> arguments, std::string_view what) {
        const auto scratch = memory_desc::of(d, dnnl_query_scratchpad_md);
        if (!scratch) return scratch.error();
        if (scratch->bytes() > at.scratch_bytes)
            return fail(errc::too_small, {"oneDNN wants ", scratch->bytes(), " bytes of scratch memory for ", what,
                                          ", the backend gives ", at.scratch_bytes});
        call c;
        auto primitive =
            make<owned_primitive>("an operation", [&](auto* made) { return dnnl_primitive_create(made, d.get()); });
        if (!primitive) return primitive.error();
        c.primitive_ = *std::move(primitive);
        const auto add = [&](const argument& a) -> result<void> {
            if (a.values == nullptr) return {};
            auto m = make_memory(e, a.lies, a.values);
            if (!m) return m.error();
            c.names_[c.count_] = a.name;
            c.memory_[c.count_++] = *std::move(m);
            return {};
        };
        for (const argument& a : arguments)
            if (auto r = add(a); !r) return r.error();
        if (auto r = add({DNNL_ARG_SCRATCHPAD, *scratch, at.scratch}); !r) return r.error();
        return result<call>(std::move(c));
    }

    /// Lets an argument lie elsewhere from the next run on. Whether oneDNN took it.
    [[nodiscard]] bool place(int name, void* values) {
        for (int k = 0; k < count_; ++k)
            if (names_[k] == name) return dnnl_memory_set_data_handle(memory_[k].get(), values) == dnnl_success;
        return false;
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
