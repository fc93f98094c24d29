// zlib streams (RFC 1950, 1951), walked to their end. A decoder of pictures stops when it has its pixels: before rows
// that its header does not promise, and before the checksum of all rows.
#include "support/readers.hpp"

#include <algorithm>

namespace support {
namespace {

class bit_source {
public:
    explicit bit_source(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    /// The next `n` bits, at most 16, zeros behind the end; the first one is the lowest.
    std::uint32_t peek(int n) {
        for (; count_ <= 48 && at_ < bytes_.size(); count_ += 8) buffer_ |= std::uint64_t{bytes_[at_++]} << count_;
        return static_cast<std::uint32_t>(buffer_ & ((std::uint64_t{1} << n) - 1));
    }
    /// Leaves `n` bits behind, which were looked at; false where there are fewer.
    bool drop(int n) {
        if (n > count_) return false;
        buffer_ >>= n, count_ -= n;
        return true;
    }
    /// `n` bits, at most 16, or -1 where there are fewer.
    int take(int n) {
        const std::uint32_t bits = peek(n);
        return drop(n) ? static_cast<int>(bits) : -1;
    }
    void to_byte() { (void)drop(count_ % 8); }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint64_t buffer_ = 0;
    int count_ = 0;
};

// A table for codes of up to 10 bits, and a search among the longer ones: a file may change its codes every few bytes.
class prefix_code {
public:
    /// False for lengths that are no code. As zlib has it, only a code of one bit or of none may leave bits unused.
    bool build(std::span<const std::uint8_t> lengths) {
        count_.fill(0);
        for (const std::uint8_t n : lengths) ++count_[n];
        int left = 1, longest = 0;
        std::array<int, 16> code{}, place{};
        for (std::size_t n = 1; n < 16; ++n) {
            code[n] = first_[n] = (code[n - 1] + (n > 1 ? count_[n - 1] : 0)) * 2;
            place[n] = start_[n] = place[n - 1] + (n > 1 ? count_[n - 1] : 0);
            left = left * 2 - count_[n];
            if (left < 0) return false;
            if (count_[n] > 0) longest = static_cast<int>(n);
        }
        if (left > 0 && longest > 1) return false;
        table_.fill(0);
        for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
            const std::size_t n = lengths[symbol];
            if (n == 0) continue;
            sorted_[static_cast<std::size_t>(place[n]++)] = static_cast<std::uint16_t>(symbol);
            std::size_t reversed = 0;
            for (int bit = 0, value = code[n]++; bit < static_cast<int>(n); ++bit, value /= 2)
                reversed = reversed * 2 + static_cast<std::size_t>(value % 2);
            for (std::size_t i = reversed; n <= table_bits && i < table_.size(); i += std::size_t{1} << n)
                table_[i] = static_cast<std::uint16_t>(symbol << 4 | n);
        }
        return true;
    }
    /// The next symbol, or -1 for bits that are none.
    int next(bit_source& in) const {
        const std::uint32_t bits = in.peek(15);
        if (const int found = table_[bits % table_.size()]; found != 0) return in.drop(found & 15) ? found >> 4 : -1;
        int code = 0;
        for (std::size_t n = 1; n < 16; ++n) {
            code = code * 2 + static_cast<int>(bits >> (n - 1) & 1);
            const int i = code - first_[n];
            if (i >= 0 && i < count_[n])
                return in.drop(static_cast<int>(n)) ? sorted_[static_cast<std::size_t>(start_[n] + i)] : -1;
        }
        return -1;
    }

private:
    static constexpr std::size_t table_bits = 10;
    std::array<std::uint16_t, 1 << table_bits> table_{}; // by the next bits: symbol and length
    std::array<int, 16> count_{}, first_{}, start_{};    // by length: how many, the first code, its place among all
    std::array<std::uint16_t, 288> sorted_{};
};

class inflater {
public:
    inflater(std::span<const std::uint8_t> stream, std::uint64_t wanted, std::vector<std::uint8_t>* kept = nullptr)
        : in_(stream), wanted_(wanted), kept_(kept) {}

    uml::result<void> run() {
        const int method = in_.take(8), flags = in_.take(8);
        if (flags < 0 || (method & 15) != 8 || method >> 4 > 7 || (method * 256 + flags) % 31 != 0 || (flags & 32) != 0)
            return broken();
        for (bool last = false; !last;) {
            last = in_.take(1) == 1;
            const int kind = in_.take(2);
            if (!(kind == 0 ? stored() : kind == 1 ? by_fixed() : kind == 2 && by_own())) {
                if (total_ > wanted_) return damaged("more rows of pixels than its header says");
                return broken();
            }
        }
        if (total_ < wanted_ && kept_ == nullptr) return damaged("fewer rows of pixels than its header says");
        sum(total_ % window_.size());
        in_.to_byte();
        const int high = in_.take(16), low = in_.take(16);
        const auto swapped = [](int n) { return static_cast<std::uint32_t>((n & 255) << 8 | n >> 8); };
        if (low < 0) return broken();
        if (swapped(high) != high_ || swapped(low) != low_) return damaged("the checksum of its pixels is wrong");
        return {};
    }

private:
    static uml::error broken() { return damaged("its packed pixels cannot be unpacked"); }

    bool put(std::uint8_t byte) {
        window_[total_ % window_.size()] = byte;
        if (kept_ != nullptr) kept_->push_back(byte);
        if (++total_ % window_.size() == 0) sum(window_.size());
        return total_ <= wanted_;
    }

    // Adler-32 of the window's first bytes, taken together as long as no sum can overflow.
    void sum(std::size_t count) {
        for (std::size_t i = 0; i < count;) {
            for (const std::size_t end = std::min(count, i + 5552); i < end; ++i) low_ += window_[i], high_ += low_;
            low_ %= 65521, high_ %= 65521;
        }
    }

    bool stored() {
        in_.to_byte();
        const int size = in_.take(16), inverse = in_.take(16);
        if (inverse < 0 || (size ^ inverse) != 0xffff) return false;
        for (int i = 0; i < size; ++i) {
            const int byte = in_.take(8);
            if (byte < 0 || !put(static_cast<std::uint8_t>(byte))) return false;
        }
        return true;
    }

    bool by_fixed() {
        std::array<std::uint8_t, 288> lengths{};
        for (std::size_t i = 0; i < 288; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
        std::array<std::uint8_t, 32> distances{};
        distances.fill(5);
        return lengths_.build(lengths) && distances_.build(distances) && codes();
    }

    bool by_own() {
        const int many = in_.take(5) + 257, far = in_.take(5) + 1, own = in_.take(4) + 4;
        if (many > 286 || far > 30 || own < 4) return false;
        constexpr std::array<std::uint8_t, 19> order{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
        std::array<std::uint8_t, 19> first{};
        for (std::size_t i = 0; i < static_cast<std::size_t>(own); ++i) {
            const int n = in_.take(3);
            if (n < 0) return false;
            first[order[i]] = static_cast<std::uint8_t>(n);
        }
        if (!lengths_.build(first)) return false;
        std::array<std::uint8_t, 286 + 30> all{};
        const auto count = static_cast<std::size_t>(many + far);
        for (std::size_t i = 0; i < count;) {
            const int symbol = lengths_.next(in_);
            if (symbol < 0 || (symbol == 16 && i == 0)) return false;
            const int more = symbol < 16 ? 0 : in_.take(symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
            const auto times = static_cast<std::size_t>(more + (symbol < 16 ? 1 : symbol < 18 ? 3 : 11));
            if (more < 0 || times > count - i) return false;
            std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(i), times,
                        symbol < 16    ? static_cast<std::uint8_t>(symbol)
                        : symbol == 16 ? all[i - 1]
                                       : std::uint8_t{0});
            i += times;
        }
        const std::span lengths(all.data(), count);
        return all[256] != 0 && lengths_.build(lengths.first(static_cast<std::size_t>(many))) &&
               distances_.build(lengths.subspan(static_cast<std::size_t>(many))) && codes();
    }

    bool codes() {
        constexpr std::array<std::uint16_t, 29> length{3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
        constexpr std::array<std::uint16_t, 30> distance{1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                                         33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                                         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
        for (;;) {
            const int symbol = lengths_.next(in_);
            if (symbol < 0 || symbol > 285) return false;
            if (symbol == 256) return true;
            if (symbol < 256) {
                if (!put(static_cast<std::uint8_t>(symbol))) return false;
                continue;
            }
            const int more = symbol < 265 || symbol == 285 ? 0 : in_.take((symbol - 261) / 4);
            const int far = distances_.next(in_);
            if (more < 0 || far < 0 || far > 29) return false;
            const int further = far < 4 ? 0 : in_.take((far - 2) / 2);
            const auto back = static_cast<std::uint64_t>(distance[static_cast<std::size_t>(far)] + further);
            if (further < 0 || back > total_) return false;
            for (int n = length[static_cast<std::size_t>(symbol - 257)] + more; n > 0; --n)
                if (!put(window_[(total_ - back) % window_.size()])) return false;
        }
    }

    bit_source in_;
    std::uint64_t wanted_, total_ = 0;
    std::vector<std::uint8_t>* kept_;
    std::uint32_t low_ = 1, high_ = 0;
    prefix_code lengths_{}, distances_{};
    std::vector<std::uint8_t> window_ = std::vector<std::uint8_t>(std::size_t{1} << 15);
};

} // namespace

uml::result<void> check_zlib(std::span<const std::uint8_t> stream, std::uint64_t wanted) {
    return inflater(stream, wanted).run();
}

std::optional<std::vector<std::uint8_t>> unpack_zlib(std::span<const std::uint8_t> stream, std::uint64_t most) {
    std::vector<std::uint8_t> kept;
    if (!inflater(stream, most, &kept).run()) return {};
    return kept;
}

} // namespace support
