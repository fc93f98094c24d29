// PNG (W3C Recommendation, third edition): chunks, their checksums and their order, and as many rows as promised.
#include "support/readers.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace support {
namespace {

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t c = n;
        for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ (0xedb88320u & (0u - (c & 1u)));
        table[n] = c;
    }
    return table;
}();

std::uint32_t big32(std::span<const std::uint8_t> b) {
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

std::uint16_t big16(std::span<const std::uint8_t> b) { return static_cast<std::uint16_t>(b[0] << 8 | b[1]); }

// One file, chunk by chunk.
class walk {
public:
    explicit walk(std::span<const std::uint8_t> bytes) : rest_(bytes.subspan(8)) {
        png_.plain.assign(bytes.begin(), bytes.begin() + 8);
    }

    uml::result<png_facts> run() {
        while (!ended_) {
            if (rest_.size() < 12) return damaged("the file ends before its last chunk");
            const std::uint32_t length = big32(rest_);
            if (length > rest_.size() - 12) return damaged("a chunk is longer than the file");
            type_ = {reinterpret_cast<const char*>(rest_.data()) + 4, 4};
            if (!std::all_of(type_.begin(), type_.end(),
                             [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }))
                return damaged("a chunk has no name");
            body_ = rest_.subspan(8, length);
            whole_ = rest_.first(length + std::size_t{12});
            if (crc32(rest_.subspan(4, length + std::size_t{4})) != big32(rest_.subspan(length + std::size_t{8})))
                return damaged("the checksum of chunk ", type_, " is wrong");
            if (const auto r = take(); !r) return r.error();
            rest_ = rest_.subspan(whole_.size());
        }
        return std::move(png_);
    }

private:
    uml::result<void> take() {
        if (png_.width == 0) return type_ == "IHDR" ? header() : damaged("the first chunk is not IHDR");
        if (after_ == "IDAT" && type_ == "IDAT" && !in_data_) return damaged("the pixels are in two places");
        in_data_ = type_ == "IDAT";
        if (in_data_) {
            if (png_.color == 3 && png_.palette.empty()) return damaged("no palette");
            after_ = "IDAT";
            packed_.insert(packed_.end(), body_.begin(), body_.end());
            keep();
            return {};
        }
        if (type_ == "IEND") return end();
        if (type_ == "IHDR") return damaged("two headers");
        if (type_ == "PLTE") return colors();
        if (type_ == "acTL") return uml::fail(uml::errc::unsupported, "an animation, not a picture");
        if (type_[0] >= 'A' && type_[0] <= 'Z')
            return uml::fail(uml::errc::unsupported, {"needs chunk ", type_, ", which is not known"});
        if (type_ == "tRNS") return transparency();
        if (type_ == "sBIT") return significance();
        if (type_ == "sRGB") return plain_colors();
        if (type_ == "iCCP") return profile();
        if (type_ == "gAMA") return curve();
        if (type_ == "cICP") return screen();
        if (type_ == "eXIf") return turn();
        return {};
    }

    // What samples mean is said before the palette and the pixels: decoders pass it over elsewhere.
    [[nodiscard]] bool late() const { return after_ == "IDAT" || colored_; }

    uml::result<void> plain_colors() {
        if (body_.size() != 1 || late() || std::exchange(usual_, true))
            return damaged("sRGB in the wrong place, twice or of the wrong size");
        profile_ = true;
        return {};
    }

    uml::result<void> curve() {
        if (body_.size() != 4 || late() || png_.gamma != 0)
            return damaged("a gamma in the wrong place, twice or of the wrong size");
        png_.gamma = std::max(1u, big32(body_));
        return {};
    }

    // The samples' curve and range, by the numbers of ITU-T H.273.
    uml::result<void> screen() {
        if (body_.size() != 4 || late() || std::exchange(screened_, true))
            return damaged("cICP in the wrong place, twice or of the wrong size");
        constexpr std::array usual{1, 4, 6, 13, 14, 15};
        if (std::find(usual.begin(), usual.end(), int{body_[1]}) == usual.end() || body_[2] != 0 || body_[3] != 1)
            return uml::fail(uml::errc::unsupported, {"samples for another kind of screen (cICP ", body_[0], " ",
                                                      body_[1], " ", body_[2], " ", body_[3], "): convert it"});
        profile_ = true;
        return {};
    }

    // A name, a zero, how it is packed (always 0), a zlib stream. The standard has one of it and sRGB; cICP comes
    // first.
    uml::result<void> profile() {
        if (late() || std::exchange(profiled_, true)) return damaged("a colour profile in the wrong place or twice");
        const auto name_end = std::find(body_.begin(), body_.end(), std::uint8_t{0});
        if (body_.end() - name_end < 2) return {};
        const auto icc =
            unpack_zlib(body_.subspan(static_cast<std::size_t>(name_end - body_.begin()) + 2), most_profile);
        if (icc) png_.profile = read_profile(*icc);
        profile_ = profile_ || png_.profile.there();
        return {};
    }

    uml::result<void> turn() {
        constexpr std::string_view name("Exif\0\0", 6); // as in JPEG; some programs write it here too
        const bool named = body_.size() > name.size() && std::equal(name.begin(), name.end(), body_.begin());
        const int orientation = exif_orientation(named ? body_.subspan(name.size()) : body_);
        if (orientation == 0) return {};
        if (turned_ && orientation != png_.orientation) return damaged("EXIF says two ways to turn it");
        png_.orientation = orientation, turned_ = true;
        return {};
    }

    uml::result<void> header() {
        if (body_.size() != 13) return damaged("its header is too short or too long");
        if (const auto r = check_size(big32(body_), big32(body_.subspan(4))); !r) return r;
        png_.width = static_cast<int>(big32(body_)), png_.height = static_cast<int>(big32(body_.subspan(4)));
        const int depth = body_[8], color = body_[9];
        const bool known = color == 0   ? depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16
                           : color == 3 ? depth == 1 || depth == 2 || depth == 4 || depth == 8
                                        : (color == 2 || color == 4 || color == 6) && (depth == 8 || depth == 16);
        if (!known || body_[10] != 0 || body_[11] != 0 || body_[12] > 1)
            return damaged("its header says what PNG does not know");
        png_.depth = depth, png_.color = color, png_.significant = depth;
        passes_ = body_[12] == 1;
        keep();
        return {};
    }

    uml::result<void> colors() {
        const std::size_t count = body_.size() / 3;
        if (late()) return damaged("a palette in the wrong place");
        if (body_.size() % 3 != 0 || count == 0 || count > 256 ||
            (png_.color == 3 && count > (std::size_t{1} << png_.depth)) || png_.color == 0 || png_.color == 4)
            return damaged("a palette of the wrong size");
        colored_ = true;
        if (png_.color != 3) return {}; // a suggestion for screens of few colours
        for (std::size_t i = 0; i < count; ++i)
            png_.palette.push_back({body_[3 * i], body_[3 * i + 1], body_[3 * i + 2], 255});
        put_numbers();
        return {};
    }

    uml::result<void> transparency() {
        const std::size_t wanted = png_.color == 0 ? 2 : png_.color == 2 ? 6 : 0;
        if (after_ == "IDAT" || png_.transparent || png_.color == 4 || png_.color == 6 ||
            (png_.color == 3 ? body_.size() > png_.palette.size() : body_.size() != wanted))
            return damaged("transparency in the wrong place or of the wrong size");
        if (png_.color == 3) {
            for (std::size_t i = 0; i < body_.size(); ++i) png_.palette[i][3] = body_[i];
        } else {
            png_.transparent.emplace();
            for (std::size_t i = 0; i < wanted / 2; ++i) {
                const std::uint16_t sample = big16(body_.subspan(2 * i));
                if (sample >> png_.depth != 0) return damaged("the transparent colour is none that its depth can hold");
                (*png_.transparent)[i] = sample;
            }
        }
        return {};
    }

    uml::result<void> significance() {
        const auto colors = std::size_t{png_.color == 2 || png_.color == 3 || png_.color == 6 ? 3u : 1u};
        const int whole = png_.color == 3 ? 8 : png_.depth;
        if (body_.size() != colors + (png_.color >= 4 ? 1 : 0)) return damaged("sBIT of the wrong size");
        if (late() || measured_) return damaged("sBIT in the wrong place or twice");
        measured_ = true;
        for (std::size_t i = 0; i < colors; ++i) {
            if (body_[i] < 1 || body_[i] > whole) return damaged("sBIT says more bits than there are");
            if (png_.color != 3) png_.significant = std::min(png_.significant, int{body_[i]});
        }
        return {};
    }

    uml::result<void> end() {
        if (after_ != "IDAT") return damaged("no pixels");
        if (!body_.empty()) return damaged("its last chunk is not empty");
        if (const auto r = check_zlib(packed_, bytes_of_rows()); !r) return r;
        if (profile_) png_.gamma = 0;
        keep();
        ended_ = true;
        return {};
    }

    // Of the rows, each behind the byte that names its filter; of a picture in seven passes, those of each.
    [[nodiscard]] std::uint64_t bytes_of_rows() const {
        const auto rows = [&](int width, int height) {
            const std::int64_t bits = std::int64_t{width} * png_.channels() * png_.depth;
            return width > 0 ? std::uint64_t(height) * std::uint64_t(1 + (bits + 7) / 8) : 0;
        };
        if (!passes_) return rows(png_.width, png_.height);
        constexpr int passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                      {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
        std::uint64_t bytes = 0;
        for (const auto& [x, y, right, down] : passes)
            bytes += rows((png_.width - x + right - 1) / right, (png_.height - y + down - 1) / down);
        return bytes;
    }

    void keep() { png_.plain.insert(png_.plain.end(), whole_.begin(), whole_.end()); }

    // A palette in which colour n is (n, n, n), so that a reader that looks colours up gives the numbers back.
    void put_numbers() {
        const std::size_t count = std::size_t{1} << png_.depth, start = png_.plain.size();
        const auto put32 = [&](std::uint32_t n) {
            for (int shift = 24; shift >= 0; shift -= 8) png_.plain.push_back(static_cast<std::uint8_t>(n >> shift));
        };
        put32(static_cast<std::uint32_t>(3 * count));
        for (const char c : std::string_view("PLTE")) png_.plain.push_back(static_cast<std::uint8_t>(c));
        for (std::size_t n = 0; n < count; ++n) png_.plain.insert(png_.plain.end(), 3, static_cast<std::uint8_t>(n));
        put32(crc32(std::span(png_.plain).subspan(start + 4)));
    }

    static constexpr std::uint64_t most_profile = 4 << 20;

    std::span<const std::uint8_t> rest_, body_{}, whole_{};
    std::string_view type_{}, after_{};
    bool in_data_ = false, profile_ = false, ended_ = false, passes_ = false, turned_ = false, measured_ = false;
    bool profiled_ = false, usual_ = false, screened_ = false, colored_ = false;
    std::vector<std::uint8_t> packed_{};
    png_facts png_{};
};

} // namespace

std::uint32_t crc32(std::span<const std::uint8_t> data) {
    std::uint32_t crc = 0xffffffffu;
    for (const std::uint8_t byte : data) crc = (crc >> 8) ^ crc_table[(crc ^ byte) & 0xff];
    return ~crc;
}

uml::result<png_facts> check_png(std::span<const std::uint8_t> bytes) { return walk(bytes).run(); }

} // namespace support
