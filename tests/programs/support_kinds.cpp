// Picture files of every kind (tests/pictures/make.py): the pixels that each holds, or how it is refused. Also run with
// stb_image alone, which must say the same.
#include "support/hex.hpp"
#include "support/meaning.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace support;

namespace {

using uml_test::from_hex;

std::string said(const uml::result<picture>& p) {
    if (!p) return "refused: " + std::string(p.error().what.view());
    std::string text =
        std::to_string(p->height) + " " + std::to_string(p->width) + " " + std::to_string(p->channels) + ":";
    for (const std::uint8_t v : p->data) text += " " + std::to_string(v);
    return text;
}

// Whether all numbers are as wanted, give or take `most`.
bool near(const std::string& found, const std::string& wanted, int most) {
    std::istringstream a(found), b(wanted);
    for (std::string x, y;;) {
        const bool more = static_cast<bool>(a >> x), wants = static_cast<bool>(b >> y);
        if (!more || !wants) return more == wants;
        if (x != y && (y.back() == ':' || std::abs(std::stoi(x) - std::stoi(y)) > most)) return false;
    }
}

bool agrees(const std::string& found, std::string wanted, const std::string& name) {
    if (name.ends_with(".tif") && !reads_tiff()) wanted = "refused: TIFF, which this build does not read";
    if (wanted.starts_with("refused:")) return found.starts_with(wanted);
    if (found.starts_with("refused:")) return false;
    return near(found, wanted, name.ends_with(".jpg") ? 1 : 0); // of JPEG, decoders round in their own ways
}

} // namespace

TEST_CASE("a picture file of every kind is what it is") {
    std::ifstream table(UML_SOURCE_DIR "/tests/pictures/kinds.tsv");
    int lines = 0;
    for (std::string line; std::getline(table, line); ++lines) {
        std::istringstream fields(line);
        std::string name, digits, as_picture, as_mask;
        std::getline(fields, name, '\t');
        std::getline(fields, digits, '\t');
        std::getline(fields, as_picture, '\t');
        std::getline(fields, as_mask, '\t');
        const auto file = from_hex(digits);
        const std::string found = said(decode_picture(file));
        CHECK_MESSAGE(agrees(found, as_picture, name), name, ": ", found.substr(0, 200), "; not ",
                      as_picture.substr(0, 200));
        const auto r = decode_raster(file);
        const std::string mask = said(r ? to_regions(*r, 2) : r.error());
        CHECK_MESSAGE(agrees(mask, as_mask, name), name, " as a mask: ", mask.substr(0, 200), "; not ",
                      as_mask.substr(0, 200));
    }
    CHECK(lines > 300);
}
