// JPEG and TIFF: what is read, and what is refused before a decoder sees it. Also run with stb_image alone.
#include "programs/png_maker.hpp"
#include "support/files.hpp"
#include "support/picture.hpp"
#include "support/raster.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace support;

namespace {

file_bytes seed(const char* name) {
    const auto bytes = read_file(std::string(UML_SOURCE_DIR "/tests/fuzz/seeds/picture/") + name, most_file_bytes);
    if (!bytes) FAIL(bytes.error().what.view());
    return *bytes;
}

std::string complaint(const file_bytes& file) {
    const auto p = decode_picture(file);
    return p ? "" : std::string(p.error().what.view());
}

// Where a marker stands, from `from` on.
std::size_t find(const file_bytes& file, int marker, std::size_t from = 2) {
    for (std::size_t i = from; i + 1 < file.size(); ++i)
        if (file[i] == 0xff && file[i + 1] == marker) return i;
    FAIL("no such marker");
    return 0;
}

// With this orientation, behind the first marker.
file_bytes turned(file_bytes file, int orientation) {
    const file_bytes exif = make_exif(orientation);
    file_bytes segment{0xff, 0xe1, 0, static_cast<std::uint8_t>(exif.size() + 8), 'E', 'x', 'i', 'f', 0, 0};
    segment.insert(segment.end(), exif.begin(), exif.end());
    file.insert(file.begin() + 2, segment.begin(), segment.end());
    return file;
}

} // namespace

TEST_CASE("JPEG: grey and colour, baseline and progressive") {
    const auto grey = decode_picture(seed("grey.jpg"));
    REQUIRE(grey);
    REQUIRE(grey->height == 16);
    REQUIRE(grey->width == 24);
    REQUIRE(grey->channels == 1);
    for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 24; ++x)
            if (x * 10 + y * 5 < 240) CHECK(std::abs(*grey->at(y, x) - (x * 10 + y * 5)) <= 24);
    for (const char* name : {"color.jpg", "progressive.jpg"}) {
        const auto p = decode_picture(seed(name));
        REQUIRE(p);
        CHECK(p->channels == 3);
        CHECK(p->width == 24);
    }
}

TEST_CASE("JPEG: EXIF turns it upright") {
    const auto plain = decode_picture(seed("grey.jpg"));
    const auto right = decode_picture(turned(seed("grey.jpg"), 6));
    REQUIRE(right);
    REQUIRE(right->height == 24);
    REQUIRE(right->width == 16);
    for (int y = 0; y < 24; ++y)
        for (int x = 0; x < 16; ++x) CHECK(*right->at(y, x) == *plain->at(15 - x, y));
    CHECK(decode_picture(turned(turned(seed("grey.jpg"), 6), 6))->data == right->data);
    CHECK(complaint(turned(turned(seed("grey.jpg"), 6), 1)) == "damaged: EXIF says two ways to turn it");
}

TEST_CASE("JPEG: what is not read says so") {
    CHECK(complaint(seed("cmyk.jpg")) == "CMYK or another picture of four inks is not read");
    file_bytes file = seed("grey.jpg");
    const std::size_t frame = find(file, 0xc0);
    file[frame + 4] = 12;
    CHECK(complaint(file) == "12 bits a sample; JPEG is read with 8");
    file[frame + 4] = 8, file[frame + 1] = 0xc9;
    CHECK(complaint(file) == "lossless, hierarchical or arithmetic JPEG is not read (SOF9)");
    file[frame + 1] = 0xc0, file[frame + 5] = 0x9c, file[frame + 6] = 0x40;
    CHECK(complaint(file) == "24 x 40000 pixels; at most 32768 on a side and 33554432 in all are read");
    file[frame + 5] = 0x40, file[frame + 6] = 0, file[frame + 7] = 8,
                 file[frame + 8] = 0; // 2048 x 16384 from 300 bytes
    CHECK(complaint(file).find("too much work for so small a file") != std::string::npos);
}

TEST_CASE("JPEG: tables that overrun a decoder's and scans without end are refused") {
    CHECK(complaint(seed("table-overrun.jpg")) == "damaged: a Huffman table has too many codes");
    file_bytes file = seed("grey.jpg");
    const std::size_t table = find(file, 0xc4);
    file[table + 5] = 3;
    CHECK(complaint(file) == "damaged: a Huffman table has more codes than bits can name");
    // The last scan over and over.
    const file_bytes progressive = seed("progressive.jpg");
    std::size_t last = find(progressive, 0xda);
    for (std::size_t i = last + 2; i + 1 < progressive.size(); ++i)
        if (progressive[i] == 0xff && progressive[i + 1] == 0xda) last = i;
    file_bytes many(progressive.begin(), progressive.end() - 2);
    for (int n = 0; n < 10000; ++n)
        many.insert(many.end(), progressive.begin() + static_cast<std::ptrdiff_t>(last), progressive.end() - 2);
    many.insert(many.end(), progressive.end() - 2, progressive.end());
    const auto start = std::chrono::steady_clock::now();
    CHECK(complaint(many) == "damaged: scans in an order that cannot be"); // of so many in order: kinds.tsv
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

TEST_CASE("JPEG: a height that the codes cannot fill is refused") {
    file_bytes file = seed("grey.jpg");
    const std::size_t frame = find(file, 0xc0);
    file[frame + 5] = 0x20, file[frame + 6] = 0; // 24 x 8192, 3072 blocks from some 200 bytes
    CHECK(complaint(file) == "damaged: the codes of its pixels end too early");
    file = seed("progressive.jpg");
    file[find(file, 0xc2) + 5] = 0x20;
    CHECK(complaint(file) == "damaged: the codes of its pixels end too early");
}

TEST_CASE("JPEG: cut anywhere it is refused") {
    for (const char* name : {"grey.jpg", "progressive.jpg"}) {
        const file_bytes file = seed(name);
        for (std::size_t length = 0; length < file.size(); ++length)
            CHECK_FALSE(decode_picture(std::span(file).first(length)));
    }
}

TEST_CASE("JPEG: a file that ends between two scans is no picture") {
    const file_bytes file = seed("progressive.jpg");
    const std::string missing = "damaged: scans are missing: a part of the picture's detail is not there";
    int scans = 0;
    for (std::size_t i = find(file, 0xda); i + 4 < file.size(); ++i) {
        if (file[i] != 0xff || file[i + 1] == 0 || (file[i + 1] >= 0xd0 && file[i + 1] <= 0xd7)) continue;
        // At this marker the codes of a scan end: tables or the next scan follow.
        file_bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(i));
        cut.insert(cut.end(), {0xff, 0xd9});
        if (scans++ > 0) CHECK(complaint(cut) == missing);
        i += 1 + (std::size_t{file[i + 2]} << 8 | file[i + 3]);
    }
    CHECK(scans > 2);
    // Three scans of one channel each, the last one gone: grey where colours were.
    const file_bytes apart = seed("apart.jpg");
    CHECK(decode_picture(apart));
    std::size_t last = find(apart, 0xda);
    for (std::size_t i = last + 2; i + 1 < apart.size(); ++i)
        if (apart[i] == 0xff && apart[i + 1] == 0xda) last = i;
    file_bytes cut(apart.begin(), apart.begin() + static_cast<std::ptrdiff_t>(last));
    cut.insert(cut.end(), {0xff, 0xd9});
    CHECK(complaint(cut) == missing);
}

TEST_CASE("TIFF: grey of 8 and 16 bits, packed or not; else a sentence") {
    if (!reads_tiff()) {
        CHECK(complaint(seed("plain.tif")) == "TIFF, which this build does not read (it needs libtiff)");
        return;
    }
    const auto plain = decode_picture(seed("grey.png"));
    REQUIRE(plain);
    for (const char* name :
         {"plain.tif", "lzw.tif", "deep.tif", "deflate.tif", "deflate-predicted.tif", "deflate-deep.tif"}) {
        CAPTURE(name);
        const auto p = decode_picture(seed(name));
        REQUIRE(p);
        CHECK(p->channels == 1);
        CHECK(p->data == plain->data);
    }
    CHECK(decode_picture(seed("packbits.tif")));
    const file_bytes file = seed("plain.tif");
    for (std::size_t length = 0; length < file.size(); length += 3)
        (void)decode_picture(std::span(file).first(length)).has_value();
    // The tag of its photometric interpretation as white-is-zero, then as CIE L*a*b*.
    file_bytes other = file;
    const file_bytes tag{6, 1, 3, 0, 1, 0, 0, 0};
    const auto at = std::search(other.begin(), other.end(), tag.begin(), tag.end());
    REQUIRE(at != other.end());
    *(at + 8) = 0;
    const auto inverse = decode_picture(other);
    REQUIRE(inverse);
    for (std::size_t i = 0; i < plain->data.size(); ++i) CHECK(inverse->data[i] == 255 - plain->data[i]);
    *(at + 8) = 8;
    CHECK(complaint(other) == "TIFF is read where it is grey, without colours and transparency");
}

TEST_CASE("TIFF: a bit that turns over in deflated rows is noticed by their checksum") {
    if (!reads_tiff()) return;
    const auto plain = decode_picture(seed("grey.png"));
    REQUIRE(plain);
    for (const char* name : {"deflate.tif", "deflate-predicted.tif", "deflate-deep.tif"}) {
        CAPTURE(name);
        const file_bytes file = seed(name);
        const bool little = file[0] == 'I';
        const auto byte = [&](std::size_t i) { return std::size_t{file[i]}; };
        const std::size_t rows_end = little ? byte(4) | byte(5) << 8 : byte(7) | byte(6) << 8; // the tags follow
        int by_sum = 0;
        for (std::size_t i = 8; i < rows_end; ++i) {
            for (int bit = 0; bit < 8; ++bit) {
                file_bytes flipped = file;
                flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ 1 << bit);
                const auto p = decode_picture(flipped);
                if (p) CHECK(p->data == plain->data); // bits between blocks and behind the rows
                if (!p && p.error().what.view().find("the checksum of its pixels is wrong") != std::string_view::npos)
                    ++by_sum;
            }
        }
        CHECK(by_sum > 32);
    }
}
