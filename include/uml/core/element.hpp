// Element types of tensors and files: their sizes and names, and exact conversions between f32 and the 16-bit formats.
#pragma once

#include "uml/version.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What one element of a tensor is. The names are those of the safetensors format.
enum class dtype : std::uint8_t {
    f32,
    f16,
    bf16,
    f64,
    u8,
    i8,
    u16,
    i16,
    u32,
    i32,
    u64,
    i64,
    boolean,
    f8_e4m3,
    f8_e5m2,
};

namespace element {

struct description {
    std::string_view name;
    std::size_t bytes;
};

/// One row for each `dtype`, in its order.
inline constexpr std::array<description, 15> table{{
    {"F32", 4},
    {"F16", 2},
    {"BF16", 2},
    {"F64", 8},
    {"U8", 1},
    {"I8", 1},
    {"U16", 2},
    {"I16", 2},
    {"U32", 4},
    {"I32", 4},
    {"U64", 8},
    {"I64", 8},
    {"BOOL", 1},
    {"F8_E4M3", 1},
    {"F8_E5M2", 1},
}};

} // namespace element

/// Bytes of one element.
[[nodiscard]] constexpr std::size_t size_of(dtype t) {
    return element::table.data()[static_cast<std::size_t>(t)].bytes;
}

/// The name as a safetensors header writes it, "BF16".
[[nodiscard]] constexpr std::string_view name_of(dtype t) { return element::table[static_cast<std::size_t>(t)].name; }

/// The type of that name, if there is one.
[[nodiscard]] constexpr std::optional<dtype> dtype_named(std::string_view name) {
    for (std::size_t i = 0; i < element::table.size(); ++i)
        if (element::table[i].name == name) return static_cast<dtype>(i);
    return std::nullopt;
}

/// IEEE 754 binary16, storage only.
struct f16 {
    std::uint16_t bits = 0;
    friend constexpr bool operator==(f16, f16) = default;
};

/// The upper half of an f32, storage only.
struct bf16 {
    std::uint16_t bits = 0;
    friend constexpr bool operator==(bf16, bf16) = default;
};

/// Whether the value is neither NaN nor infinite. By its bits, so that it holds under -ffast-math too.
[[nodiscard]] constexpr bool is_finite(float x) {
    return (std::bit_cast<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u;
}

[[nodiscard]] constexpr bool is_finite(double x) {
    return (std::bit_cast<std::uint64_t>(x) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}

/// The quotient is at most 1 for every finite number, and its bits are a double's.
[[nodiscard]] constexpr bool is_finite(long double x) {
    return is_finite(static_cast<double>(x / std::numeric_limits<long double>::max()));
}

/// Exact.
[[nodiscard]] constexpr float to_f32(bf16 x) { return std::bit_cast<float>(std::uint32_t{x.bits} << 16); }

/// Exact, subnormals included, also where the processor flushes f32 subnormals to zero.
[[nodiscard]] constexpr float to_f32(f16 x) {
    const std::uint32_t sign = (std::uint32_t{x.bits} & 0x8000u) << 16;
    const std::uint32_t magnitude = x.bits & 0x7fffu;
    std::uint32_t bits = 0;
    if (magnitude >= 0x7c00u) {
        bits = 0x7f800000u | (magnitude << 13); // infinity, NaN with its payload
    } else if (magnitude >= 0x0400u) {
        bits = (magnitude << 13) + 0x38000000u; // the exponent's bias grows from 15 to 127
    } else {
        // m / 2^24 as 2^-14 (1 + m / 1024) - 2^-14: all three are normal f32 numbers.
        constexpr std::uint32_t smallest_normal = 0x38800000u;
        const float f =
            std::bit_cast<float>(smallest_normal + (magnitude << 13)) - std::bit_cast<float>(smallest_normal);
        bits = std::bit_cast<std::uint32_t>(f);
    }
    return std::bit_cast<float>(bits | sign);
}

/// Rounds to nearest, ties to even. Too large becomes infinite; NaN stays NaN (quiet) with its sign.
[[nodiscard]] constexpr bf16 to_bf16(float x) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<std::uint16_t>((bits >> 16) | 0x0040u)};
    return {static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

/// Rounds to nearest, ties to even, into subnormals too. Too large becomes infinite; NaN stays NaN (quiet) with its
/// sign.
[[nodiscard]] constexpr f16 to_f16(float x) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t sign = (bits >> 16) & 0x8000u;
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    std::uint32_t half = 0;
    if (magnitude > 0x7f800000u) {
        half = 0x7e00u | ((magnitude >> 13) & 0x01ffu);
    } else if (magnitude >= 0x477ff000u) { // 65520, halfway between the largest f16 and what would come next
        half = 0x7c00u;
    } else if (magnitude >= 0x38800000u) { // 2^-14, the smallest normal f16
        half = (magnitude - 0x38000000u + 0x0fffu + ((magnitude >> 13) & 1u)) >> 13;
    } else if (magnitude >= 0x33000000u) { // 2^-25, which rounds to 0; above it to the smallest subnormal
        const std::uint32_t mantissa = (magnitude & 0x007fffffu) | 0x00800000u;
        const std::uint32_t shift = 126u - (magnitude >> 23); // the result counts units of 2^-24
        const std::uint32_t kept = mantissa >> shift;
        const std::uint32_t rest = mantissa & ((1u << shift) - 1u);
        const std::uint32_t tie = 1u << (shift - 1u);
        half = kept + ((rest > tie || (rest == tie && (kept & 1u) != 0)) ? 1u : 0u);
    }
    return {static_cast<std::uint16_t>(sign | half)};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
