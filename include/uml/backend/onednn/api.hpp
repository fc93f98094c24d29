// oneDNN's C interface, versions 2.6 and 3: its objects with owners, its refusals as sentences, and the few calls that
// the versions spell differently.
#pragma once

#ifndef _OPENMP
    #error "uml/backend/onednn.hpp needs OpenMP: compile with -fopenmp or link uml::onednn"
#endif

#include "uml/core/arithmetic.hpp"
#include "uml/core/forks.hpp"
#include "uml/core/result.hpp"
#include "uml/graph/node.hpp"

#include <memory>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <optional>
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
    return fail(s == dnnl_out_of_memory ? errc::out_of_memory : errc::unsupported,
                {"oneDNN, ", what, ": ", to_text(s)});
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
using memory_desc_pointer = const_dnnl_memory_desc_t;
#else
using memory_desc_pointer = const dnnl_memory_desc_t*;
#endif

/// How a tensor lies in memory.
class memory_desc {
public:
    memory_desc() = default;
    /// `steps`: elements from one index of each extent to the next.
    [[nodiscard]] static result<memory_desc> strided(int extents_there, const dnnl_dims_t& extents,
                                                     dnnl_data_type_t type, const dnnl_dims_t& steps) {
        return made("the form of a tensor", [&](dnnl_memory_desc_t* f) {
#if DNNL_VERSION_MAJOR >= 3
            return dnnl_memory_desc_create_with_strides(f, extents_there, extents, type, steps);
#else
            return dnnl_memory_desc_init_by_strides(f, extents_there, extents, type, steps);
#endif
        });
    }
    /// `row` and `column`: elements from one row, and from one column, to the next.
    [[nodiscard]] static result<memory_desc> matrix(std::int64_t rows, std::int64_t columns, dnnl_data_type_t type,
                                                    std::int64_t row, std::int64_t column) {
        return strided(2, {rows, columns}, type, {row, column});
    }
    /// As the operation that reads it likes best.
    [[nodiscard]] static result<memory_desc> any(int extents_there, const dnnl_dims_t& extents, dnnl_data_type_t type) {
        return made("a form of its choice", [&](dnnl_memory_desc_t* f) {
#if DNNL_VERSION_MAJOR >= 3
            return dnnl_memory_desc_create_with_tag(f, extents_there, extents, type, dnnl_format_tag_any);
#else
            return dnnl_memory_desc_init_by_tag(f, extents_there, extents, type, dnnl_format_tag_any);
#endif
        });
    }
    /// What a described operation wants (`what`: dnnl_query_weights_md, dnnl_query_scratchpad_md).
    [[nodiscard]] static result<memory_desc> of(const owned_description& d, dnnl_query_t what) {
        return copy_of(dnnl_primitive_desc_query_md(d.get(), what, 0));
    }
    [[nodiscard]] result<memory_desc> copy() const { return copy_of(get()); }

#if DNNL_VERSION_MAJOR >= 3
    [[nodiscard]] memory_desc_pointer get() const { return own_.get(); }
#else
    [[nodiscard]] memory_desc_pointer get() const { return &own_; }
#endif
    friend bool operator==(const memory_desc& a, const memory_desc& b) {
        return dnnl_memory_desc_equal(a.get(), b.get()) != 0;
    }
    [[nodiscard]] std::int64_t bytes() const { return static_cast<std::int64_t>(dnnl_memory_desc_get_size(get())); }

private:
    [[nodiscard]] static result<memory_desc> copy_of(memory_desc_pointer original) {
        return made("a copy of a form", [&](dnnl_memory_desc_t* f) {
#if DNNL_VERSION_MAJOR >= 3
            return dnnl_memory_desc_clone(f, original);
#else
            *f = *original;
            return dnnl_success;
#endif
        });
    }
    template <class F> [[nodiscard]] static result<memory_desc> made(std::string_view what, F make) {
        dnnl_memory_desc_t d{};
        if (auto r = checked(make(&d), what); !r) return r.error();
        memory_desc f;
#if DNNL_VERSION_MAJOR >= 3
        f.own_.reset(d);
#else
        f.own_ = d;
#endif
        return result<memory_desc>(std::move(f));
    }

#if DNNL_VERSION_MAJOR >= 3
    owned<dnnl_memory_desc_t, dnnl_memory_desc_destroy> own_;
#else
    dnnl_memory_desc_t own_{};
#endif
};

/// `values` seen in that form.
[[nodiscard]] inline result<owned_memory> make_memory(const owned_engine& e, const memory_desc& f, const void* values) {
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
[[nodiscard]] inline result<owned_description> describe_product(const owned_engine& e, const memory_desc& a,
                                                                const memory_desc& b, const memory_desc& row,
                                                                const memory_desc& to, const owned_attributes& with) {
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

/// The arguments of a convolution but for what is added to its sums.
struct convolution_descs {
    memory_desc in, weights, bias, out;
};

/// A convolution plus a row.
[[nodiscard]] inline result<owned_description> describe_convolution(const owned_engine& e, const convolution_descs& f,
                                                                    const window& w, const owned_attributes& with) {
    const dnnl_dims_t strides = {w.stride, w.stride}, pads = {w.pad, w.pad};
    const dnnl_dims_t gaps = {w.dilation - 1, w.dilation - 1};
    return make<owned_description>("a convolution", [&](auto* made) {
#if DNNL_VERSION_MAJOR >= 3
        return dnnl_convolution_forward_primitive_desc_create(
            made, e.get(), dnnl_forward_inference, dnnl_convolution_direct, f.in.get(), f.weights.get(), f.bias.get(),
            f.out.get(), strides, gaps, pads, pads, with.get());
#else
        dnnl_convolution_desc_t d;
        const auto status = dnnl_dilated_convolution_forward_desc_init(
            &d, dnnl_forward_inference, dnnl_convolution_direct, f.in.get(), f.weights.get(), f.bias.get(), f.out.get(),
            strides, gaps, pads, pads);
        return status == dnnl_success ? dnnl_primitive_desc_create(made, &d, with.get(), e.get(), nullptr) : status;
#endif
    });
}

/// Whether oneDNN may use a processor's matrix tiles (AMX): the processor has them, and ONEDNN_MAX_CPU_ISA allows it.
[[nodiscard]] inline bool has_tiles() {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}
/// Whether a described operation does.
[[nodiscard]] inline bool uses_tiles(const owned_description& d) {
    const char* name = nullptr;
    return dnnl_primitive_desc_query(d.get(), dnnl_query_impl_info_str, 0, &name) == dnnl_success && name != nullptr &&
           std::string_view(name).find("amx") != std::string_view::npos;
}

/// While it lives, oneDNN works on a team of `width` threads when it is called from this thread.
class team {
public:
    explicit team(int width) : before_(omp_get_max_threads()), may_be_smaller_(omp_get_dynamic()) {
        omp_set_dynamic(0);
        omp_set_num_threads(width);
    }
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team() {
        omp_set_num_threads(before_);
        omp_set_dynamic(may_be_smaller_);
    }

private:
    int before_, may_be_smaller_;
};

/// While it lives, all threads of a team of `width` compute in the caller's way: they may have begun when the program
/// rounded otherwise.
class team_in_use {
public:
    static constexpr int most = 1024;

    explicit team_in_use(int width) : width_(width) {
        if (width == 1) return;
        there_ = 0;
        // In a parallel region oneDNN works on one thread whatever OpenMP gives.
        if (omp_in_parallel() != 0 || !threads_detail::teams_come()) return;
        const team own(width);
        int threads = 0, changed = 0;
#pragma omp parallel num_threads(width) reduction(+ : threads, changed)
        {
            threads += 1;
            if (!arithmetic_mode::given(denormals::kept)) {
                modes_[omp_get_thread_num()].emplace(denormals::kept);
                changed += 1;
            }
        }
        there_ = threads, changed_ = changed > 0;
    }
    team_in_use(const team_in_use&) = delete;
    team_in_use& operator=(const team_in_use&) = delete;
    ~team_in_use() {
        if (!changed_) return;
        const team own(width_);
#pragma omp parallel num_threads(width_)
        modes_[omp_get_thread_num()].reset();
    }

    /// Whether OpenMP gives so many threads. What oneDNN describes for more than come computes a part of the result,
    /// and says nothing.
    [[nodiscard]] result<void> check() const {
        if (there_ == width_) return {};
        return fail(errc::device,
                    {"OpenMP gives the calling thread no team of ", width_,
                     ", for which oneDNN's operations are made: the call comes from a parallel region or a forked "
                     "process, or the limit of threads or of active levels is less"});
    }

private:
    int width_, there_ = 1;
    bool changed_ = false;
    std::optional<arithmetic_mode> modes_[most]; ///< of the threads that were in another
};

} // namespace uml::inline UML_VERSION_NAMESPACE::onednn_detail

#include "uml/core/end.inc"
