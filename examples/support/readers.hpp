// What stands between a file's bytes and a raster: the checks that no library is asked to do, then one reader per
// format.
#pragma once

#include "support/raster.hpp"

namespace support {

/// For a file that breaks a rule of its format.
template <class... Parts> [[nodiscard]] uml::error damaged(const Parts&... parts) {
    return uml::fail(uml::errc::malformed, {"damaged: ", parts...});
}
/// For one that is well formed, and of a kind that is not read.
template <class... Parts> [[nodiscard]] uml::error unknown(const Parts&... parts) {
    return uml::fail(uml::errc::unsupported, {parts...});
}

/// A PNG file whose chunks, checksums, order and number of rows have been checked.
struct png_facts {
    int height = 0, width = 0;
    int depth = 0, color = 0; ///< as in IHDR
    int significant = 0;      ///< the fewest significant bits of a colour channel
    int orientation = 1;
    std::uint32_t gamma = 0;
    profile_facts profile;
    std::vector<std::array<std::uint8_t, 4>> palette;
    std::optional<std::array<std::uint16_t, 3>> transparent;
    /// The same picture with IHDR, IDAT and IEND alone (and a palette in which every colour is its own number): what
    /// else the file holds never reaches a library.
    std::vector<std::uint8_t> plain;

    [[nodiscard]] int channels() const { return color == 2 ? 3 : color == 4 ? 2 : color == 6 ? 4 : 1; }
};

[[nodiscard]] uml::result<png_facts> check_png(std::span<const std::uint8_t> bytes);

/// A JPEG file whose segments, tables, scans and codes have been checked.
struct jpeg_facts {
    int height = 0, width = 0, channels = 0; ///< 1 or 3
    int orientation = 1;
    profile_facts profile;
    /// The same picture without comments and without what applications add (but for JFIF and Adobe, which say what its
    /// colours are): decoders look into some of it, and refuse the picture for it.
    std::vector<std::uint8_t> plain;
};

[[nodiscard]] uml::result<jpeg_facts> check_jpeg(std::span<const std::uint8_t> bytes);

/// A grey TIFF file of whole numbers whose directory and strips have been checked.
struct tiff_facts {
    int height = 0, width = 0, depth = 8;
    int orientation = 1;
    bool white_is_zero = false;
    profile_facts profile;
    /// The same strips in a file with the tags that unpacking takes alone: what else the file holds never reaches a
    /// library.
    std::vector<std::uint8_t> plain;
};

[[nodiscard]] uml::result<tiff_facts> check_tiff(std::span<const std::uint8_t> bytes);

/// The orientation in EXIF data (which begin with "II" or "MM"): 1 to 8; 0 where there is none.
[[nodiscard]] int exif_orientation(std::span<const std::uint8_t> exif);

/// Each by the library that this build has for it. The numbers in `data` are those of the file.
[[nodiscard]] uml::result<raster> read_png(const png_facts& png);
[[nodiscard]] uml::result<raster> read_jpeg(const jpeg_facts& jpeg);
[[nodiscard]] uml::result<raster> read_tiff(const tiff_facts& tiff);

/// The libraries' names and versions.
[[nodiscard]] std::string png_reader();
[[nodiscard]] std::string jpeg_reader();
[[nodiscard]] std::string tiff_reader();

/// Of several curves in a colour profile (ICC.1) the most unusual. Where it has look-up tables too, its curves say
/// nearly the same. One that is damaged or of another colour space says nothing, as viewers have it.
[[nodiscard]] profile_facts read_profile(std::span<const std::uint8_t> icc);

/// What a zlib stream holds; nothing where it is not whole or holds more than `most` bytes.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> unpack_zlib(std::span<const std::uint8_t> stream,
                                                                   std::uint64_t most);

/// Whether a zlib stream unpacks to exactly so many bytes that have its checksum. What lies behind it is not looked at.
[[nodiscard]] uml::result<void> check_zlib(std::span<const std::uint8_t> stream, std::uint64_t wanted);

/// Whether a strip of TIFF's PackBits holds exactly so many rows of so many bytes, each in codes of its own.
[[nodiscard]] uml::result<void> check_packbits(std::span<const std::uint8_t> strip, std::uint64_t row,
                                               std::uint64_t rows);

/// Whether a strip of TIFF's LZW unpacks to exactly so many bytes. What lies behind its last code is not looked at.
[[nodiscard]] uml::result<void> check_lzw(std::span<const std::uint8_t> strip, std::uint64_t wanted);

/// CRC-32 as in PNG.
[[nodiscard]] std::uint32_t crc32(std::span<const std::uint8_t> data);

} // namespace support
