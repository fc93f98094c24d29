// The portable backend with Eigen's matrix product: for processors and compilers that Eigen knows better than our
// kernels do.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/backend/eigen/product.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// `cpu` but for the convolutions, which are gathered and multiplied by Eigen (3.4 or later).
struct eigen final {
    using engine = host::engine_of<eigen>;

    int threads = 1; ///< most threads of a workspace
    uml::precision precision = uml::precision::f32;
    kernels::isa max_isa = kernels::isa::avx512; ///< of the operations that are not Eigen's

    /// Without `upsample`, whose kernel has a product of its own.
    static constexpr rewrites passes = all_rewrites().without(rewrite::upsample);

    /// Errors: errc::invalid_argument for threads outside 1..1024, unsupported for a precision other than f32.
    [[nodiscard]] constexpr result<void> check() const {
        if (precision != uml::precision::f32)
            return fail(errc::unsupported, {"the eigen backend computes in f32, not in ", to_text(precision)});
        return host::check_threads(threads);
    }
    [[nodiscard]] constexpr double relative_limit() const { return 5e-6; }
    [[nodiscard]] constexpr host::planning how() const { return {.threads = threads, .winograd = false}; }

    friend constexpr bool operator==(const eigen&, const eigen&) = default;
};

namespace eigen_detail {

using host::planned_site, host::placed_site;

[[nodiscard]] constexpr bool is_product(const site& s) { return s.n.groups == 1; }

/// Convolutions but depthwise ones.
inline constexpr host::operation conv{
    .scratch =
        [](const planned_site& s) {
            return is_product(s) ? host::scratch_need{0, scratch_size * sizeof(float)} : host::conv.scratch(s);
        },
    .packed_bytes =
        [](const planned_site& s) {
            return is_product(s) ? weights_size(s.shape_in(), s.n) * static_cast<std::int64_t>(sizeof(float))
                                 : host::conv.packed_bytes(s);
        },
    .steps = [](const planned_site& s) { return is_product(s) ? step_need::of<convolution>() : host::conv.steps(s); },
    .kernels = [](const planned_site& s) { return is_product(s) ? kernels::kernel_set{} : host::conv.kernels(s); },
    .pack =
        [](const planned_site& s, const dense_parameter& d, const dense_parameter& none, std::byte* to) {
            if (!is_product(s)) return host::conv.pack(s, d, none, to);
            pack(s.shape_in(), s.n, d, reinterpret_cast<float*>(to));
            return result<void>{};
        },
    .prepare =
        [](const placed_site& s, step_writer& to) {
            if (!is_product(s)) return host::conv.prepare(s, to);
            const convolution c{s.n, s.input(), s.n.inputs > 1 ? s.input(1) : kernels::source{}, s.weights(), s.out()};
            to.add(convolution::run_job, c.jobs(), c);
            return result<void>{};
        }};

} // namespace eigen_detail

template <> struct host::operations_of<eigen> {
    static constexpr operation_table table = cpu_operations.with(op::conv, eigen_detail::conv);
};

static_assert(backend<eigen>);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
