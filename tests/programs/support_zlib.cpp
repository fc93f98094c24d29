// zlib streams by hand: what check_zlib takes for whole, and every way in which one is not.
#include "support/readers.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

using namespace support;

namespace {

using bytes = std::vector<std::uint8_t>;

/// Bits of a stream behind its header; numbers come lowest bit first, codes highest bit first (RFC 1951, 3.1.1).
class writer {
public:
    writer() { raw({0x78, 0x01}); }
    writer& number(unsigned value, int count) {
        for (int i = 0; i < count; ++i) put(value >> i & 1);
        return *this;
    }
    writer& code(unsigned value, int count) {
        for (int i = count - 1; i >= 0; --i) put(value >> i & 1);
        return *this;
    }
    /// Of the fixed codes.
    writer& symbol(unsigned s) {
        if (s < 144) return code(0x30 + s, 8);
        if (s < 256) return code(0x190 + s - 144, 9);
        return s < 280 ? code(s - 256, 7) : code(0xc0 + s - 280, 8);
    }
    writer& raw(std::initializer_list<int> all) {
        bits_ = 0;
        for (const int b : all) out_.push_back(static_cast<std::uint8_t>(b));
        return *this;
    }
    /// The stream, with the checksum of what it should hold.
    [[nodiscard]] bytes stream(const bytes& held) const {
        bytes all = out_;
        std::uint32_t a = 1, b = 0;
        for (const std::uint8_t byte : held) a = (a + byte) % 65521, b = (b + a) % 65521;
        for (const std::uint32_t n : {b >> 8, b, a >> 8, a}) all.push_back(static_cast<std::uint8_t>(n));
        return all;
    }

private:
    void put(unsigned bit) {
        if (bits_ == 0) out_.push_back(0);
        out_.back() = static_cast<std::uint8_t>(out_.back() | bit << bits_);
        bits_ = (bits_ + 1) % 8;
    }
    bytes out_;
    int bits_ = 0;
};

writer fixed() { return writer().number(1, 1).number(1, 2); }

std::string said(const bytes& stream, std::uint64_t wanted) {
    const auto r = check_zlib(stream, wanted);
    return r ? "" : std::string(r.error().what.view());
}

const std::string broken = "damaged: its packed pixels cannot be unpacked";
const std::string wrong = "damaged: the checksum of its pixels is wrong";

/// A block with codes of its own: `lengths` of the symbols 0, 1, ... and of 256, and of one distance.
writer own(const std::vector<unsigned>& lengths, unsigned of_end, unsigned of_distance) {
    writer w = writer().number(1, 1).number(2, 2).number(0, 5).number(0, 5).number(15, 4);
    for (const int symbol : {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15})
        w.number(symbol < 16 ? 4 : 0, 3); // lengths 0 to 15 are codes of four bits
    for (std::size_t i = 0; i < 256; ++i) w.code(i < lengths.size() ? lengths[i] : 0, 4);
    return w.code(of_end, 4).code(of_distance, 4);
}

} // namespace

TEST_CASE("zlib: blocks of every kind") {
    CHECK(said(writer().number(1, 1).number(0, 2).raw({2, 0, 0xfd, 0xff, 7, 9}).stream({7, 9}), 2) == "");
    CHECK(said(fixed().symbol(7).symbol(200).symbol(256).stream({7, 200}), 2) == "");
    // 7 and then the last byte again three times; the last two twice, by distance 2.
    CHECK(said(fixed().symbol(7).symbol(257).code(0, 5).symbol(256).stream({7, 7, 7, 7}), 4) == "");
    CHECK(said(fixed().symbol(7).symbol(8).symbol(258).code(1, 5).symbol(256).stream({7, 8, 7, 8, 7, 8}), 6) == "");
    CHECK(said(fixed().symbol(7).symbol(265).number(1, 1).code(0, 5).symbol(256).stream(bytes(13, 7)), 13) == "");
    CHECK(said(fixed().symbol(7).symbol(285).code(0, 5).symbol(256).stream(bytes(259, 7)), 259) == "");
    // Codes of 1 to 15 bits: that of symbol n is n ones and a zero.
    std::vector<unsigned> lengths;
    for (unsigned n = 1; n <= 15; ++n) lengths.push_back(n);
    const auto ones = [](int n) { return (1u << (n + 1)) - 2; };
    writer w = own(lengths, 15, 1);
    bytes held;
    for (int n = 0; n < 14; ++n) w.code(ones(n), n + 1), held.push_back(static_cast<std::uint8_t>(n));
    w.code(0x7ffe, 15), held.push_back(14);
    CHECK(said(w.code(0x7fff, 15).stream(held), 15) == "");
}

TEST_CASE("zlib: sums that would overflow") {
    bytes held(32768, 255);
    writer w = writer().number(1, 1).number(0, 2).raw({0x00, 0x80, 0xff, 0x7f});
    for (std::size_t i = 0; i < held.size(); ++i) w.raw({255});
    CHECK(said(w.stream(held), held.size()) == "");
    held.push_back(255);
    writer two = writer().number(0, 1).number(0, 2).raw({0x00, 0x80, 0xff, 0x7f});
    for (std::size_t i = 0; i < 32768; ++i) two.raw({255});
    two.number(1, 1).number(1, 2).symbol(255).symbol(256);
    CHECK(said(two.stream(held), held.size()) == "");
    // The copy of what lies as far back as can be.
    writer far = writer().number(0, 1).number(0, 2).raw({0x00, 0x80, 0xff, 0x7f, 1, 2, 3});
    for (std::size_t i = 3; i < 32768; ++i) far.raw({255});
    far.number(1, 1).number(1, 2).symbol(257).code(29, 5).number(8191, 13).symbol(256);
    held.assign({1, 2, 3});
    held.resize(32768, 255);
    held.insert(held.end(), {1, 2, 3});
    CHECK(said(far.stream(held), held.size()) == "");
}

TEST_CASE("zlib: what is not whole") {
    const bytes good = fixed().symbol(7).symbol(256).stream({7});
    REQUIRE(said(good, 1) == "");
    for (std::size_t length = 0; length < good.size(); ++length)
        CHECK(said({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)}, 1) == broken);
    for (std::size_t i = good.size() - 4; i < good.size(); ++i) {
        bytes other = good;
        other[i] ^= 1;
        CHECK(said(other, 1) == wrong);
    }
    CHECK(said(good, 0) == "damaged: more rows of pixels than its header says");
    CHECK(said(good, 2) == "damaged: fewer rows of pixels than its header says");
    for (const auto& [method, flags] : {std::pair{0x78, 0x02}, {0x79, 0x1f}, {0x88, 0x1c}, {0x78, 0x20}}) {
        bytes other = good; // no check bits, another method, a window too large, words known before
        other[0] = static_cast<std::uint8_t>(method), other[1] = static_cast<std::uint8_t>(flags);
        CHECK(said(other, 1) == broken);
    }
    bytes known = good;
    known[1] = 0xbb; // with right check bits
    CHECK(said(known, 1) == broken);
    CHECK(said(writer().number(1, 1).number(3, 2).stream({}), 0) == broken);
    CHECK(said(writer().number(1, 1).number(0, 2).raw({1, 0, 0xff, 0xff, 7}).stream({7}), 1) == broken);
    CHECK(said(fixed().symbol(7).symbol(257).code(1, 5).symbol(256).stream({7, 7, 7, 7}), 4) == broken); // too far back
    CHECK(said(fixed().symbol(7).symbol(257).code(30, 5).symbol(256).stream({7, 7, 7, 7}), 4) == broken);
    CHECK(said(fixed().symbol(286).symbol(256).stream({}), 0) == broken);
    CHECK(said(own({1, 2}, 0, 1).code(0, 1).stream({0}), 1) == broken);            // a block without an end
    CHECK(said(own({1, 1}, 1, 1).code(0, 1).code(1, 1).stream({0}), 1) == broken); // more codes than bits can name
    CHECK(said(own({2, 2}, 2, 1).code(0, 2).code(2, 2).stream({0}), 1) == broken); // fewer
    CHECK(said(own({1, 2}, 2, 1).code(0, 1).code(3, 2).stream({0}), 1) == "");
    CHECK(said(own({1, 2}, 2, 0).code(0, 1).code(3, 2).stream({0}), 1) == ""); // no distance is needed
}
