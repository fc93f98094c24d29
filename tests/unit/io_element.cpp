// 16-bit floats: every bit pattern, and every place where rounding could go wrong.
#include "uml/core/element.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

float from_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// What a binary16 means, by its definition.
double meaning(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31;
    const int mantissa = bits & 1023;
    const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

static_assert(uml::to_f32(uml::f16{0x3c00}) == 1.f && uml::to_f16(1.f).bits == 0x3c00);
static_assert(uml::to_f32(uml::bf16{0x3f80}) == 1.f && uml::to_bf16(1.f).bits == 0x3f80);
static_assert(uml::to_f32(uml::f16{0x0001}) == 0x1p-24f && uml::to_f16(0x1p-24f).bits == 0x0001);

} // namespace

TEST_CASE("every type has its safetensors name and size") {
    for (std::size_t i = 0; i < uml::element::table.size(); ++i) {
        const auto type = static_cast<uml::dtype>(i);
        CHECK(uml::dtype_named(uml::name_of(type)) == type);
    }
    CHECK(uml::name_of(uml::dtype::bf16) == "BF16");
    CHECK(uml::name_of(uml::dtype::f8_e5m2) == "F8_E5M2");
    CHECK(uml::size_of(uml::dtype::i64) == 8);
    CHECK(uml::size_of(uml::dtype::boolean) == 1);
    CHECK_FALSE(uml::dtype_named("f32").has_value());
    CHECK_FALSE(uml::dtype_named("").has_value());
}

TEST_CASE("every f16 widens to the number it means and comes back") {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const uml::f16 half{static_cast<std::uint16_t>(bits)};
        const float wide = uml::to_f32(half);
        if ((bits & 0x7c00) != 0x7c00) {
            REQUIRE(static_cast<double>(wide) == meaning(half.bits));
            REQUIRE(std::signbit(wide) == ((bits & 0x8000) != 0));
            REQUIRE(uml::to_f16(wide) == half);
        } else if ((bits & 0x3ff) == 0) {
            REQUIRE(wide == ((bits & 0x8000) != 0 ? -inf : inf));
            REQUIRE(uml::to_f16(wide) == half);
        } else {
            REQUIRE_FALSE(uml::is_finite(wide));
            REQUIRE(wide != wide);
            REQUIRE(uml::to_f16(wide).bits == (bits | 0x0200)); // quiet
        }
    }
}

TEST_CASE("f32 to f16 rounds to nearest, ties to even, between every pair of neighbours") {
    for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {
        const auto next = static_cast<std::uint16_t>(bits + 1);
        const auto tie = static_cast<float>((meaning(bits) + meaning(next)) / 2);
        const std::uint16_t even = (bits & 1) == 0 ? bits : next;
        REQUIRE(uml::to_f16(tie).bits == even);
        REQUIRE(uml::to_f16(-tie).bits == (even | 0x8000));
        REQUIRE(uml::to_f16(std::nextafter(tie, 0.f)).bits == bits);
        REQUIRE(uml::to_f16(std::nextafter(tie, inf)).bits == next);
    }
    CHECK(uml::to_f16(65504.f).bits == 0x7bff);
    CHECK(uml::to_f16(std::nextafter(65520.f, 0.f)).bits == 0x7bff);
    CHECK(uml::to_f16(65520.f).bits == 0x7c00);
    CHECK(uml::to_f16(-1e30f).bits == 0xfc00);
    CHECK(uml::to_f16(1e-30f).bits == 0);
    CHECK(uml::to_f16(-std::numeric_limits<float>::denorm_min()).bits == 0x8000);
}

TEST_CASE("every bf16 widens exactly and comes back; f32 rounds to nearest even") {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const uml::bf16 half{static_cast<std::uint16_t>(bits)};
        const float wide = uml::to_f32(half);
        REQUIRE(std::bit_cast<std::uint32_t>(wide) == bits << 16);
        if (wide == wide)
            REQUIRE(uml::to_bf16(wide) == half);
        else
            REQUIRE(uml::to_bf16(wide).bits == (bits | 0x0040));
        if (!uml::is_finite(wide)) continue;
        const std::uint32_t tie = (bits << 16) | 0x8000;
        REQUIRE(uml::to_bf16(from_bits(tie - 1)).bits == bits);
        REQUIRE(uml::to_bf16(from_bits(tie)).bits == ((bits & 1) == 0 ? bits : bits + 1));
        REQUIRE(uml::to_bf16(from_bits(tie + 1)).bits == bits + 1);
    }
    CHECK(uml::to_bf16(std::numeric_limits<float>::max()).bits == 0x7f80); // rounds up to infinity
    CHECK(uml::to_bf16(from_bits(0x7f800001)).bits == 0x7fc0);             // a NaN whose payload is in the lost bits
}

TEST_CASE("finite is told by the bits") {
    CHECK(uml::is_finite(std::numeric_limits<float>::max()));
    CHECK(uml::is_finite(std::numeric_limits<double>::max()));
    CHECK(uml::is_finite(0.f));
    CHECK_FALSE(uml::is_finite(-inf));
    CHECK_FALSE(uml::is_finite(std::numeric_limits<float>::quiet_NaN()));
    CHECK_FALSE(uml::is_finite(std::numeric_limits<double>::infinity()));
    CHECK_FALSE(uml::is_finite(std::numeric_limits<double>::signaling_NaN()));
}
