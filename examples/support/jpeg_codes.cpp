#include "support/jpeg_codes.hpp"

#include "support/readers.hpp"

#include <algorithm>

namespace support {
namespace {

class walk {
public:
    walk(const jpeg_scan& scan, std::span<const std::uint8_t> bytes) : scan_(scan), bytes_(bytes) {}

    uml::result<void> run() {
        const jpeg_component& only = *scan_.parts[0].component;
        const bool alone = scan_.parts.size() == 1;
        const std::int64_t units =
            alone ? std::int64_t{only.width} * only.height : std::int64_t{scan_.units_across} * scan_.units_down;
        int turn = 0;
        for (std::int64_t unit = 0; unit < units; ++unit) {
            if (scan_.restart > 0 && unit > 0 && unit % scan_.restart == 0) {
                if (!at_marker() || bytes_.size() - at_ < 2 || bytes_[at_ + 1] != 0xd0 + turn)
                    return damaged("a restart marker is missing or out of turn");
                turn = (turn + 1) % 8, at_ += 2, count_ = 0, repeat_ = 0;
                means_.fill(0);
            }
            for (std::size_t i = 0; i < scan_.parts.size(); ++i) {
                const jpeg_component& c = *scan_.parts[i].component;
                for (int block = alone ? 1 : c.across * c.down; block > 0; --block)
                    if (!take(scan_.parts[i], i, static_cast<std::size_t>(unit))) return damaged(why_);
            }
        }
        if (!at_marker() || at_ != bytes_.size()) return damaged("more codes than blocks of pixels");
        return {};
    }

private:
    // Whether less than a byte is left before the next marker or the end.
    bool at_marker() {
        if (count_ >= 8) return false;
        return at_ == bytes_.size() || (bytes_[at_] == 0xff && at_ + 1 < bytes_.size() && bytes_[at_ + 1] != 0);
    }

    void fill() {
        while (count_ <= 24 && at_ < bytes_.size()) {
            if (bytes_[at_] == 0xff && (at_ + 1 == bytes_.size() || bytes_[at_ + 1] != 0)) return;
            buffer_ = buffer_ << 8 | bytes_[at_];
            at_ += bytes_[at_] == 0xff ? 2 : 1;
            count_ += 8;
        }
    }

    bool no(const char* why) {
        why_ = why;
        return false;
    }

    // The next `n` bits, at most 16, into `value_`.
    bool take(int n) {
        if (count_ < n) fill();
        if (count_ < n) return no(early);
        count_ -= n;
        value_ = static_cast<int>(buffer_ >> count_ & ((1u << n) - 1));
        return true;
    }

    // The symbol of the next code into `value_`.
    bool next(const jpeg_code& code) {
        if (count_ < 16) fill();
        const auto bits =
            static_cast<std::uint32_t>(count_ >= 16 ? buffer_ >> (count_ - 16) : buffer_ << (16 - count_));
        const int found = code.find(bits & 0xffff), length = found & 31;
        if (found == 0) return no(count_ < 16 ? early : "a code that its table does not have");
        if (length > count_) return no(early);
        count_ -= length;
        value_ = found >> 5;
        return true;
    }

    // A number of `n` bits, as T.81 has it (F.2.2.1), into `value_`.
    bool number(int n) {
        if (!take(n)) return false;
        if (n > 0 && value_ < 1 << (n - 1)) value_ -= (1 << n) - 1;
        return true;
    }

    // Times its quantisation a number is at most some 1500, of encoders that sharpen; decoders overflow in their own
    // ways.
    bool plausible(const jpeg_scan::part& p, int k, int value) {
        constexpr std::int64_t most = 1 << 13;
        const std::int64_t size = (std::int64_t{value} << scan_.low) * p.steps[static_cast<std::size_t>(k)];
        return (size <= most && size >= -most) || no("a number that no block of 8 bits has");
    }

    bool take(const jpeg_scan::part& p, std::size_t part, std::size_t block) {
        if (scan_.progressive && scan_.first > 0)
            return scan_.high == 0 ? first_detail(p, block) : more_detail(p, block);
        if (scan_.high > 0) return take(1);
        if (!next(*p.mean) || !number(value_)) return false;
        means_[part] += value_;
        return plausible(p, 0, means_[part]) && (scan_.progressive || all_detail(p));
    }

    bool all_detail(const jpeg_scan::part& p) {
        for (int k = 1; k <= 63; ++k) {
            if (!next(*p.detail)) return false;
            const int zeros = value_ >> 4, bits = value_ & 15;
            if (bits == 0 && zeros < 15) return true;
            k += zeros;
            if (k > 63) return no(beyond);
            if (bits > 0 && (!number(bits) || !plausible(p, k, value_))) return false;
        }
        return true;
    }

    bool first_detail(const jpeg_scan::part& p, std::size_t block) {
        if (repeat_ > 0) {
            --repeat_;
            return true;
        }
        for (int k = scan_.first; k <= scan_.last; ++k) {
            if (!next(*p.detail)) return false;
            const int zeros = value_ >> 4, bits = value_ & 15;
            if (bits == 0 && zeros < 15) {
                if (!blocks_that_end(zeros)) return false;
                --repeat_;
                return true;
            }
            k += zeros;
            if (k > scan_.last) return no(beyond);
            if (bits == 0) continue;
            if (!number(bits) || !plausible(p, k, value_)) return false;
            p.component->known[block] |= std::uint64_t{1} << k;
        }
        return true;
    }

    bool more_detail(const jpeg_scan::part& p, std::size_t block) {
        std::uint64_t& known = p.component->known[block];
        int k = scan_.first;
        while (repeat_ == 0 && k <= scan_.last) {
            if (!next(*p.detail)) return false;
            int zeros = value_ >> 4;
            const int bits = value_ & 15;
            if (bits > 1) return no("a code that its table does not have");
            if (bits == 0 && zeros < 15) {
                if (!blocks_that_end(zeros)) return false;
                break;
            }
            if (bits == 1 && !take(1)) return false;
            for (; k <= scan_.last; ++k) { // over as many zeros, with a bit for all that are none
                if ((known >> k & 1) == 0 && zeros-- == 0) break;
                if ((known >> k & 1) != 0 && !take(1)) return false;
            }
            if (k > scan_.last) return no(beyond);
            known |= static_cast<std::uint64_t>(bits) << k++;
        }
        if (repeat_ == 0) return true;
        for (--repeat_; k <= scan_.last; ++k)
            if ((known >> k & 1) != 0 && !take(1)) return false;
        return true;
    }

    // This block and some that follow have no further detail.
    bool blocks_that_end(int bits) {
        if (!take(bits)) return false;
        repeat_ = (1 << bits) + value_;
        return true;
    }

    static constexpr const char* early = "the codes of its pixels end too early";
    static constexpr const char* beyond = "a block of more than 64 numbers";

    const jpeg_scan& scan_;
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint64_t buffer_ = 0;
    int count_ = 0, value_ = 0, repeat_ = 0;
    std::array<int, 3> means_{};
    const char* why_ = "";
};

} // namespace

void jpeg_code::assign(std::span<const std::uint8_t> counts, std::span<const std::uint8_t> symbols) {
    counts_.assign(counts.begin(), counts.end());
    symbols_.assign(symbols.begin(), symbols.end());
    table_.clear();
}

void jpeg_code::prepare() {
    if (!table_.empty()) return;
    table_.resize(std::size_t{1} << 16);
    std::size_t at = 0, symbol = 0;
    for (std::size_t bits = 1; bits <= 16; ++bits)
        for (int n = counts_[bits - 1]; n > 0; --n, ++symbol)
            for (std::size_t i = std::size_t{1} << (16 - bits); i > 0; --i)
                table_[at++] = static_cast<std::uint16_t>(symbols_[symbol] << 5 | static_cast<int>(bits));
}

uml::result<void> check_codes(const jpeg_scan& scan, std::span<const std::uint8_t> bytes) {
    return walk(scan, bytes).run();
}

} // namespace support
