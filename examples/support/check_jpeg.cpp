// JPEG (ITU-T T.81): segments, tables and scans, before any decoder sees the file. Decoders have crashed on tables with
// more codes than bits can name, and small files of thousands of scans keep them busy for minutes.
#include "support/jpeg_codes.hpp"
#include "support/readers.hpp"

#include <algorithm>
#include <string_view>

namespace support {
namespace {

constexpr int most_scans = 100;                                   // usual progressive files have about ten
constexpr std::int64_t work_free = 1 << 24, work_per_byte = 8192; // pixels times scans

class walk {
public:
    explicit walk(std::span<const std::uint8_t> bytes) : all_(bytes) {}

    uml::result<jpeg_facts> run() {
        at_ = 2;
        keep(0);
        for (;;) {
            if (at_ + 2 > all_.size()) return damaged("the file ends before the picture does");
            if (all_[at_] != 0xff) return damaged("a segment is missing");
            const int marker = all_[at_ + 1];
            if (marker == 0xff) { // fill byte
                ++at_;
                continue;
            }
            at_ += 2;
            if (marker == 0xd9) break;
            if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8) || marker == 0)
                return damaged("a marker in the wrong place");
            if (at_ + 2 > all_.size()) return damaged("the file ends before the picture does");
            const std::size_t length = std::size_t{all_[at_]} << 8 | all_[at_ + 1];
            if (length < 2 || length > all_.size() - at_) return damaged("a segment is longer than the file");
            const auto body = all_.subspan(at_ + 2, length - 2);
            const std::size_t start = at_ - 2;
            at_ += length;
            if (const auto r = take(marker, body); !r) return r.error();
            if (marker == 0xda) {
                const std::size_t codes = at_;
                skip_entropy();
                if (const auto r = check_codes(scan_, all_.subspan(codes, at_ - codes)); !r) return r.error();
            }
            const bool told = (marker > 0xe0 && marker < 0xf0 && marker != 0xee) || marker == 0xfe;
            if (!told) keep(start);
        }
        keep(at_ - 2);
        if (scans_ == 0) return damaged("no pixels");
        for (std::size_t c = 0; c < components_; ++c)
            for (const int bits : missing_[c])
                if (bits != 0) return damaged("scans are missing: a part of the picture's detail is not there");
        std::vector<std::uint8_t> icc;
        for (const auto part : profile_) icc.insert(icc.end(), part.begin(), part.end());
        jpeg_.profile = read_profile(icc);
        return jpeg_;
    }

private:
    void keep(std::size_t start) {
        const auto part = all_.subspan(start, at_ - start);
        jpeg_.plain.insert(jpeg_.plain.end(), part.begin(), part.end());
    }

    uml::result<void> take(int marker, std::span<const std::uint8_t> body) {
        switch (marker) {
        case 0xc0:
        case 0xc1:
        case 0xc2: return frame(marker, body);
        case 0xc4: return huffman(body);
        case 0xda: return scan(body);
        case 0xdb: return quantisation(body);
        case 0xdd:
            if (body.size() != 2) return damaged("a restart interval of the wrong size");
            scan_.restart = body[0] << 8 | body[1];
            return {};
        case 0xcc: return unknown("arithmetic coding is not read");
        case 0xdc: return unknown(late_height);
        case 0xe0:
        case 0xee: return kind_of_colors(marker == 0xe0, body);
        case 0xe2: {
            // Its parts in turn, each with its number and how many there are; others are no profile.
            constexpr std::string_view name("ICC_PROFILE\0", 12);
            if (body.size() > 14 && names(body, name) && body[12] == profile_.size() + 1)
                profile_.push_back(body.subspan(14));
            return {};
        }
        case 0xe1: {
            constexpr std::string_view name("Exif\0\0", 6);
            if (body.size() <= name.size() || !names(body, name)) return {};
            const int orientation = exif_orientation(body.subspan(name.size()));
            if (orientation == 0) return {};
            if (turned_ && orientation != jpeg_.orientation) return damaged("EXIF says two ways to turn it");
            jpeg_.orientation = orientation, turned_ = true;
            return {};
        }
        default:
            if (marker >= 0xc3 && marker <= 0xcf)
                return unknown("lossless, hierarchical or arithmetic JPEG is not read (SOF", marker - 0xc0, ")");
            return {};
        }
    }

    // Segments by which decoders know luma and chroma from red, green and blue.
    uml::result<void> kind_of_colors(bool jfif, std::span<const std::uint8_t> body) {
        if (!names(body, jfif ? std::string_view("JFIF\0", 5) : "Adobe")) return {};
        if (scans_ > 0) return damaged("what its colours are is said behind a scan");
        if (body.size() < (jfif ? 14u : 12u)) return damaged("what its colours are is cut off");
        if (jfif && body[5] != 1) return unknown("JFIF of revision ", body[5], " is not read");
        says_luma_ = says_luma_ || jfif || body[11] != 0;
        return {};
    }

    uml::result<void> frame(int marker, std::span<const std::uint8_t> body) {
        if (jpeg_.width != 0) return damaged("two frames");
        if (body.size() < 6) return damaged("a frame is too short");
        if (body[0] != 8) return unknown(body[0], " bits a sample; JPEG is read with 8");
        const int height = body[1] << 8 | body[2], width = body[3] << 8 | body[4];
        components_ = body[5];
        if (body.size() != 6 + 3 * components_) return damaged("a frame of the wrong size");
        if (height == 0) return unknown(late_height);
        if (components_ == 4) return unknown("CMYK or another picture of four inks is not read");
        if (components_ != 1 && components_ != 3) return unknown(components_, " channels are not read");
        if (const auto r = check_size(width, height); !r) return r;
        int blocks = 0, most_across = 1, most_down = 1;
        for (std::size_t i = 0; i < components_; ++i) {
            const int across = body[7 + 3 * i] >> 4, down = body[7 + 3 * i] & 15, table = body[8 + 3 * i];
            if (across < 1 || across > 4 || down < 1 || down > 4)
                return damaged("a sampling factor is not from 1 to 4");
            if (table > 3) return damaged("a quantisation table that cannot be");
            if (find(body[6 + 3 * i], i) != i) return damaged("two channels of one name");
            parts_[i] = {.id = body[6 + 3 * i], .across = across, .down = down, .table = table};
            blocks += across * down;
            most_across = std::max(most_across, across), most_down = std::max(most_down, down);
        }
        if (components_ > 1 && blocks > 10) return damaged("more than 10 blocks a unit");
        progressive_ = marker == 0xc2;
        const auto shares = [](int pixels, int factor, int most) { return (pixels * factor + most - 1) / most; };
        for (std::size_t i = 0; i < components_; ++i) {
            jpeg_component& c = parts_[i];
            if (most_across % c.across != 0 || most_down % c.down != 0)
                return unknown("channels whose sampling is no whole fraction of the picture's are not read");
            c.width = (shares(width, c.across, most_across) + 7) / 8;
            c.height = (shares(height, c.down, most_down) + 7) / 8;
            if (progressive_) c.known.resize(static_cast<std::size_t>(c.width) * static_cast<std::size_t>(c.height));
        }
        scan_.units_across = (width + 8 * most_across - 1) / (8 * most_across);
        scan_.units_down = (height + 8 * most_down - 1) / (8 * most_down);
        scan_.progressive = progressive_;
        jpeg_.width = width, jpeg_.height = height, jpeg_.channels = static_cast<int>(components_);
        return {};
    }

    // A table lists how many codes of 1 to 16 bits there are, then a symbol for each.
    uml::result<void> huffman(std::span<const std::uint8_t> body) {
        while (!body.empty()) {
            if (body.size() < 17) return damaged("a Huffman table is too short");
            const int kind = body[0] >> 4, id = body[0] & 15;
            if (kind > 1 || id > 3) return damaged("a Huffman table that cannot be");
            std::size_t count = 0;
            std::uint32_t space = 0; // of 2^16 codes of 16 bits
            for (std::size_t bits = 1; bits <= 16; ++bits) {
                count += body[bits];
                space += std::uint32_t{body[bits]} << (16 - bits);
                if (space >= 1u << 16)
                    return damaged("a Huffman table has more codes than bits can name"); // all ones: none
            }
            if (count > 256 || count > body.size() - 17) return damaged("a Huffman table has too many codes");
            const auto symbols = body.subspan(17, count);
            if (kind == 0 && std::any_of(symbols.begin(), symbols.end(), [](std::uint8_t s) { return s > 11; }))
                return damaged("a Huffman table for brightness names more bits than there are");
            codes_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(id)].assign(body.subspan(1, 16), symbols);
            body = body.subspan(17 + count);
        }
        return {};
    }

    uml::result<void> quantisation(std::span<const std::uint8_t> body) {
        while (!body.empty()) {
            const std::size_t wide = body[0] >> 4, id = body[0] & 15, size = wide == 0 ? 65 : 129;
            if (wide > 1 || id > 3 || body.size() < size) return damaged("a quantisation table that cannot be");
            std::array<std::uint16_t, 64> steps{};
            for (std::size_t k = 0; k < 64; ++k)
                steps[k] = wide == 0 ? body[1 + k] : static_cast<std::uint16_t>(body[1 + 2 * k] << 8 | body[2 + 2 * k]);
            // Some decoders use the first one of a progressive picture, some the last.
            if (progressive_ && scans_ > 0 && steps_[id] && steps != *steps_[id])
                return damaged("a quantisation table changes between two scans");
            steps_[id] = steps;
            body = body.subspan(size);
        }
        return {};
    }

    uml::result<void> scan(std::span<const std::uint8_t> body) {
        if (jpeg_.width == 0) return damaged("a scan before the frame");
        const std::size_t count = body.empty() ? 0 : body[0];
        if (count < 1 || count > components_ || body.size() != 4 + 2 * count) return damaged("a scan that cannot be");
        const int first = body[1 + 2 * count], last = body[2 + 2 * count], bits = body[3 + 2 * count];
        const bool all_in_one = first == 0 && last == 63 && bits == 0;
        if (progressive_ ? first > last || last > 63 || (bits & 15) > 13 || (first == 0) != (last == 0) ||
                               (first > 0 && count > 1)
                         : !all_in_one)
            return damaged("a scan that cannot be");
        scan_.parts.clear();
        scan_.first = first, scan_.last = last, scan_.high = bits >> 4, scan_.low = bits & 15;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t component = find(body[1 + 2 * i], components_);
            if (component == components_) return damaged("a scan of a channel that is not there");
            const std::size_t dc = body[2 + 2 * i] >> 4, ac = body[2 + 2 * i] & 15;
            const bool needs_dc = first == 0 && (!progressive_ || bits >> 4 == 0), needs_ac = last > 0;
            if (const auto r = order(missing_[component]); !r) return r;
            if ((needs_dc && (dc > 3 || !codes_[0][dc].there())) || (needs_ac && (ac > 3 || !codes_[1][ac].there())))
                return damaged("a scan without its Huffman table");
            jpeg_component& c = parts_[component];
            const auto& steps = steps_[static_cast<std::size_t>(c.table)];
            if (!steps) return damaged("a scan without its quantisation table");
            if (needs_dc) codes_[0][dc].prepare();
            if (needs_ac) codes_[1][ac].prepare();
            scan_.parts.push_back(
                {&c, needs_dc ? &codes_[0][dc] : nullptr, needs_ac ? &codes_[1][ac] : nullptr, *steps});
        }
        if (++scans_ > most_scans) return unknown("more than ", most_scans, " scans");
        if (!progressive_ && scans_ > jpeg_.channels) return damaged("more scans than channels");
        const std::int64_t work = std::int64_t{jpeg_.width} * jpeg_.height * scans_;
        if (work > work_free + work_per_byte * static_cast<std::int64_t>(all_.size()))
            return unknown(jpeg_.width, " x ", jpeg_.height, " pixels in ", scans_, " scans from ",
                           std::uint64_t{all_.size()}, " bytes: too much work for so small a file");
        // Decoders that go by the names would see another picture than those that go by what the file says.
        const bool named = components_ == 3 && parts_[0].id == 'R' && parts_[1].id == 'G' && parts_[2].id == 'B';
        if (named && says_luma_) return damaged("channels named red, green and blue in a file that says otherwise");
        return {};
    }

    // Each number of a block comes once, or from its upper bits down a bit at a time, its mean first.
    uml::result<void> order(std::array<int, 64>& missing) const {
        if (scan_.first > 0 && missing[0] == all_bits) return damaged("scans in an order that cannot be");
        for (int k = scan_.first; k <= scan_.last; ++k) {
            int& bits = missing[static_cast<std::size_t>(k)];
            const bool next = scan_.high == 0 ? bits == all_bits : bits == scan_.high && scan_.low == scan_.high - 1;
            if (!next) return damaged("scans in an order that cannot be");
            bits = scan_.low;
        }
        return {};
    }

    // Which of the first `count` channels is called so; `count` where none is.
    [[nodiscard]] std::size_t find(int id, std::size_t count) const {
        for (std::size_t i = 0; i < count; ++i)
            if (parts_[i].id == id) return i;
        return count;
    }

    static bool names(std::span<const std::uint8_t> body, std::string_view name) {
        return body.size() >= name.size() && std::equal(name.begin(), name.end(), body.begin());
    }

    // To the next marker that is not a restart.
    void skip_entropy() {
        while (at_ + 1 < all_.size() &&
               !(all_[at_] == 0xff && all_[at_ + 1] != 0 && !(all_[at_ + 1] >= 0xd0 && all_[at_ + 1] <= 0xd7)))
            ++at_;
    }

    std::span<const std::uint8_t> all_;
    std::size_t at_ = 0, components_ = 0;
    std::array<jpeg_component, 3> parts_{};
    std::array<std::array<jpeg_code, 4>, 2> codes_{};
    std::array<std::optional<std::array<std::uint16_t, 64>>, 4> steps_{};
    jpeg_scan scan_{};
    // Low bits that no scan has given yet, by component and coefficient. A file that ends between its scans looks whole
    // and is a blurred picture, or one without its colours.
    static constexpr int all_bits = 14;
    std::array<std::array<int, 64>, 3> missing_ = [] {
        std::array<std::array<int, 64>, 3> none{};
        for (auto& component : none) component.fill(all_bits);
        return none;
    }();
    std::vector<std::span<const std::uint8_t>> profile_{};
    bool progressive_ = false, turned_ = false, says_luma_ = false;
    int scans_ = 0;
    static constexpr const char* late_height = "a picture whose height comes later (DNL) is not read";
    jpeg_facts jpeg_{};
};

} // namespace

uml::result<jpeg_facts> check_jpeg(std::span<const std::uint8_t> bytes) { return walk(bytes).run(); }

int exif_orientation(std::span<const std::uint8_t> exif) {
    if (exif.size() < 8 || exif[0] != exif[1] || (exif[0] != 'I' && exif[0] != 'M')) return 0;
    const bool little = exif[0] == 'I';
    const auto number = [&](std::size_t at, std::size_t bytes) {
        std::size_t n = 0;
        for (std::size_t i = 0; i < bytes; ++i) n = n << 8 | exif[at + (little ? bytes - 1 - i : i)];
        return n;
    };
    const std::size_t start = number(4, 4);
    if (start < 8 || start > exif.size() - 2) return 0;
    const std::size_t count = number(start, 2);
    for (std::size_t i = 0; i < count && start + 14 + 12 * i <= exif.size(); ++i) {
        const std::size_t entry = start + 2 + 12 * i;
        if (number(entry, 2) != 274) continue;
        const bool one_short = number(entry + 2, 2) == 3 && number(entry + 4, 4) == 1; // else viewers pass it over
        const std::size_t n = one_short ? number(entry + 8, 2) : 0;
        return n <= 8 ? static_cast<int>(n) : 0;
    }
    return 0;
}

} // namespace support
