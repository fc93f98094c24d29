// Numbers below the smallest normal float make some processors a hundred times slower. Kernels take them for zero. And
// they round to nearest, whatever the program around them has chosen.
#pragma once

#include "uml/version.hpp"

#include <cstdint>

#if defined(_M_X64)
    #include <xmmintrin.h>
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// While one lives, its thread reads and writes denormal floats as zeros and rounds to nearest, where this is known how
/// (x86-64, aarch64); afterwards everything is as before.
class flush_denormals {
public:
    flush_denormals() : before_(read()) { write((before_ & ~other_rounding) | zeros); }
    ~flush_denormals() { write(before_); }
    flush_denormals(const flush_denormals&) = delete;
    flush_denormals& operator=(const flush_denormals&) = delete;

private:
#if defined(__GNUC__) && defined(__x86_64__)
    using word = std::uint32_t;
    static constexpr word zeros = 0x8040; // results and operands
    static constexpr word other_rounding = 0x6000;
    static word read() { return __builtin_ia32_stmxcsr(); }
    static void write(word w) { __builtin_ia32_ldmxcsr(w); }
#elif defined(_M_X64)
    using word = unsigned;
    static constexpr word zeros = 0x8040, other_rounding = 0x6000;
    static word read() { return _mm_getcsr(); }
    static void write(word w) { _mm_setcsr(w); }
#elif defined(__GNUC__) && defined(__aarch64__)
    using word = std::uint64_t;
    static constexpr word zeros = word{1} << 24, other_rounding = word{3} << 22;
    static word read() {
        word w = 0;
        __asm__ volatile("mrs %0, fpcr" : "=r"(w));
        return w;
    }
    static void write(word w) { __asm__ volatile("msr fpcr, %0" : : "r"(w) : "memory"); }
#else
    using word = unsigned;
    static constexpr word zeros = 0, other_rounding = 0;
    static word read() { return 0; }
    static void write(word) {}
#endif
    word before_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
