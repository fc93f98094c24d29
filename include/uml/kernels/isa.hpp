// Instruction sets that the vector kernels are compiled for, and what the machine at hand can run.
#pragma once

#include "uml/version.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
    #include <cpuid.h>
#endif

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Tiers in ascending order; a machine that runs one runs all below it. `baseline` is SSE2 on x86-64, NEON on aarch64
/// and plain code that any compiler accepts elsewhere.
enum class isa : std::uint8_t { baseline, avx2, avx512 };

inline constexpr int isa_count = 3;

/// "sse2", "neon" or "portable" (whatever the baseline is here), "avx2", "avx512".
[[nodiscard]] constexpr std::string_view name(isa tier) {
    if (tier == isa::avx2) return "avx2";
    if (tier == isa::avx512) return "avx512";
#if defined(__GNUC__) && defined(__x86_64__)
    return "sse2";
#elif defined(__GNUC__) && defined(__aarch64__)
    return "neon";
#else
    return "portable";
#endif
}

/// The tier of that name; "baseline" names the lowest one on every machine.
[[nodiscard]] constexpr std::optional<isa> isa_from_name(std::string_view text) {
    if (text == "baseline") return isa::baseline;
    for (int i = 0; i < isa_count; ++i)
        if (text == name(static_cast<isa>(i))) return static_cast<isa>(i);
    return std::nullopt;
}

/// The highest tier that processor and operating system support (cpuid and xgetbv; a few hundred nanoseconds, more in a
/// virtual machine: ask once and keep the answer).
[[nodiscard]] inline isa best_isa() {
#if defined(__GNUC__) && defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    const auto bits = [](unsigned value, unsigned mask) { return (value & mask) == mask; };
    if (__get_cpuid(1, &a, &b, &c, &d) == 0) return isa::baseline;
    constexpr unsigned fma_osxsave_avx = 1u << 12 | 1u << 27 | 1u << 28;
    if (!bits(c, fma_osxsave_avx)) return isa::baseline;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return isa::baseline;
    unsigned enabled = 0, high = 0;
    __asm__("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    constexpr unsigned avx2 = 1u << 5, ymm_state = 0x6;
    if (!bits(b, avx2) || !bits(enabled, ymm_state)) return isa::baseline;
    constexpr unsigned avx512_f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31, zmm_state = 0xe6;
    return bits(b, avx512_f_dq_bw_vl) && bits(enabled, zmm_state) ? isa::avx512 : isa::avx2;
#else
    return isa::baseline;
#endif
}

/// Whether kernels of this tier may be called here. Any tier at or below the best one can be forced.
[[nodiscard]] inline bool available(isa tier) { return tier <= best_isa(); }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels
