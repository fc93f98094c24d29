// Instruction sets that the vector kernels are compiled for, and what the machine at hand can run.
#pragma once

#include "uml/version.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
    #include <cpuid.h>
#endif

// The list of tiers, ascending: X(name, text, and what a processor must have: bits of cpuid leaf 1 ecx, of leaf 7 ebx,
// of the state that the operating system keeps, xcr0).
#if defined(__GNUC__) && defined(__x86_64__)
    #define UML_BASELINE_TIER(X) X(baseline, "sse2", 0, 0, 0)
#elif defined(__GNUC__) && defined(__aarch64__)
    #define UML_BASELINE_TIER(X) X(baseline, "neon", 0, 0, 0)
#else
    #define UML_BASELINE_TIER(X) X(baseline, "portable", 0, 0, 0)
#endif
#define UML_X86_TIERS(X)                                                                                               \
    X(avx2, "avx2", 1u << 12 | 1u << 27 | 1u << 28, 1u << 5, 0x6)           /* FMA, OSXSAVE, AVX; AVX2; xmm and ymm */ \
    X(avx512, "avx512", 0, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31, 0xe6) /* F, DQ, BW, VL; zmm as well */
#define UML_TIERS(X) UML_BASELINE_TIER(X) UML_X86_TIERS(X)
// Those that there is code for here.
#if defined(__GNUC__) && defined(__x86_64__)
    #define UML_COMPILED_TIERS(X) UML_TIERS(X)
#else
    #define UML_COMPILED_TIERS(X) UML_BASELINE_TIER(X)
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Tiers in ascending order; a machine that runs one runs all below it. `baseline` is SSE2 on x86-64, NEON on aarch64
/// and plain code that any compiler accepts elsewhere.
enum class isa : std::uint8_t {
#define UML_TIER(name, ...) name,
    UML_TIERS(UML_TIER)
#undef UML_TIER
};

#define UML_TIER(name, ...) +1
inline constexpr int isa_count = UML_TIERS(UML_TIER);
#undef UML_TIER

/// "sse2", "neon" or "portable" (whatever the baseline is here), "avx2", "avx512".
[[nodiscard]] constexpr std::string_view name(isa tier) {
    switch (tier) {
#define UML_TIER(name, text, ...)                                                                                      \
    case isa::name: return text;
        UML_TIERS(UML_TIER)
#undef UML_TIER
    }
    return {};
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
    isa best = isa::baseline;
#if defined(__GNUC__) && defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0, leaf_1 = 0, leaf_7 = 0, state = 0;
    if (__get_cpuid(1, &a, &b, &leaf_1, &d) == 0) return best;
    constexpr unsigned osxsave = 1u << 27;
    if ((leaf_1 & osxsave) == 0 || __get_cpuid_count(7, 0, &a, &leaf_7, &c, &d) == 0) return best;
    __asm__("xgetbv" : "=a"(state), "=d"(d) : "c"(0));
    const auto has = [](unsigned value, unsigned mask) { return (value & mask) == mask; };
    #define UML_TIER(name, text, needs_1, needs_7, needs_state)                                                        \
        if (!has(leaf_1, needs_1) || !has(leaf_7, needs_7) || !has(state, needs_state)) return best;                   \
        best = isa::name;
    UML_TIERS(UML_TIER)
    #undef UML_TIER
#endif
    return best;
}

/// Whether kernels of this tier may be called here. Any tier at or below the best one can be forced.
[[nodiscard]] inline bool available(isa tier) { return tier <= best_isa(); }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
