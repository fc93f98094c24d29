// The portable backend without the code of its operations: see cpu.hpp.
#pragma once

#include "uml/backend/cpu/host.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace host {

inline constexpr int most_threads = 1024;

/// Refuses thread counts that make no sense.
[[nodiscard]] constexpr result<void> check_threads(int threads) {
    if (threads >= 1 && threads <= most_threads) return {};
    return fail(errc::invalid_argument,
                {"a backend on the processor runs on 1 to ", most_threads, " threads, not ", threads});
}

} // namespace host

/// Own vector kernels, chosen for the processor at run time, in single precision. The same picture gives the same bits
/// for any number of threads.
struct cpu final {
    using engine = host::engine_of<cpu>;

    int threads = 1; ///< most threads of a workspace; its size is the largest that any instruction set needs
    uml::precision precision = uml::precision::f32;
    /// False: 3x3 convolutions are summed directly: slower, nearer to the exact sum, and in small pictures with the
    /// smallest arena, since transformed tiles would take more memory than tensors.
    bool winograd = true;
    kernels::isa max_isa = kernels::isa::avx512; ///< no instruction set above this one

    static constexpr rewrites passes = all_rewrites();

    /// Errors: errc::invalid_argument for threads outside 1..1024, unsupported for a precision other than f32.
    [[nodiscard]] constexpr result<void> check() const {
        if (precision != uml::precision::f32)
            return fail(errc::unsupported, {"the cpu backend computes in f32, not in ", to_text(precision)});
        return host::check_threads(threads);
    }
    [[nodiscard]] constexpr double relative_limit() const { return 5e-6; }
    [[nodiscard]] constexpr host::planning how() const { return {.threads = threads, .winograd = winograd}; }

    friend constexpr bool operator==(const cpu&, const cpu&) = default;
};

template <> inline constexpr std::string_view prepared_form<cpu> = "cpu";

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
