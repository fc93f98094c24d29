// The kernels of every instruction set as one table of function pointers each. The kernels are written once, in *.inc,
// and compiled here per tier by target pragmas, so the program needs no -m flag and the choice is made at run time. To
// add a kernel: arguments and sizes in NAME.hpp, code in NAME.inc, one line in tier.inc, one pointer below.
#pragma once

#include "uml/kernels/channel_sums.hpp"
#include "uml/kernels/common.hpp"
#include "uml/kernels/conv.hpp"
#include "uml/kernels/copy.hpp"
#include "uml/kernels/depthwise.hpp"
#include "uml/kernels/elementwise.hpp"
#include "uml/kernels/gate.hpp"
#include "uml/kernels/isa.hpp"
#include "uml/kernels/picture.hpp"
#include "uml/kernels/pixel_sums.hpp"
#include "uml/kernels/pool.hpp"
#include "uml/kernels/resize.hpp"
#include "uml/kernels/scaled_product.hpp"
#include "uml/kernels/softmax.hpp"
#include "uml/kernels/upconv.hpp"
#include "uml/kernels/winograd.hpp"

// Everything that the .inc files use must be included before the target pragmas below.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Kernels of one instruction set. A job's `scratch` is the calling thread's own, aligned to 64 bytes.
struct kernel_table {
    isa tier;
    void (*conv)(const conv_args& args, int job, void* scratch);
    void (*winograd)(const winograd_args& args, int phase, int job, void* scratch);
    void (*upconv)(const upconv_args& args, int job, void* scratch);
    void (*depthwise)(const conv_args& args, int job, void* scratch);
    void (*pool)(const pool_args& args, int job, void* scratch);
    void (*resize)(const resize_args& args, int job, void* scratch);
    void (*elementwise)(const elementwise_args& args, int job, void* scratch);
    void (*copy)(const copy_args& args, int job, void* scratch);
    void (*picture)(const picture_args& args, int job, void* scratch);
    void (*channel_sums)(const channel_sums_args& args, int job, void* scratch);
    void (*layer_norm)(const layer_norm_args& args, int job, void* scratch);
    void (*pixel_sums)(const pixel_sums_args& args, int phase, int job, void* scratch);
    void (*softmax)(const softmax_args& args, int phase, int job, void* scratch);
    void (*scaled_product)(const scaled_product_args& args, int job, void* scratch);
    void (*gate)(const gate_args& args, int job, void* scratch);
};

namespace baseline {
#define UML_LANES 4
#define UML_TIER isa::baseline
#include "uml/kernels/tier.inc"
#undef UML_LANES
#undef UML_TIER
} // namespace baseline

#if defined(__GNUC__) && defined(__x86_64__)

    #if defined(__clang__)
        #pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
    #else
        #pragma GCC push_options
        #pragma GCC target("avx2,fma")
    #endif
namespace avx2 {
    #define UML_LANES 8
    #define UML_TIER isa::avx2
    #include "uml/kernels/tier.inc"
    #undef UML_LANES
    #undef UML_TIER
} // namespace avx2
    #if defined(__clang__)
        #pragma clang attribute pop
        #pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))),           \
                                     apply_to = function)
    #else
        #pragma GCC pop_options
        #pragma GCC push_options
        #pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
    #endif
namespace avx512 {
    #define UML_LANES 16
    #define UML_TIER isa::avx512
    #include "uml/kernels/tier.inc"
    #undef UML_LANES
    #undef UML_TIER
} // namespace avx512
    #if defined(__clang__)
        #pragma clang attribute pop
    #else
        #pragma GCC pop_options
    #endif

/// The kernels of a tier. Calling them on a machine without that tier ends the program: see available().
[[nodiscard]] constexpr const kernel_table& kernels_for(isa tier) {
    if (tier == isa::avx512) return avx512::table;
    if (tier == isa::avx2) return avx2::table;
    return baseline::table;
}

#else

/// The kernels of a tier: here there is one.
[[nodiscard]] constexpr const kernel_table& kernels_for(isa) { return baseline::table; }

#endif

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
