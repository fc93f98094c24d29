// The tiers: what each is to the kernels' code (traits, and the functions on its vector that compilers need help with),
// and that code, compiled once per tier by target pragmas: a program needs no -m flag, and the choice is made at run
// time. To add a tier: one line in isa.hpp, one block here.
#pragma once

#include "uml/core/element.hpp"
#include "uml/kernels/list.hpp"

// Everything that the .inc files use must be included before the target pragmas below.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#ifndef UML_KERNELS_ELSEWHERE // see table.hpp

    #if defined(__GNUC__)
        #define UML_FORCE_INLINE inline __attribute__((always_inline))
        #define UML_NO_INLINE __attribute__((noinline))
    #else
        #define UML_FORCE_INLINE inline
        #define UML_NO_INLINE
    #endif

    #include "uml/core/begin.inc"

    #if defined(__GNUC__)
        #pragma GCC diagnostic push
        #if defined(__clang__) // it does not see that the vector that is read anywhere may alias
            #pragma GCC diagnostic ignored "-Wundefined-reinterpret-cast"
        #else // it warns where a template's arrays have extents of type int
            #pragma GCC diagnostic ignored "-Wsign-conversion"
        #endif
    #endif

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

namespace baseline {

struct traits {
    static constexpr isa tier = isa::baseline;
    static constexpr int lanes = 4;
    // A tile is tile_rows pixels times tile_panels panels: as many accumulators as the registers hold beside one pixel
    // and a row of weights. Where at most half a panel is wanted (or a vector, if that is more), narrow_rows pixels.
    static constexpr int tile_panels = 1;
    #if defined(__aarch64__)
    static constexpr int tile_rows = 6, narrow_rows = 8; // 32 registers
    #elif defined(__x86_64__) || !defined(__GNUC__)
    static constexpr int tile_rows = 3, narrow_rows = 6; // 16 registers
    #else
    static constexpr int tile_rows = 1, narrow_rows = 1; // 32 registers of a float each
    #endif
    // How far short loops over vectors are unrolled: not where a vector is several floats anyway.
    static constexpr int unroll = tile_rows > 1 ? 8 : 1;
    #if defined(__GNUC__)
    typedef float floats __attribute__((vector_size(lanes * sizeof(float))));
    typedef std::int32_t integers __attribute__((vector_size(lanes * sizeof(float))));
    #endif
};

    #if defined(__GNUC__)

UML_FORCE_INLINE traits::floats splat(float x) { return traits::floats{x, x, x, x}; }
UML_FORCE_INLINE traits::floats fma(traits::floats a, traits::floats b, traits::floats c) {
        #if defined(__aarch64__) && !defined(__clang__)
    return __builtin_aarch64_fmav4sf(a, b, c);
        #else
            #if defined(__clang__)
                #pragma clang fp contract(on)
            #endif
    return a * b + c;
        #endif
}
        #if defined(__x86_64__) && !defined(__clang__)
UML_FORCE_INLINE traits::floats max(traits::floats a, traits::floats b) { return __builtin_ia32_maxps(a, b); }
UML_FORCE_INLINE traits::floats min(traits::floats a, traits::floats b) { return __builtin_ia32_minps(a, b); }
        #else
UML_FORCE_INLINE traits::floats max(traits::floats a, traits::floats b) { return a > b ? a : b; }
UML_FORCE_INLINE traits::floats min(traits::floats a, traits::floats b) { return a < b ? a : b; }
        #endif

    #endif

    #include "uml/kernels/code.inc"

namespace memory_tier = baseline;

} // namespace baseline

    #if defined(__GNUC__) && defined(__x86_64__)

        #if defined(__clang__)
            #pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
        #else
            #pragma GCC push_options
            #pragma GCC target("avx2,fma")
        #endif
namespace avx2 {

struct traits {
    static constexpr isa tier = isa::avx2;
    static constexpr int lanes = 8;
    static constexpr int tile_rows = 6, narrow_rows = 8, tile_panels = 1; // 16 registers
    static constexpr int unroll = 8;
    typedef float floats __attribute__((vector_size(lanes * sizeof(float))));
    typedef std::int32_t integers __attribute__((vector_size(lanes * sizeof(float))));
};

UML_FORCE_INLINE traits::floats splat(float x) { return traits::floats{x, x, x, x, x, x, x, x}; }
        #if defined(__clang__)
UML_FORCE_INLINE traits::floats fma(traits::floats a, traits::floats b, traits::floats c) {
            #pragma clang fp contract(on)
    return a * b + c;
}
UML_FORCE_INLINE traits::floats max(traits::floats a, traits::floats b) { return a > b ? a : b; }
UML_FORCE_INLINE traits::floats min(traits::floats a, traits::floats b) { return a < b ? a : b; }
        #else
UML_FORCE_INLINE traits::floats fma(traits::floats a, traits::floats b, traits::floats c) {
    return __builtin_ia32_vfmaddps256(a, b, c);
}
UML_FORCE_INLINE traits::floats max(traits::floats a, traits::floats b) { return __builtin_ia32_maxps256(a, b); }
UML_FORCE_INLINE traits::floats min(traits::floats a, traits::floats b) { return __builtin_ia32_minps256(a, b); }
        #endif

        #include "uml/kernels/code.inc"

namespace memory_tier = avx2;

} // namespace avx2
        #if defined(__clang__)
            #pragma clang attribute pop
            #pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))),       \
                                         apply_to = function)
        #else
            #pragma GCC pop_options
            #pragma GCC push_options
            #pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
        #endif
namespace avx512 {

struct traits {
    static constexpr isa tier = isa::avx512;
    static constexpr int lanes = 16;
    static constexpr int tile_rows = 12, narrow_rows = 12, tile_panels = 2; // 32 registers
    static constexpr int unroll = 8;
    typedef float floats __attribute__((vector_size(lanes * sizeof(float))));
    typedef std::int32_t integers __attribute__((vector_size(lanes * sizeof(float))));
};

UML_FORCE_INLINE traits::floats splat(float x) {
    return traits::floats{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}
        #if defined(__clang__)
UML_FORCE_INLINE traits::floats fma(traits::floats a, traits::floats b, traits::floats c) {
            #pragma clang fp contract(on)
    return a * b + c;
}
UML_FORCE_INLINE traits::floats max(traits::floats a, traits::floats b) { return a > b ? a : b; }
UML_FORCE_INLINE traits::floats min(traits::floats a, traits::floats b) { return a < b ? a : b; }
        #else
UML_FORCE_INLINE traits::floats fma(traits::floats a, traits::floats b, traits::floats c) {
    return __builtin_ia32_vfmaddps512_mask(a, b, c, static_cast<short>(-1), 4);
}
UML_FORCE_INLINE traits::floats max(traits::floats a, traits::floats b) {
    return __builtin_ia32_maxps512_mask(a, b, a, static_cast<short>(-1), 4);
}
UML_FORCE_INLINE traits::floats min(traits::floats a, traits::floats b) {
    return __builtin_ia32_minps512_mask(a, b, a, static_cast<short>(-1), 4);
}
        #endif

        // Wider vectors do not make memory faster: the rest is AVX2's, which spares the compiler half of a tier.
        #define UML_COMPUTE_ONLY
        #include "uml/kernels/code.inc"
        #undef UML_COMPUTE_ONLY

namespace memory_tier = avx2;

} // namespace avx512
        #if defined(__clang__)
            #pragma clang attribute pop
        #else
            #pragma GCC pop_options
        #endif

    #endif

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

    #undef UML_FORCE_INLINE
    #undef UML_NO_INLINE

    #if defined(__GNUC__)
        #pragma GCC diagnostic pop
    #endif

    #include "uml/core/end.inc"

#endif
