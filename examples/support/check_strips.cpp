// Strips of TIFF (revision 6.0) in PackBits and LZW, their codes counted to the end: libtiff fills rows up, and stops
// when it has its pixels, whatever the codes go on to say.
#include "support/readers.hpp"

#include <array>

namespace support {
namespace {

uml::error cannot_be_unpacked() { return damaged("its packed pixels cannot be unpacked"); }

uml::result<void> as_wanted(std::uint64_t total, std::uint64_t wanted) {
    if (total == wanted) return {};
    return damaged(total < wanted ? "fewer" : "more", " rows of pixels than its header says");
}

} // namespace

uml::result<void> check_packbits(std::span<const std::uint8_t> strip, std::uint64_t row, std::uint64_t rows) {
    std::size_t at = 0;
    std::uint64_t in_row = 0, whole = 0;
    while (at < strip.size() && whole < rows) {
        const unsigned code = strip[at];
        const std::size_t takes = code < 128 ? code + 2 : code > 128 ? 2 : 1;
        if (takes > strip.size() - at) return cannot_be_unpacked();
        in_row += code < 128 ? code + 1 : code > 128 ? 257 - code : 0;
        at += takes;
        if (in_row > row) return cannot_be_unpacked(); // section 9: no code goes on into the next row
        if (in_row == row) in_row = 0, ++whole;
    }
    constexpr std::size_t filling = 1; // up to an even number
    return as_wanted(whole + (strip.size() - at > filling ? 1 : 0), rows);
}

uml::result<void> check_lzw(std::span<const std::uint8_t> strip, std::uint64_t wanted) {
    constexpr unsigned clear = 256, end = 257, most_width = 12;
    if (strip.size() > 1 && strip[0] == 0 && (strip[1] & 1u) != 0)
        return unknown("TIFF with LZW of before its revision 6 is not read");
    std::array<std::uint16_t, 1u << most_width> length; // of what a code stands for
    length.fill(1);
    std::uint64_t total = 0;
    std::uint32_t bits = 0;
    unsigned had = 0, width = 9, free = 0, last = clear;
    for (std::size_t at = 0; total <= wanted;) {
        for (; had < width && at < strip.size(); had += 8) bits = bits << 8 | strip[at++];
        if (had < width) break; // some programs leave the last code out
        had -= width;
        const unsigned code = (bits >> had) & ((1u << width) - 1);
        if (code == end) break;
        if (code == clear) {
            width = 9, free = end, last = clear;
            continue;
        }
        if (free == 0 || (last == clear ? code > clear : code > free)) return cannot_be_unpacked();
        // What stood before, and a byte more, is a code from now on; this one may be it.
        if (free < length.size()) {
            if (last != clear) length[free] = static_cast<std::uint16_t>(length[last] + 1);
            if (++free == (1u << width) - 1 && width < most_width) ++width;
        }
        total += length[code];
        last = code;
    }
    return as_wanted(total, wanted);
}

} // namespace support
