#include "support/variants.hpp"

#include "uml/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace support {
namespace {

double uniform(std::uint64_t seed, std::uint64_t i) {
    return static_cast<double>(uml::random_bits(seed, i) >> 11) * 0x1p-53;
}

double normal(std::uint64_t seed, std::uint64_t i) { // Box and Muller
    const double radius = std::sqrt(-2 * std::log(1 - uniform(seed, 2 * i)));
    return radius * std::cos(2 * std::numbers::pi * uniform(seed, 2 * i + 1));
}

/// Channel c at a place between pixels, in [0, 255]; 0 beyond the edges.
double sample(const picture& p, double y, double x, int c) {
    const double top = std::floor(y), left = std::floor(x);
    double sum = 0;
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j) {
            const double row = top + i, column = left + j;
            if (row < 0 || column < 0 || row >= p.height || column >= p.width) continue;
            const double weight = (1 - std::abs(y - row)) * (1 - std::abs(x - column));
            sum += weight * p.at(static_cast<int>(row), static_cast<int>(column))[c];
        }
    return sum;
}

void blur(std::vector<double>& values, const picture& p, double share) {
    const std::vector<double> before = values;
    constexpr int weight[3] = {1, 2, 1};
    for (int y = 0; y < p.height; ++y)
        for (int x = 0; x < p.width; ++x)
            for (int c = 0; c < p.channels; ++c) {
                double sum = 0;
                for (int i = -1; i <= 1; ++i)
                    for (int j = -1; j <= 1; ++j) {
                        const int row = std::clamp(y + i, 0, p.height - 1), column = std::clamp(x + j, 0, p.width - 1);
                        sum += weight[i + 1] * weight[j + 1] *
                               before[static_cast<std::size_t>((row * p.width + column) * p.channels + c)] / 16;
                    }
                double& value = values[static_cast<std::size_t>((y * p.width + x) * p.channels + c)];
                value += share * (sum - value);
            }
}

} // namespace

picture changed(const picture& p, const variant& v, std::uint64_t seed) {
    std::vector<double> values;
    values.reserve(p.data.size());
    const double angle = v.degrees * std::numbers::pi / 180, cosine = std::cos(angle), sine = std::sin(angle);
    const double middle_y = (p.height - 1) / 2.0, middle_x = (p.width - 1) / 2.0;
    for (int y = 0; y < p.height; ++y)
        for (int x = 0; x < p.width; ++x) {
            const double down = (y - middle_y - v.down * p.height) / v.zoom;
            const double right = (x - middle_x - v.right * p.width) / v.zoom;
            const double across = cosine * right - sine * down, along = sine * right + cosine * down;
            for (int c = 0; c < p.channels; ++c) {
                const double value = sample(p, middle_y + along, middle_x + (v.mirrored ? -across : across), c) / 255;
                values.push_back(v.contrast * std::pow(value, v.gamma) + v.brightness);
            }
        }
    if (v.blur > 0) blur(values, p, v.blur);
    picture out(p.height, p.width, p.channels);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double value = values[i] + (v.noise > 0 ? v.noise * normal(seed, i) : 0);
        out.data[i] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
    }
    return out;
}

variant harmless(std::uint64_t seed) {
    std::uint64_t drawn = 0;
    const auto between = [&](double least, double most) { return least + (most - least) * uniform(seed, drawn++); };
    variant v;
    v.mirrored = between(0, 1) < 0.5;
    v.degrees = between(-10, 10);
    v.zoom = std::exp(between(-std::log(1.15), std::log(1.15)));
    v.right = between(-0.07, 0.07), v.down = between(-0.07, 0.07);
    v.gamma = std::exp(between(-std::log(1.3), std::log(1.3)));
    v.contrast = between(0.85, 1.15), v.brightness = between(-0.03, 0.03);
    v.blur = std::max(0.0, between(-1, 1));
    v.noise = std::max(0.0, between(-0.07, 0.07));
    return v;
}

} // namespace support
