// Changes of a picture that leave it what it is: another framing, brightness, noise. For fitting and testing what knows
// kinds of pictures.
#pragma once

#include "support/picture.hpp"

#include <cstdint>

namespace support {

/// What is done, in this order: the picture is mirrored, turned, zoomed and moved (bilinear, black beyond its edges),
/// then value' = contrast * value ^ gamma + brightness, blurred and noised; values in [0, 1], cut off there.
struct variant {
    bool mirrored = false;
    double degrees = 0;         ///< against the clock
    double zoom = 1;            ///< above 1: larger
    double right = 0, down = 0; ///< shares of width and height
    double gamma = 1, contrast = 1, brightness = 0;
    double blur = 0;  ///< share of a 3 x 3 binomial filter mixed in
    double noise = 0; ///< standard deviation, Gaussian
};

/// The changed picture, of the same size; `seed` is that of the noise.
[[nodiscard]] picture changed(const picture& p, const variant& v, std::uint64_t seed);

/// A harmless change, drawn: what another day, scanner setting or framing of the same kind of picture may do.
[[nodiscard]] variant harmless(std::uint64_t seed);

} // namespace support
