// The list of kernels. The table, its bits and every tier's entries follow from it. To add a kernel: arguments and
// sizes in NAME.hpp, code in NAME.inc (as template <int = 0> NAME_run), one line here, and an #include of each (here
// and in code.inc).
#pragma once

#include "uml/kernels/channel_sums.hpp"
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
#include "uml/kernels/upsample_conv.hpp"
#include "uml/kernels/winograd.hpp"

// X(name, what bounds its speed, parameters). `compute`: every tier has code of its own. `memory`: a tier may take
// another tier's code, because wider vectors do not make memory faster (traits of the tier: memory_tier).
#define UML_F32_KERNELS(X)                                                                                             \
    X(conv, compute, (const conv_args& args, int job, void* scratch))                                                  \
    X(winograd, compute, (const winograd_args& args, int phase, int job, void* scratch))                               \
    X(upsample_conv, compute, (const upsample_conv_args& args, int job, void* scratch))                                \
    X(gate, compute, (const gate_args& args, int job, void* scratch))                                                  \
    X(depthwise, memory, (const conv_args& args, int job, void* scratch))                                              \
    X(max_pool, memory, (const pool_args& args, int job, void* scratch))                                               \
    X(average_pool, memory, (const pool_args& args, int job, void* scratch))                                           \
    X(resize, memory, (const resize_args& args, int job, void* scratch))                                               \
    X(elementwise, memory, (const elementwise_args& args, int job, void* scratch))                                     \
    X(copy, memory, (const copy_args& args, int job, void* scratch))                                                   \
    X(picture, memory, (const picture_args& args, int job, void* scratch))                                             \
    X(channel_sums, memory, (const channel_sums_args& args, int job, void* scratch))                                   \
    X(layer_norm, memory, (const layer_norm_args& args, int job, void* scratch))                                       \
    X(pixel_means, memory, (const pixel_sums_args& args, int phase, int job, void* scratch))                           \
    X(weighted_sums, memory, (const pixel_sums_args& args, int phase, int job, void* scratch))                         \
    X(attention_sums, memory, (const pixel_sums_args& args, int phase, int job, void* scratch))                        \
    X(softmax, memory, (const softmax_args& args, int phase, int job, void* scratch))                                  \
    X(scaled_product, memory, (const scaled_product_args& args, int job, void* scratch))
// The same on tensors of which some are bf16: see halves.
#define UML_MIXED_KERNELS(X)                                                                                           \
    X(conv_mixed, compute, (const conv_args& args, int job, void* scratch))                                            \
    X(winograd_mixed, compute, (const winograd_args& args, int phase, int job, void* scratch))                         \
    X(upsample_conv_mixed, compute, (const upsample_conv_args& args, int job, void* scratch))                          \
    X(gate_mixed, compute, (const gate_args& args, int job, void* scratch))                                            \
    X(depthwise_mixed, memory, (const conv_args& args, int job, void* scratch))                                        \
    X(max_pool_mixed, memory, (const pool_args& args, int job, void* scratch))                                         \
    X(average_pool_mixed, memory, (const pool_args& args, int job, void* scratch))                                     \
    X(resize_mixed, memory, (const resize_args& args, int job, void* scratch))                                         \
    X(elementwise_mixed, memory, (const elementwise_args& args, int job, void* scratch))                               \
    X(copy_mixed, memory, (const copy_args& args, int job, void* scratch))                                             \
    X(channel_sums_mixed, memory, (const channel_sums_args& args, int job, void* scratch))                             \
    X(layer_norm_mixed, memory, (const layer_norm_args& args, int job, void* scratch))                                 \
    X(pixel_means_mixed, memory, (const pixel_sums_args& args, int phase, int job, void* scratch))                     \
    X(weighted_sums_mixed, memory, (const pixel_sums_args& args, int phase, int job, void* scratch))                   \
    X(attention_sums_mixed, memory, (const pixel_sums_args& args, int phase, int job, void* scratch))
#define UML_KERNELS(X) UML_F32_KERNELS(X) UML_MIXED_KERNELS(X)

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

enum class kernel : std::uint8_t {
#define UML_NAME(name, bound, parameters) name,
    UML_KERNELS(UML_NAME)
#undef UML_NAME
};

/// A set of kernels, usable as a template argument: kernel_set{} | kernel::conv | kernel::copy.
struct kernel_set {
    std::uint64_t bits = 0;

    [[nodiscard]] constexpr bool has(kernel k) const { return (bits >> static_cast<unsigned>(k) & 1u) != 0; }
    friend constexpr kernel_set operator|(kernel_set s, kernel k) {
        return {s.bits | std::uint64_t{1} << static_cast<unsigned>(k)};
    }
    friend constexpr kernel_set operator|(kernel_set a, kernel_set b) { return {a.bits | b.bits}; }
    friend constexpr bool operator==(const kernel_set&, const kernel_set&) = default;
};

#define UML_NAME(name, bound, parameters) | kernel::name
inline constexpr kernel_set all_kernels = kernel_set {}
UML_KERNELS(UML_NAME);
/// Those of programs whose tensors are all f32.
inline constexpr kernel_set f32_kernels = kernel_set {}
UML_F32_KERNELS(UML_NAME);
#undef UML_NAME

/// Kernels of one tier; null where a kernel is not in the set that the table was made for. A job's `scratch` is the
/// calling thread's own, aligned to 64 bytes.
struct kernel_table {
    isa tier = isa::baseline;
#define UML_NAME(name, bound, parameters) void(*name) parameters = nullptr;
    UML_KERNELS(UML_NAME)
#undef UML_NAME
};

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
