// Colours that stay apart for colour-blind eyes: Okabe and Ito's set for regions, a map of even lightness for numbers.
#pragma once

#include "support/picture.hpp"

#include <span>

namespace support {

/// The ink and paper of every figure.
namespace ink {
inline constexpr color paper{0x14, 0x17, 0x1c};
inline constexpr color panel{0x1f, 0x24, 0x2b};
inline constexpr color text{0xf2, 0xf4, 0xf7};
inline constexpr color faint{0x9a, 0xa4, 0xb2};
inline constexpr color rule{0x3a, 0x42, 0x4d};
inline constexpr color yes{0x56, 0xb4, 0xe9}; // sky blue
inline constexpr color no{0xd5, 0x5e, 0x00};  // vermilion
} // namespace ink

/// Region `k`'s colour on pictures, for k ≥ 1; region 0 is the background and has none. From the set of Okabe and Ito
/// (2008), in an order that keeps neighbours far apart; it repeats after seven.
[[nodiscard]] color region_color(int k);

/// The palette of a mask file: black for region 0; white for the only other region, else the colours of the regions.
[[nodiscard]] std::vector<color> mask_palette(int regions);

/// A colour for a value in [0, 1] (clamped): dark violet over teal to light yellow. Lightness in OKLab (Ottosson 2020)
/// rises evenly, so the order of values survives every kind of colour blindness and a grey print.
[[nodiscard]] color heat(double value);

/// `a` with the share `amount` in [0, 1] of `b`.
[[nodiscard]] color mix(color a, color b, double amount);

} // namespace support
