// Pictures in memory and as files: PNG and JPEG in, PNG out.
#pragma once

#include "uml/core/result.hpp"
#include "uml/core/tensor.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
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

/// What a reader of files from strangers takes at most: bytes of a file, pixels of a side, pixels in all.
inline constexpr std::uintmax_t most_file_bytes = std::uintmax_t{128} << 20;
inline constexpr int most_side = 1 << 15;
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 25;

/// Reads a PNG or JPEG file: 16-bit samples become 8, transparency is dropped. Anything larger than the limits above,
/// damaged, or of another format is refused with a sentence.
[[nodiscard]] uml::result<picture> read_picture(const std::filesystem::path& file);

/// The same from bytes in memory.
[[nodiscard]] uml::result<picture> decode_picture(std::span<const std::uint8_t> bytes);

/// Grey by the luma of BT.601, in Pillow's integer arithmetic: (19595 R + 38470 G + 7471 B + 2^15) / 2^16.
[[nodiscard]] picture to_grey(const picture& p);

/// Three channels; a grey picture is repeated three times.
[[nodiscard]] picture to_color(const picture& p);

/// Writes a PNG. The file appears under its name only when it is complete, so a program that was killed leaves none
/// that looks finished.
[[nodiscard]] uml::result<void> write_png(const std::filesystem::path& file, const picture& p);

/// Writes a one-channel picture of labels as an indexed PNG: a pixel's value is its label, the palette its colour.
/// Every label must be below the number of colours, at most 256.
[[nodiscard]] uml::result<void> write_labels(const std::filesystem::path& file, const picture& labels,
                                             std::span<const color> palette);

} // namespace support
