#include "support/canvas.hpp"

#include "support/font.hpp"
#include "support/palette.hpp"

#include <algorithm>
#include <cmath>

namespace support {
namespace {

double distance_to_segment(double x, double y, const font_point& a, const font_point& b) {
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double length = dx * dx + dy * dy;
    const double t = length > 0 ? std::clamp(((x - a.x) * dx + (y - a.y) * dy) / length, 0.0, 1.0) : 0;
    return std::hypot(x - a.x - t * dx, y - a.y - t * dy);
}

// Calls f(y, x) for the pixels of the picture that the box touches.
template <class F> void each_pixel(const picture& on, double x0, double y0, double x1, double y1, F f) {
    const int left = std::max(0, static_cast<int>(std::floor(x0))), top = std::max(0, static_cast<int>(std::floor(y0)));
    const int right = std::min(on.width, static_cast<int>(std::ceil(x1)));
    const int bottom = std::min(on.height, static_cast<int>(std::ceil(y1)));
    for (int y = top; y < bottom; ++y)
        for (int x = left; x < right; ++x) f(y, x);
}

void draw_strokes(picture& on, const std::vector<std::vector<font_point>>& strokes, double thickness, color c) {
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    for (const auto& stroke : strokes)
        for (const font_point& p : stroke) {
            x0 = std::min(x0, p.x), x1 = std::max(x1, p.x);
            y0 = std::min(y0, p.y), y1 = std::max(y1, p.y);
        }
    const double reach = thickness / 2 + 1;
    each_pixel(on, x0 - reach, y0 - reach, x1 + reach, y1 + reach, [&](int y, int x) {
        double nearest = reach;
        for (const auto& stroke : strokes)
            for (std::size_t i = 1; i < stroke.size(); ++i)
                nearest = std::min(nearest, distance_to_segment(x + 0.5, y + 0.5, stroke[i - 1], stroke[i]));
        blend(on, y, x, c, thickness / 2 + 0.5 - nearest);
    });
}

// One character per code point: what is not ASCII becomes one character that the font lacks.
std::string to_drawable(std::string_view text) {
    std::string s;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80)
            s += c;
        else if (byte >= 0xc0)
            s += '\x7f';
    }
    return s;
}

} // namespace

void blend(picture& on, int y, int x, color c, double cover) {
    if (cover <= 0) return;
    std::uint8_t* p = on.at(y, x);
    const color mixed = cover >= 1 ? c : mix({p[0], p[1], p[2]}, c, cover);
    std::copy(mixed.begin(), mixed.end(), p);
}

void draw_box(picture& on, const box& b, color c, double radius) {
    const double cx = b.x + b.width / 2, cy = b.y + b.height / 2;
    const double inner_x = b.width / 2 - radius, inner_y = b.height / 2 - radius;
    each_pixel(on, b.x, b.y, b.x + b.width, b.y + b.height, [&](int y, int x) {
        const double dx = std::fabs(x + 0.5 - cx) - inner_x, dy = std::fabs(y + 0.5 - cy) - inner_y;
        const double outside = dx > 0 && dy > 0 ? std::hypot(dx, dy) : std::max(dx, dy);
        blend(on, y, x, c, std::min(1.0, radius - outside + 0.5));
    });
}

void draw_line(picture& on, double x0, double y0, double x1, double y1, double thickness, color c) {
    draw_strokes(on, {{{x0, y0}, {x1, y1}}}, thickness, c);
}

void draw_picture(picture& on, const picture& p, int x, int y) {
    const int columns = std::min(p.width, on.width - x);
    for (int row = 0; row < p.height && y + row < on.height && columns > 0; ++row)
        std::copy_n(p.at(row, 0), static_cast<std::size_t>(columns) * 3, on.at(y + row, x));
}

void draw_text(picture& on, double x, double y, double height, color c, std::string_view text) {
    const double unit = height / font_capital;
    for (const char character : to_drawable(text)) {
        glyph g = glyph_of(character);
        for (auto& stroke : g.strokes)
            for (font_point& p : stroke) p = {x + p.x * unit, y + p.y * unit};
        if (!g.strokes.empty()) draw_strokes(on, g.strokes, std::max(1.2, font_stroke * unit), c);
        x += (g.width + font_gap) * unit;
    }
}

double text_width(double height, std::string_view text) {
    double units = 0;
    for (const char character : to_drawable(text)) units += glyph_of(character).width + font_gap;
    return std::max(0.0, units - font_gap) * height / font_capital;
}

std::string fit_text(double height, double most, std::string_view text) {
    if (text_width(height, text) <= most) return std::string(text);
    std::string s = to_drawable(text);
    while (!s.empty() && text_width(height, s + "...") > most) s.pop_back();
    return s + "...";
}

} // namespace support
