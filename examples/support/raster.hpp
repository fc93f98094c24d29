// A picture as its file holds it: every sample with the value and depth that it has there, before anything is made of
// it.
#pragma once

#include "uml/core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace support {

/// What a reader of files from strangers takes at most: bytes of a file, pixels of a side, pixels in all.
inline constexpr std::uintmax_t most_file_bytes = std::uintmax_t{128} << 20;
inline constexpr int most_side = 1 << 15;
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 25;

/// What a picture's colour profile (ICC.1) says of its greys.
struct profile_facts {
    std::optional<double> half; ///< the light of a sample of a half, from 0 (black) to 1 (white); nothing: not said
    bool tables = false;        ///< says it by look-up tables alone, which are not read

    [[nodiscard]] bool there() const { return half.has_value() || tables; }
};

/// Samples of a PNG, JPEG or TIFF file, upright: what EXIF says of orientation has been done.
struct raster {
    int height = 0, width = 0;
    int channels = 0;                ///< 1 grey or index, 2 grey and alpha, 3 red, green, blue, 4 these and alpha
    int depth = 8;                   ///< bits of a sample: 1, 2, 4, 8 or 16
    int significant = 8;             ///< how many of them carry the picture (PNG's sBIT), else `depth`
    bool indexed = false;            ///< the samples are numbers of `palette`
    bool lossy = false;              ///< packed so that they are near what they were, not equal (JPEG)
    std::vector<std::uint16_t> data; ///< height × width × channels, unscaled
    std::vector<std::array<std::uint8_t, 4>> palette;        ///< red, green, blue, alpha
    std::optional<std::array<std::uint16_t, 3>> transparent; ///< the one colour that stands for nothing
    profile_facts profile;
    std::uint32_t gamma = 0; ///< PNG's gAMA, times 100000, where no colour profile overrules it; 0: not said

    [[nodiscard]] std::size_t pixels() const {
        return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }
    /// The largest value that a sample can have.
    [[nodiscard]] int white() const { return (1 << depth) - 1; }
};

/// Reads a PNG, JPEG or TIFF file from memory. What is damaged, larger than the limits above or of a kind whose meaning
/// would have to be guessed is refused with a sentence, before any library sees the bytes where that can be known.
[[nodiscard]] uml::result<raster> decode_raster(std::span<const std::uint8_t> bytes);

/// Checks a size against the limits above.
[[nodiscard]] uml::result<void> check_size(std::int64_t width, std::int64_t height);

/// The libraries that read pictures in this build: "PNG by libspng 0.7.3, JPEG by ...".
[[nodiscard]] std::string picture_readers();

/// Whether this build reads TIFF.
[[nodiscard]] bool reads_tiff();

} // namespace support
