// oneDNN's C interface, versions 2.6 and 3: its objects with owners, its refusals as sentences, and the few calls that
// the versions spell differently.
#pragma once

#ifndef _OPENMP
    #error "uml/backend/onednn.hpp needs OpenMP: compile with -fopenmp or link uml::onednn"
#endif

#include "uml/core/result.hpp"

#include <memory>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <string_view>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail {

template <auto destroy> struct closer {
    template <class T> void operator()(T* p) const { destroy(p); }
};
/// A oneDNN object, destroyed with its owner.
template <class T, auto destroy> using owned = std::unique_ptr<std::remove_pointer_t<T>, closer<destroy>>;
using owned_engine = owned<dnnl_engine_t, dnnl_engine_destroy>;
using owned_stream = owned<dnnl_stream_t, dnnl_stream_destroy>;
using owned_memory = owned<dnnl_memory_t, dnnl_memory_destroy>;
using owned_attributes = owned<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;
using owned_post_ops = owned<dnnl_post_ops_t, dnnl_post_ops_destroy>;
using owned_description = owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using owned_primitive = owned<dnnl_primitive_t, dnnl_primitive_destroy>;

[[nodiscard]] constexpr std::string_view to_text(dnnl_status_t s) {
    switch (s) {
    case dnnl_out_of_memory: return "out of memory";
    case dnnl_invalid_arguments: return "invalid arguments";
    case dnnl_unimplemented: return "not implemented for this processor";
    case dnnl_runtime_error: return "an error at run time";
    default: return "refused";
    }
}

/// Success, or an error that names what was asked of oneDNN.
[[nodiscard]] inline result<void> checked(dnnl_status_t s, std::string_view what) {
    if (s == dnnl_success) return {};
    return fail(s == dnnl_out_of_memory ? errc::out_of_memory : errc::unsupported, "oneDNN, ", what, ": ", to_text(s));
}

/// The owner of what `make(&object)` makes.
template <class Owner, class F> [[nodiscard]] result<Owner> make(std::string_view what, F make) {
    typename Owner::pointer made = nullptr;
    if (auto r = checked(make(&made), what); !r) return r.error();
    return Owner(made);
}

[[nodiscard]] inline result<owned_engine> make_engine() {
    return make<owned_engine>("an engine", [](auto* e) { return dnnl_engine_create(e, dnnl_cpu, 0); });
}

#if DNNL_VERSION_MAJOR >= 3
using form_pointer = const_dnnl_memory_desc_t;
#else
using form_pointer = const dnnl_memory_desc_t*;
#endif

/// How a matrix lies in memory.
class form {
public:
    form() = default;
    /// `row` and `column`: elements from one row, and from one column, to the next.
    [[nodiscard]] static result<form> matrix(std::int64_t rows, std::int64_t columns, dnnl_data_type_t type,
                                             std::int64_t row, std::int64_t column) {
        const dnnl_dims_t extents = {rows, columns}, steps = {row, column};
        return made("the form of a matrix", [&](dnnl_memory_desc_t* f) {
#if DNNL_VERSION_MAJOR >= 3
            return dnnl_memory_desc_create_with_strides(f, 2, extents, type, steps);
#else
            return dnnl_memory_desc_init_by_strides(f, 2, extents, type, steps);
#endif
        });
    }
    /// As the operation that reads it likes best.
    [[nodiscard]] static result<form> any(std::int64_t rows, std::int64_t columns, dnnl_data_type_t type) {
        const dnnl_dims_t extents = {rows, columns};
        return made("a form of its choice", [&](dnnl_memory_desc_t* f) {
#if DNNL_VERSION_MAJOR >= 3
            return dnnl_memory_desc_create_with_tag(f, 2, extents, type, dnnl_format_tag_any);
#else
            return dnnl_memory_desc_init_by_tag(f, 2, extents, type, dnnl_format_tag_any);
#endif
        });
    }
    /// What a described operation wants (`what`: dnnl_query_weights_md, dnnl_query_scratchpad_md).
    [[nodiscard]] static result<form> of(const owned_description& d, dnnl_query_t what) {
        const form_pointer wanted = dnnl_primitive_desc_query_md(d.get(), what, 0);
        return made("a copy of a form", [&](dnnl_memory_desc_t* f) {
#if DNNL_VERSION_MAJOR >= 3
            return dnnl_memory_desc_clone(f, wanted);
#else
            *f = *wanted;
            return dnnl_success;
#endif
        });
    }

#if DNNL_VERSION_MAJOR >= 3
    [[nodiscard]] form_pointer get() const { return own_.get(); }
#else
    [[nodiscard]] form_pointer get() const { return &own_; }
#endif
    [[nodiscard]] std::int64_t bytes() const { return static_cast<std::int64_t>(dnnl_memory_desc_get_size(get())); }

private:
    template <class F> [[nodiscard]] static result<form> made(std::string_view what, F make) {
        dnnl_memory_desc_t d{};
        if (auto r = checked(make(&d), what); !r) return r.error();
        form f;
#if DNNL_VERSION_MAJOR >= 3
        f.own_.reset(d);
#else
        f.own_ = d;
#endif
        return result<form>(std::move(f));
    }

#if DNNL_VERSION_MAJOR >= 3
    owned<dnnl_memory_desc_t, dnnl_memory_desc_destroy> own_;
#else
    dnnl_memory_desc_t own_{};
#endif
};

/// `values` seen in that form.
[[nodiscard]] inline result<owned_memory> make_memory(const owned_engine& e, const form& f, const void* values) {
    return make<owned_memory>("a matrix", [&](auto* m) {
        return dnnl_memory_create(m, f.get(), e.get(), const_cast<void*>(values)); // the interface knows no const
    });
}

/// max(0, x), appended.
[[nodiscard]] inline dnnl_status_t append_relu(const owned_post_ops& to) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_eltwise(to.get(), dnnl_eltwise_relu, 0, 0);
#else
    return dnnl_post_ops_append_eltwise(to.get(), 1, dnnl_eltwise_relu, 0, 0);
#endif
}

/// The product of two matrices plus a row.
[[nodiscard]] inline result<owned_description> describe_product(const owned_engine& e, const form& a, const form& b,
                                                                const form& row, const form& to,
                                                                const owned_attributes& with) {
    return make<owned_description>("a product of matrices", [&](auto* made) {
#if DNNL_VERSION_MAJOR >= 3
        return dnnl_matmul_primitive_desc_create(made, e.get(), a.get(), b.get(), row.get(), to.get(), with.get());
#else
        dnnl_matmul_desc_t d;
        const auto status = dnnl_matmul_desc_init(&d, a.get(), b.get(), row.get(), to.get());
        return status == dnnl_success ? dnnl_primitive_desc_create(made, &d, with.get(), e.get(), nullptr) : status;
#endif
    });
}

/// While it lives, oneDNN works on a team of `width` threads when it is called from this thread.
class team {
public:
    explicit team(int width) : before_(omp_get_max_threads()) { omp_set_num_threads(width); }
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team() { omp_set_num_threads(before_); }

private:
    int before_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail

#include "uml/core/end.inc"
