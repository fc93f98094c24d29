// The codes of a JPEG scan (ITU-T T.81, F.2 and G.2), walked without computing a pixel. Decoders go on behind damage,
// each in its own way: what passes here has exactly the codes that its blocks need, so all of them see one picture.
#pragma once

#include "uml/core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace support {

/// A Huffman table.
class jpeg_code {
public:
    /// How many codes of 1 to 16 bits there are, which must not be more than bits can name, and their symbols.
    void assign(std::span<const std::uint8_t> counts, std::span<const std::uint8_t> symbols);
    [[nodiscard]] bool there() const { return !counts_.empty(); }
    /// Makes it ready for a scan; a file may bring tables that no scan uses.
    void prepare();
    /// Symbol × 32 + length, by the next 16 bits of the file; 0 where they are no code.
    [[nodiscard]] int find(std::uint32_t bits) const { return table_[bits]; }

private:
    std::vector<std::uint8_t> counts_{}, symbols_{};
    std::vector<std::uint16_t> table_{};
};

/// One channel of the picture.
struct jpeg_component {
    int id = 0, across = 1, down = 1;   ///< sampling factors
    int table = 0;                      ///< its quantisation
    int width = 0, height = 0;          ///< in blocks, of a scan of its own
    std::vector<std::uint64_t> known{}; ///< progressive: which numbers of a block are not zero, a bit each
};

/// One scan: its channels with their tables, and which numbers of a block (`first` to `last`) and bits of them it has.
struct jpeg_scan {
    struct part {
        jpeg_component* component = nullptr;
        const jpeg_code *mean = nullptr, *detail = nullptr; ///< null where the scan has none
        std::span<const std::uint16_t, 64> steps;           ///< of the quantisation
    };
    std::vector<part> parts{};
    int units_across = 0, units_down = 0; ///< of several channels
    int first = 0, last = 63, high = 0, low = 0, restart = 0;
    bool progressive = false;
};

/// Whether the bytes up to the next marker that is no restart are the scan's codes, all of them and nothing else.
[[nodiscard]] uml::result<void> check_codes(const jpeg_scan& scan, std::span<const std::uint8_t> bytes);

} // namespace support
