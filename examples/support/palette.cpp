#include "support/palette.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace support {
namespace {

std::uint8_t encode(double linear) {
    const double c = std::clamp(linear, 0.0, 1.0);
    const double s = c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(std::lround(255 * s));
}

double cube(double x) { return x * x * x; }

// OKLab in polar form to sRGB; hue in degrees.
color from_oklch(double lightness, double chroma, double hue) {
    const double angle = hue * std::numbers::pi / 180;
    const double a = chroma * std::cos(angle), b = chroma * std::sin(angle);
    const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
    const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
    const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
    return {encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

} // namespace

color region_color(int k) {
    constexpr color okabe_ito[] = {{0xe6, 0x9f, 0x00}, {0x56, 0xb4, 0xe9}, {0x00, 0x9e, 0x73}, {0xf0, 0xe4, 0x42},
                                   {0xcc, 0x79, 0xa7}, {0x00, 0x72, 0xb2}, {0xd5, 0x5e, 0x00}};
    return okabe_ito[static_cast<std::size_t>(k - 1) % std::size(okabe_ito)];
}

std::vector<color> mask_palette(int regions) {
    std::vector<color> palette{{0, 0, 0}};
    for (int k = 1; k < regions; ++k) palette.push_back(regions == 2 ? color{255, 255, 255} : region_color(k));
    return palette;
}

color heat(double value) {
    // Chroma and hue at even steps of lightness, all inside the sRGB gamut.
    constexpr struct {
        double chroma, hue;
    } stops[] = {{0.080, 305}, {0.130, 280}, {0.088, 218}, {0.125, 158}, {0.130, 107}};
    const double t = std::clamp(value, 0.0, 1.0);
    const auto i = std::min(static_cast<std::size_t>(4 * t), std::size_t{3});
    const double part = 4 * t - static_cast<double>(i);
    return from_oklch(0.22 + 0.72 * t, std::lerp(stops[i].chroma, stops[i + 1].chroma, part),
                      std::lerp(stops[i].hue, stops[i + 1].hue, part));
}

color mix(color a, color b, double amount) {
    color c{};
    for (std::size_t i = 0; i < 3; ++i)
        c[i] = static_cast<std::uint8_t>(std::lround(a[i] + (b[i] - a[i]) * std::clamp(amount, 0.0, 1.0)));
    return c;
}

} // namespace support
