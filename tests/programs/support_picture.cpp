// Pictures survive a file; damaged and hostile files are refused and never crash the reader.
#include "folder.hpp"
#include "support/files.hpp"
#include "support/output.hpp"
#include "support/palette.hpp"
#include "support/picture.hpp"
#include "support/raster.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <string>

using namespace support;
namespace fs = std::filesystem;
using uml_test::folder;

namespace {

picture pattern(int h, int w, int c) {
    picture p(h, w, c);
    for (std::size_t i = 0; i < p.data.size(); ++i) p.data[i] = static_cast<std::uint8_t>(i * 31 + i / 7);
    return p;
}

const fs::path sample = UML_SOURCE_DIR "/examples/samples/glioma-2009.png";

} // namespace

TEST_CASE("a PNG that was written is read back") {
    const folder f("png");
    for (const int channels : {1, 3}) {
        const picture p = pattern(13, 17, channels);
        const auto png = encode_png(p);
        REQUIRE(png);
        REQUIRE(write_file(f.path / "p.png", *png));
        const auto back = read_picture(f.path / "p.png");
        REQUIRE(back);
        CHECK(back->height == 13);
        CHECK(back->width == 17);
        CHECK(back->channels == channels);
        CHECK(back->data == p.data);
    }
}

TEST_CASE("labels are written with the colours of their palette") {
    const folder f("labels");
    picture labels(2, 3, 1);
    labels.data = {0, 1, 2, 2, 1, 0};
    const auto png = encode_labels(labels, mask_palette(3));
    REQUIRE(png);
    REQUIRE(write_file(f.path / "l.png", *png));
    const auto back = read_picture(f.path / "l.png");
    REQUIRE(back);
    REQUIRE(back->channels == 3);
    for (int i = 0; i < 6; ++i)
        for (std::size_t k = 0; k < 3; ++k)
            CHECK(back->at(i / 3, i % 3)[k] == mask_palette(3)[labels.data[static_cast<std::size_t>(i)]][k]);
    CHECK_FALSE(encode_labels(labels, {}));
}

TEST_CASE("what is no picture is refused with a sentence") {
    const folder f("refused");
    REQUIRE(write_file(f.path / "text.png", "no picture"));
    REQUIRE(write_file(f.path / "empty.png", ""));
    CHECK(read_picture(f.path / "text.png").error().what.view().find("neither PNG nor JPEG") != std::string_view::npos);
    CHECK_FALSE(read_picture(f.path / "empty.png"));
    CHECK(read_picture(f.path / "none.png").error().what.view().ends_with("there is no such file"));
    CHECK(read_picture(f.path).error().what.view().ends_with("not a file"));
    if (fs::exists("/dev/zero")) CHECK_FALSE(read_picture("/dev/zero"));
}

TEST_CASE("truncated and damaged files never crash the reader") {
    const auto bytes = *read_file(sample, most_file_bytes);
    for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 16)
        (void)decode_picture(std::span(bytes).first(length));
    std::mt19937 chance(1);
    int refused = 0;
    for (int round = 0; round < 400; ++round) {
        auto damaged = bytes;
        for (int n = 0; n < 1 + round % 6; ++n)
            damaged[chance() % damaged.size()] = static_cast<std::uint8_t>(chance());
        const auto p = decode_picture(damaged);
        if (!p)
            ++refused;
        else
            CHECK(p->data.size() == p->pixels() * static_cast<std::size_t>(p->channels));
    }
    CHECK(refused > 50);
    std::vector<std::uint8_t> noise{0xff, 0xd8, 0xff};
    for (int round = 0; round < 400; ++round) {
        noise.resize(3);
        for (auto n = chance() % 600; n > 0; --n) noise.push_back(static_cast<std::uint8_t>(chance()));
        (void)decode_picture(noise);
    }
}

TEST_CASE("a folder's pictures are found by their endings, in order") {
    const folder f("list");
    for (const char* name : {"b.PNG", "a.jpeg", "c.txt", "d.jpg"}) REQUIRE(write_file(f.path / name, "x"));
    fs::create_directories(f.path / "e.png");
    const auto files = pictures_in(f.path);
    REQUIRE(files);
    REQUIRE(files->size() == 3);
    CHECK((*files)[0].filename() == "a.jpeg");
    CHECK((*files)[2].filename() == "d.jpg");
    CHECK_FALSE(pictures_in(f.path / "none"));
    REQUIRE(write_file(f.path / "e.png" / "f.jpg", "x"));
    CHECK(pictures_in(f.path, true)->size() == 4);
    CHECK(pictures_in(f.path, true, f.path / "e.png")->size() == 3);
    // Links to folders are not entered; what is in a folder is listed, itself and the one above it left out.
    fs::create_directory_symlink(f.path / "e.png", f.path / "g");
    CHECK(pictures_in(f.path, true)->size() == 4);
    const auto entries = entries_of(f.path);
    REQUIRE(entries);
    REQUIRE(entries->size() == 6);
    CHECK(entries->front() == f.path / "a.jpeg");
    CHECK(entries->back() == f.path / "g");
    CHECK(entries_of(f.path / "g")->size() == 1);
    CHECK(entries_of(f.path / "none")
              .error()
              .what.view()
              .ends_with("none: the folder cannot be read: No such file or "
                         "directory"));
}
