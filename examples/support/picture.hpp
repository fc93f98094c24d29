// Pictures in memory and as files: PNG, JPEG and TIFF in, PNG out.
#pragma once

#include "uml/core/result.hpp"
#include "uml/core/tensor.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace support {

/// Red, green and blue, 0..255.
using color = std::array<std::uint8_t, 3>;

/// Height × width × (1 grey or 3 red, green, blue) channels, 8 bits, rows without gaps.
struct picture {
    int height = 0, width = 0, channels = 0;
    std::vector<std::uint8_t> data;

    picture() = default;
    picture(int h, int w, int c, std::uint8_t value = 0);

    [[nodiscard]] std::size_t pixels() const {
        return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }
    [[nodiscard]] std::uint8_t* at(int y, int x) { return data.data() + offset(y, x); }
    [[nodiscard]] const std::uint8_t* at(int y, int x) const { return data.data() + offset(y, x); }
    [[nodiscard]] uml::image_view view() const { return {data.data(), height, width, channels}; }

private:
    [[nodiscard]] std::size_t offset(int y, int x) const {
        return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
               static_cast<std::size_t>(channels);
    }
};

/// The samples that become black and white; what lies beyond them is cut off.
struct level_range {
    int low = 0, high = 0; ///< 0 <= low < high <= 65535
};

/// Reads a PNG, JPEG or TIFF file, as "support/raster.hpp" and "support/meaning.hpp" say. Anything larger than their
/// limits, damaged, or of another format is refused with a sentence.
[[nodiscard]] uml::result<picture> read_picture(const std::filesystem::path& file,
                                                const std::optional<level_range>& levels = {});

/// The same from bytes in memory.
[[nodiscard]] uml::result<picture> decode_picture(std::span<const std::uint8_t> bytes,
                                                  const std::optional<level_range>& levels = {});

/// Grey by the luma of BT.601, in Pillow's integer arithmetic: (19595 R + 38470 G + 7471 B + 2^15) / 2^16.
[[nodiscard]] picture to_grey(const picture& p);

/// Three channels; a grey picture is repeated three times.
[[nodiscard]] picture to_color(const picture& p);

/// The picture as a PNG file.
[[nodiscard]] uml::result<std::vector<std::uint8_t>> encode_png(const picture& p);

/// A one-channel picture of labels as an indexed PNG file: a pixel's value is its label, the palette its colour. Every
/// label must be below the number of colours, at most 256.
[[nodiscard]] uml::result<std::vector<std::uint8_t>> encode_labels(const picture& labels,
                                                                   std::span<const color> palette);

} // namespace support
