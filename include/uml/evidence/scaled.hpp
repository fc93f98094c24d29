// Numbers of any magnitude for products over thousands of masses: no logarithm, no underflow, in constant expressions
// too.
#pragma once

#include "uml/version.hpp"

#include <concepts>
#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A number value * 2^(512 blocks) >= 0, value 0 or in [2^-256, 2^256): exact scaling, the precision of T (double or
/// wider). Sums and products of such numbers only; nothing cancels.
template <std::floating_point T> class scaled {
public:
    constexpr scaled() = default;
    constexpr scaled(T x) : value_(x) { normalise(); }

    constexpr scaled& operator*=(scaled b) {
        value_ *= b.value_;
        blocks_ += b.blocks_;
        normalise();
        return *this;
    }
    constexpr scaled& operator+=(scaled b) {
        if (blocks_ < b.blocks_ || value_ == 0) {
            const scaled a = *this;
            *this = b;
            b = a;
        }
        // A block below, a number is at most one unit in 2^256 of the other's least; two below it is lost in any case.
        if (b.value_ != 0 && blocks_ - b.blocks_ <= 1) value_ += blocks_ == b.blocks_ ? b.value_ : b.value_ * down;
        normalise();
        return *this;
    }
    friend constexpr scaled operator*(scaled a, scaled b) { return a *= b; }
    friend constexpr scaled operator+(scaled a, scaled b) { return a += b; }

    /// a / b as a plain number, 0 where it is too small for one; b > 0 and not below a / 2^512.
    friend constexpr T operator/(scaled a, scaled b) {
        T ratio = a.value_ / b.value_;
        for (std::int64_t n = b.blocks_ - a.blocks_; n > 0 && ratio > 0; --n) ratio *= down;
        for (std::int64_t n = a.blocks_ - b.blocks_; n > 0; --n) ratio *= up;
        return ratio;
    }

    [[nodiscard]] constexpr bool is_zero() const { return value_ == 0; }

private:
    static constexpr T up = static_cast<T>(0x1p512);
    static constexpr T down = static_cast<T>(0x1p-512);

    constexpr void normalise() {
        if (!(value_ > 0)) {
            *this = {};
            return;
        }
        for (; value_ < static_cast<T>(0x1p-256); value_ *= up) --blocks_;
        for (; value_ >= static_cast<T>(0x1p256); value_ *= down) ++blocks_;
    }

    T value_ = 0;
    std::int64_t blocks_ = 0;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
