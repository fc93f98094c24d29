// TIFF (Adobe, revision 6.0, and BigTIFF): its one directory and where its strips lie, before libtiff sees the file,
// which mends on its own what is missing or contradicts itself.
#include "support/readers.hpp"

#include <algorithm>
#include <utility>

namespace support {
namespace {

class walk {
public:
    explicit walk(std::span<const std::uint8_t> bytes) : all_(bytes) {}

    uml::result<tiff_facts> run() {
        little_ = all_[0] == 'I';
        const bool big = number(2, 2) == 43;
        const std::uint64_t word = big ? 8 : 4, field = big ? 8 : 2, entry = big ? 20 : 12;
        if (all_.size() < 16 || (big && (number(4, 2) != 8 || number(6, 2) != 0))) return damaged(cut);
        const std::uint64_t start = number(big ? 8 : 4, word);
        if (!inside(start, field)) return damaged(cut);
        const std::uint64_t count = number(start, field);
        if (count > all_.size() / entry || !inside(start + field, count * entry + word)) return damaged(cut);
        for (std::uint64_t i = 0; i < count; ++i)
            if (const auto r = take(start + field + i * entry, word); !r) return r.error();
        if (several_ || number(start + field + count * entry, word) != 0)
            return unknown("several pictures in one TIFF file");
        if (const auto r = meaning(); !r) return r.error();
        if (const auto r = strips(); !r) return r.error();
        put_plain();
        return std::move(tiff_);
    }

private:
    [[nodiscard]] bool inside(std::uint64_t at, std::uint64_t bytes) const {
        return at <= all_.size() && bytes <= all_.size() - at;
    }

    [[nodiscard]] std::uint64_t number(std::uint64_t at, std::uint64_t bytes) const {
        std::uint64_t n = 0;
        for (std::uint64_t i = 0; i < bytes; ++i) n = n << 8 | all_[at + (little_ ? bytes - 1 - i : i)];
        return n;
    }

    // One entry of the directory: its numbers, where the tag is one that matters here.
    uml::result<void> take(std::uint64_t at, std::uint64_t word) {
        const auto tag = static_cast<int>(number(at, 2)), type = static_cast<int>(number(at + 2, 2));
        const std::uint64_t count = number(at + 4, word);
        if (tag == 34675) {
            if (std::exchange(profiled_, true)) return damaged("tag ", tag, " twice");
            if (const std::uint64_t from = number(at + 4 + word, word); inside(from, count))
                tiff_.profile = read_profile(all_.subspan(from, count));
        }
        // Pictures within this one, which may be the larger ones, and slices of a volume.
        several_ = several_ || tag == 330 || (tag == 32997 && number(at + 4 + word, type == 3 ? 2 : 4) > 1);
        std::vector<std::uint64_t>* const to = place(tag);
        if (to == nullptr) return {};
        if (!to->empty()) return damaged("tag ", tag, " twice");
        const std::uint64_t size = type == 3 ? 2 : type == 4 ? 4 : type == 16 ? 8 : 0;
        if (size == 0 || count == 0 || count > std::min(all_.size() / size, most_numbers))
            return damaged("tag ", tag, " is no number");
        const std::uint64_t from = count * size <= word ? at + 4 + word : number(at + 4 + word, word);
        if (!inside(from, count * size)) return damaged(cut);
        for (std::uint64_t i = 0; i < count; ++i) to->push_back(number(from + i * size, size));
        return {};
    }

    std::vector<std::uint64_t>* place(int tag) {
        for (tag_values& f : fields_)
            if (f.tag == tag) return &f.values;
        return nullptr;
    }

    // The one number of a tag; `otherwise` where the file has none, a number that nothing allows where it has several.
    std::uint64_t one(int tag, std::uint64_t otherwise) {
        const auto& values = *place(tag);
        return values.empty() ? otherwise : values.size() > 1 ? ~std::uint64_t{0} : values[0];
    }

    uml::result<void> meaning() {
        const std::uint64_t width = one(256, 0), height = one(257, 0), most = std::uint64_t{1} << 32;
        if (width >= most || height >= most) return damaged("its size is no number");
        if (const auto r = check_size(static_cast<std::int64_t>(width), static_cast<std::int64_t>(height)); !r)
            return r;
        constexpr std::uint64_t missing = 1 << 16;
        const std::uint64_t color = one(262, missing), bits = one(258, 1), kind = one(339, 1);
        if (color == missing) return damaged("it does not say whether 0 is black or white");
        if (one(277, 1) != 1 || color > 1 || !place(338)->empty())
            return unknown("TIFF is read where it is grey, without colours and transparency");
        for (const int tag : {258, 259, 266, 317, 339})
            if (place(tag)->size() > 1) return damaged("tag ", tag, " has several numbers");
        if ((bits != 8 && bits != 16) || kind != 1)
            return unknown("TIFF is read with whole numbers of 8 or 16 bits; this one has ", bits, " bits",
                           kind == 1 ? "" : " of another kind");
        if (!place(322)->empty() || !place(324)->empty()) return unknown("TIFF in tiles is not read");
        const std::uint64_t packing = one(259, 1);
        packing_ = packing == 32946 ? deflate : packing; // its number before it had one
        if (packing_ != plain && packing_ != packbits && packing_ != lzw && packing_ != deflate)
            return unknown("TIFF of compression ", packing, " is not read");
        const std::uint64_t predictor = one(317, 1);
        if (predictor != 1 && (predictor != 2 || packing_ == plain || packing_ == packbits))
            return unknown("TIFF of predictor ", predictor, " is not read with compression ", packing);
        if (one(266, 1) != 1) return unknown("TIFF with its bits in reverse is not read");
        const std::uint64_t orientation = one(274, 1);
        tiff_.width = static_cast<int>(width), tiff_.height = static_cast<int>(height);
        tiff_.depth = static_cast<int>(bits), tiff_.white_is_zero = color == 0;
        tiff_.orientation = orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
        return {};
    }

    uml::result<void> strips() {
        const auto height = static_cast<std::uint64_t>(tiff_.height);
        const auto row = static_cast<std::uint64_t>(tiff_.width) * static_cast<std::uint64_t>(tiff_.depth / 8);
        const std::uint64_t rows = std::min(one(278, height), height);
        const auto &offsets = *place(273), &sizes = *place(279);
        if (rows == 0 || offsets.size() != (height + rows - 1) / rows || sizes.size() != offsets.size())
            return damaged("another number of strips than its size needs");
        std::uint64_t left = all_.size(); // work is bounded by the file's size
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            if (!inside(offsets[i], sizes[i])) return damaged("a strip lies outside the file");
            if (sizes[i] > left) return damaged("strips lie in each other");
            left -= sizes[i];
            const std::uint64_t held = row * std::min(rows, height - i * rows);
            // Some programs fill the last strip up.
            if (packing_ == plain && sizes[i] != held && (i + 1 < offsets.size() || sizes[i] != row * rows))
                return damaged("a strip of ", sizes[i], " bytes, where its rows have ", held);
            if (const auto r = codes(all_.subspan(offsets[i], sizes[i]), row, held / row); !r) return r;
        }
        return {};
    }

    // Whether a strip has exactly the codes that its rows need.
    [[nodiscard]] uml::result<void> codes(std::span<const std::uint8_t> strip, std::uint64_t row,
                                          std::uint64_t rows) const {
        if (packing_ == packbits) return check_packbits(strip, row, rows);
        if (packing_ == lzw) return check_lzw(strip, row * rows);
        return packing_ == deflate ? check_zlib(strip, row * rows) : uml::result<void>();
    }

    void put(std::uint64_t n, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i)
            tiff_.plain.push_back(static_cast<std::uint8_t>(n >> 8 * (little_ ? i : bytes - 1 - i)));
    }

    // A classic file in the same order of bytes: strips, a directory, the strips' places and sizes where they are many.
    void put_plain() {
        const auto &offsets = *place(273), &sizes = *place(279);
        const std::uint64_t many = offsets.size();
        std::uint64_t end = 8, start = 8;
        for (const std::uint64_t size : sizes) end += size;
        const std::uint64_t tags = 10, behind = end + 2 + 12 * tags + 4;
        tiff_.plain.reserve(static_cast<std::size_t>(behind + 8 * many));
        tiff_.plain.assign(2, static_cast<std::uint8_t>(little_ ? 'I' : 'M'));
        put(42, 2), put(end, 4);
        for (std::size_t i = 0; i < many; ++i) {
            const auto strip = all_.subspan(offsets[i], sizes[i]);
            tiff_.plain.insert(tiff_.plain.end(), strip.begin(), strip.end());
        }
        const auto tag = [&](std::uint64_t which, std::uint64_t count, std::uint64_t value) {
            put(which, 2), put(4, 2), put(count, 4), put(value, 4);
        };
        const auto number = [](int n) { return static_cast<std::uint64_t>(n); };
        put(tags, 2);
        tag(256, 1, number(tiff_.width)), tag(257, 1, number(tiff_.height)), tag(258, 1, number(tiff_.depth));
        tag(259, 1, packing_), tag(262, 1, 1);
        tag(273, many, many == 1 ? start : behind), tag(277, 1, 1);
        tag(278, 1, std::min(one(278, number(tiff_.height)), number(tiff_.height)));
        tag(279, many, many == 1 ? sizes[0] : behind + 4 * many), tag(317, 1, one(317, 1));
        put(0, 4);
        if (many == 1) return;
        for (const std::uint64_t size : sizes) put(start, 4), start += size;
        for (const std::uint64_t size : sizes) put(size, 4);
    }

    static constexpr std::size_t most_numbers = 32768; // of a tag: strips of a row each
    static constexpr const char* cut = "not the TIFF that its header promises";

    struct tag_values {
        int tag;
        std::vector<std::uint64_t> values{};
    };

    std::span<const std::uint8_t> all_;
    static constexpr std::uint64_t plain = 1, lzw = 5, deflate = 8, packbits = 32773; // how strips are packed
    std::uint64_t packing_ = plain;
    bool little_ = true, several_ = false, profiled_ = false;
    // Size, bits, packing, black or white, order of bits, strips, way up, samples, rows of a strip, bytes of strips,
    // predictor, tiles, transparency, kind of numbers.
    std::array<tag_values, 16> fields_{{{256},
                                        {257},
                                        {258},
                                        {259},
                                        {262},
                                        {266},
                                        {273},
                                        {274},
                                        {277},
                                        {278},
                                        {279},
                                        {317},
                                        {322},
                                        {324},
                                        {338},
                                        {339}}};
    tiff_facts tiff_{};
};

} // namespace

uml::result<tiff_facts> check_tiff(std::span<const std::uint8_t> bytes) { return walk(bytes).run(); }

} // namespace support
