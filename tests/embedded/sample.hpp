// A picture and the answer that the ordinary path gives for it, as bytes that are linked into a program without files.
#pragma once

#include <cstdint>

namespace embedded {

/// Behind it: the pixels (8 bits, a multiple of 4 bytes with zeros behind), then floats: class alpha, region logits,
/// pixel alpha, pixel vacuity, channels last.
struct sample_header {
    std::uint32_t height, width, channels, classes, regions;

    [[nodiscard]] constexpr std::uint32_t pixel_bytes() const { return (height * width * channels + 3) / 4 * 4; }
    [[nodiscard]] constexpr std::uint32_t maps() const { return height * width * (2 * regions + 1); }
    [[nodiscard]] constexpr std::uint32_t bytes() const {
        return static_cast<std::uint32_t>(sizeof(sample_header)) + pixel_bytes() + 4 * (classes + maps());
    }
};

} // namespace embedded
