// Colours that stay apart for colour-blind eyes, a map of even lightness, and drawing that stays inside its picture.
#include "support/canvas.hpp"
#include "support/font.hpp"
#include "support/palette.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

using namespace support;

namespace {

using vector3 = std::array<double, 3>;
using matrix = std::array<vector3, 3>;

double linear(std::uint8_t byte) {
    const double s = byte / 255.0;
    return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
}

vector3 times(const matrix& m, const vector3& v) {
    vector3 r{};
    for (std::size_t i = 0; i < 3; ++i) r[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
    return r;
}

// CIE L*a*b* with the white of D65.
vector3 lab(const vector3& rgb) {
    const vector3 xyz = times({{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}}, rgb);
    const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
    const double x = f(xyz[0] / 0.9505), y = f(xyz[1]), z = f(xyz[2] / 1.089);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

// How full dichromats see linear RGB (Machado, Oliveira and Fernandes 2009): normal, protanopia, deuteranopia,
// tritanopia.
constexpr matrix eyes[] = {
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}};

vector3 seen(const color& c, const matrix& eye) {
    vector3 v = times(eye, {linear(c[0]), linear(c[1]), linear(c[2])});
    for (double& x : v) x = std::clamp(x, 0.0, 1.0);
    return lab(v);
}

double distance(const vector3& a, const vector3& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

} // namespace

TEST_CASE("colours of regions, and of the verdicts, differ for every kind of eye") {
    for (const matrix& eye : eyes) {
        for (int a = 1; a <= 7; ++a)
            for (int b = a + 1; b <= 7; ++b) {
                CAPTURE(a);
                CAPTURE(b);
                CHECK(distance(seen(region_color(a), eye), seen(region_color(b), eye)) > 9);
            }
        CHECK(distance(seen(ink::yes, eye), seen(ink::no, eye)) > 30);
        CHECK(distance(seen(region_color(1), eye), seen(region_color(2), eye)) > 30);
    }
}

TEST_CASE("the heat map gets lighter in even steps for every kind of eye") {
    constexpr int steps = 40;
    for (const matrix& eye : eyes) {
        double before = seen(heat(0), eye)[0];
        for (int i = 1; i <= steps; ++i) {
            const double now = seen(heat(static_cast<double>(i) / steps), eye)[0];
            CHECK(now > before + 0.3);
            CHECK(now < before + 6);
            before = now;
        }
    }
    CHECK(heat(-1) == heat(0));
    CHECK(heat(2) == heat(1));
}

TEST_CASE("every glyph stays within its width and height") {
    for (int c = 0; c < 128; ++c) {
        const glyph g = glyph_of(static_cast<char>(c));
        for (const auto& stroke : g.strokes) {
            CHECK(stroke.size() >= 2);
            for (const font_point& p : stroke) {
                CHECK(p.x >= 0);
                CHECK(p.x <= g.width + 1);
                CHECK(p.y >= 0);
                CHECK(p.y <= 21);
            }
        }
    }
    const auto same = [](const glyph& a, const glyph& b) {
        return a.width == b.width && a.strokes.size() == b.strokes.size() && a.strokes[0].size() == b.strokes[0].size();
    };
    const std::string needed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:%()-";
    for (const char c : needed) CHECK_FALSE(same(glyph_of(c), glyph_of('\x7f')));
}

TEST_CASE("drawing outside a picture does nothing, partly outside is cut off") {
    picture p(20, 30, 3);
    draw_text(p, -50, -50, 12, {255, 255, 255}, "far away");
    draw_box(p, {100, 100, 10, 10}, {255, 255, 255});
    draw_line(p, -10, 40, 60, 40, 2, {255, 255, 255});
    CHECK(p.data == picture(20, 30, 3).data);
    draw_text(p, -5, 10, 30, {255, 255, 255}, "across the edges \xc3\xa9\xff");
    draw_box(p, {-5, -5, 10, 10}, {9, 8, 7});
    draw_picture(p, picture(50, 50, 3, 200), 25, 15);
    CHECK(p.at(0, 0)[0] == 9);
    CHECK(p.at(4, 4)[2] == 7);
    CHECK(p.at(19, 29)[1] == 200);
}

TEST_CASE("text is shortened to its room") {
    CHECK(fit_text(10, 1000, "short") == "short");
    const std::string cut = fit_text(10, 60, "a very long name of a class");
    CHECK(cut.ends_with("..."));
    CHECK(text_width(10, cut) <= 60);
    CHECK(text_width(10, "ab") > text_width(10, "a"));
}
