// The precisions that a backend can be asked for.
#pragma once

#include "uml/version.hpp"

#include <cstdint>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What tensors and products are kept and made in. A backend refuses, with a sentence, what it lacks.
enum class precision : std::uint8_t {
    f32,
    f64,
    tf32, ///< products of operands with 10 bits of mantissa, sums and tensors in f32
    bf16, ///< products of bf16 operands, sums in f32
    f16,  ///< products of f16 operands, sums in f32
    i8    ///< products of 8-bit operands, sums of 32 bits
};
inline constexpr int precision_count = static_cast<int>(precision::i8) + 1;

/// The name that command lines use.
[[nodiscard]] constexpr std::string_view to_text(precision p) {
    constexpr std::string_view names[precision_count] = {"f32", "f64", "tf32", "bf16", "f16", "i8"};
    return names[static_cast<int>(p)];
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
