// How the processor rounds, what it does with denormal numbers and which operations interrupt the program: chosen by
// the program around the library, and the same for its numbers whatever that chose.
#pragma once

#include "uml/version.hpp"

#include <cstdint>

#if defined(_M_X64)
    #include <xmmintrin.h>
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

enum class denormals : std::uint8_t { kept, zero };

/// While one lives, its thread rounds to nearest, interrupts nobody, and keeps denormal numbers or reads and writes
/// them as zeros; afterwards everything is as before, the flags of what happened too. Where this is known how: x86,
/// 64-bit ARM.
class arithmetic_mode {
public:
    explicit arithmetic_mode(denormals d) : before_(read()) { write(changed(before_, d)); }
    ~arithmetic_mode() { write(before_); }
    arithmetic_mode(const arithmetic_mode&) = delete;
    arithmetic_mode& operator=(const arithmetic_mode&) = delete;

    /// Whether the thread is in this mode already.
    [[nodiscard]] static bool given(denormals d) {
        const word now = read();
        return changed(now, d) == now;
    }

private:
#if defined(__GNUC__) && defined(__x86_64__)
    using word = std::uint32_t;
    static word read() { return __builtin_ia32_stmxcsr(); }
    static void write(word w) { __builtin_ia32_ldmxcsr(w); }
#elif defined(_M_X64)
    using word = std::uint32_t;
    static word read() { return _mm_getcsr(); }
    static void write(word w) { _mm_setcsr(w); }
#elif defined(__GNUC__) && defined(__i386__)
    // The x87's control word and flags above the word of SSE: code for 32 bits computes on either.
    using word = std::uint64_t;
    static word read() {
        std::uint16_t control = 0, status = 0;
        __asm__ volatile("fnstcw %0\n\tfnstsw %1" : "=m"(control), "=m"(status));
        word w = word{control} << 32 | (word{status} & flags) << 48;
    #if defined(__SSE2__)
        w |= __builtin_ia32_stmxcsr();
    #endif
        return w;
    }
    static void write(word w) {
        // A flag that is raised interrupts as soon as it may: with the control word alone, what was computed before
        // would. fnstenv waits for none, and masks all.
        std::uint32_t environment[7];
        __asm__ volatile("fnstenv %0" : "=m"(environment));
        environment[0] = (environment[0] & ~0xffffu) | static_cast<std::uint16_t>(w >> 32);
        environment[1] = (environment[1] & ~flags) | static_cast<std::uint16_t>(w >> 48);
        __asm__ volatile("fldenv %0" : : "m"(environment));
    #if defined(__SSE2__)
        __builtin_ia32_ldmxcsr(static_cast<std::uint32_t>(w));
    #endif
    }
    static constexpr std::uint32_t flags = 0x3f;
#elif defined(__GNUC__) && defined(__aarch64__)
    using word = std::uint64_t;
    static word read() {
        word w = 0;
        __asm__ volatile("mrs %0, fpcr" : "=r"(w));
        return w;
    }
    static void write(word w) { __asm__ volatile("msr fpcr, %0" : : "r"(w) : "memory"); }
#else
    using word = std::uint32_t;
    static word read() { return 0; }
    static void write(word) {}
#endif

#if defined(__aarch64__)
    static constexpr word zeros = word{1} << 24, cleared = 0x07c89f00; // rounding, NaN and denormal modes, traps
    static constexpr word set = 0;
#else
    static constexpr word zeros = 0x8040; // results and operands
    static constexpr word cleared = 0xe040;
    static constexpr word set = 0x1f80; // masks
#endif
    static constexpr word changed(word w, denormals d) {
        w = (w & ~cleared) | set | (d == denormals::zero ? zeros : word{0});
        if constexpr (sizeof(word) == 8 && set != 0) { // of the x87: rounding, then precision and masks
            w &= ~(word{0x0c00} << 32);
            w |= word{0x033f} << 32;
        }
        return w;
    }

    word before_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
