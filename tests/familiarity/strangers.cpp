#include "strangers.hpp"

#include "support/canvas.hpp"
#include "support/resize.hpp"
#include "support/variants.hpp"
#include "uml/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace familiarity {
namespace {

using support::picture;

/// Numbers one after the other.
class draws {
public:
    explicit draws(std::uint64_t seed) : seed_(uml::random_bits(seed, 77)) {}
    double between(double least, double most) {
        return least + (most - least) * static_cast<double>(uml::random_bits(seed_, count_++) >> 11) * 0x1p-53;
    }
    int whole(int least, int most) { return static_cast<int>(std::floor(between(least, most + 1 - 1e-9))); }

private:
    std::uint64_t seed_, count_ = 0;
};

/// A picture by a function of y and x in [0, 1), whose values are cut off at 0 and 1.
template <class F> picture painted(const picture& like, F value) {
    picture p(like.height, like.width, 1);
    for (int y = 0; y < p.height; ++y)
        for (int x = 0; x < p.width; ++x)
            *p.at(y, x) = static_cast<std::uint8_t>(std::lround(
                255 *
                std::clamp<double>(value(static_cast<double>(y) / p.height, static_cast<double>(x) / p.width), 0, 1)));
    return p;
}

picture gradient(const picture& slice, std::uint64_t seed) {
    draws d(seed);
    const double angle = d.between(0, 2 * std::numbers::pi), low = d.between(0, 0.4), high = d.between(0.6, 1);
    return painted(slice, [&](double y, double x) {
        const double along = 0.5 + (std::cos(angle) * (x - 0.5) + std::sin(angle) * (y - 0.5)) / std::numbers::sqrt2;
        return low + (high - low) * along;
    });
}

picture constant(const picture& slice, std::uint64_t seed) { // black and white among them
    const double value = static_cast<double>(seed % 60) / 59;
    return painted(slice, [&](double, double) { return value; });
}

picture uniform_noise(const picture& slice, std::uint64_t seed) {
    draws d(seed);
    const double low = d.between(0, 0.3), high = d.between(0.5, 1);
    return painted(slice, [&](double, double) { return d.between(low, high); });
}

picture gaussian_noise(const picture& slice, std::uint64_t seed) {
    draws d(seed);
    support::variant v;
    v.brightness = d.between(0.1, 0.7), v.noise = d.between(0.05, 0.3);
    return support::changed(picture(slice.height, slice.width, 1), v, seed);
}

picture clouds(const picture& slice, std::uint64_t seed) { // noise of few low frequencies
    draws d(seed);
    const int cells = d.whole(4, 32);
    picture small(cells, cells, 1);
    for (auto& value : small.data) value = static_cast<std::uint8_t>(d.whole(0, 255));
    return support::resize(small, slice.height, slice.width);
}

picture checkers(const picture& slice, std::uint64_t seed) {
    draws d(seed);
    const int cells = d.whole(2, 32);
    const double dark = d.between(0, 0.4), light = d.between(0.6, 1);
    return painted(slice, [&](double y, double x) {
        return (static_cast<int>(y * cells) + static_cast<int>(x * cells)) % 2 == 0 ? dark : light;
    });
}

picture stripes(const picture& slice, std::uint64_t seed) {
    draws d(seed);
    const double angle = d.between(0, std::numbers::pi), waves = d.between(3, 40), phase = d.between(0, 6);
    return painted(slice, [&](double y, double x) {
        return 0.5 + 0.5 * std::sin(phase + 2 * std::numbers::pi * waves * (std::cos(angle) * x + std::sin(angle) * y));
    });
}

picture text(const picture& slice, std::uint64_t seed) {
    draws d(seed);
    const bool dark = seed % 2 == 0; // letters on white, or white ones on black
    picture page(slice.height, slice.width, 3, dark ? 255 : 0);
    const std::uint8_t ink = dark ? 0 : 255;
    const double height = d.between(6, 18);
    for (double y = 8; y < page.height - height; y += 2 * height) {
        std::string line;
        for (int i = 0; i < 40; ++i) line += d.between(0, 1) < 0.15 ? ' ' : static_cast<char>('a' + d.whole(0, 25));
        support::draw_text(page, 8, y, height, {ink, ink, ink}, line);
    }
    return support::to_grey(page);
}

picture garbage_jpeg(const picture& slice, std::uint64_t seed) { // what a decoder makes of bytes that mean nothing
    draws d(seed);
    picture p(slice.height, slice.width, 1);
    double level = 128;
    for (int top = 0; top < p.height; top += 8)
        for (int left = 0; left < p.width; left += 8) {
            double frequencies[8][8] = {};
            level = std::clamp(level + d.between(-60, 60), 0.0, 255.0);
            for (int k = d.whole(0, 6); k > 0; --k) frequencies[d.whole(0, 7)][d.whole(0, 7)] = d.between(-90, 90);
            for (int y = 0; y < 8 && top + y < p.height; ++y)
                for (int x = 0; x < 8 && left + x < p.width; ++x) {
                    double sum = level;
                    for (int v = 0; v < 8; ++v)
                        for (int u = 0; u < 8; ++u)
                            if (frequencies[v][u] != 0)
                                sum += frequencies[v][u] * std::cos((2 * x + 1) * u * std::numbers::pi / 16) *
                                       std::cos((2 * y + 1) * v * std::numbers::pi / 16);
                    *p.at(top + y, left + x) = static_cast<std::uint8_t>(std::clamp(sum, 0.0, 255.0));
                }
        }
    return p;
}

picture inverted(const picture& slice, std::uint64_t) {
    picture p = slice;
    for (auto& value : p.data) value = static_cast<std::uint8_t>(255 - value);
    return p;
}

picture half_black(const picture& slice, std::uint64_t seed) { // left, right, upper or lower half
    picture p = slice;
    for (int y = 0; y < p.height; ++y)
        for (int x = 0; x < p.width; ++x)
            if (seed % 4 == 0   ? x < p.width / 2
                : seed % 4 == 1 ? x >= p.width / 2
                : seed % 4 == 2 ? y < p.height / 2
                                : y >= p.height / 2)
                *p.at(y, x) = 0;
    return p;
}

picture brain_removed(const picture& slice, std::uint64_t) { // what lies deep within the head becomes black
    picture p = slice;
    const double rim = 0.09 * slice.width;
    for (int y = 0; y < p.height; ++y) {
        int first = p.width, last = -1;
        for (int x = 0; x < p.width; ++x)
            if (*slice.at(y, x) > 25) first = std::min(first, x), last = x;
        for (int x = 0; x < p.width; ++x) {
            int upper = p.height, lower = -1; // of the head in this column
            if (x - first < rim || last - x < rim) continue;
            for (int row = 0; row < p.height; ++row)
                if (*slice.at(row, x) > 25) upper = std::min(upper, row), lower = row;
            if (y - upper >= rim && lower - y >= rim) *p.at(y, x) = 0;
        }
    }
    return p;
}

picture tiles(const picture& slice, std::uint64_t seed) { // the slice several times, small
    const int count = 2 + static_cast<int>(seed % 3);
    const picture small = support::resize(slice, slice.height / count, slice.width / count);
    picture p(slice.height, slice.width, 1);
    for (int y = 0; y < small.height * count; ++y)
        for (int x = 0; x < small.width * count; ++x) *p.at(y, x) = *small.at(y % small.height, x % small.width);
    return p;
}

picture shuffled(const picture& slice, std::uint64_t seed) { // its squares in another order
    const int count = seed % 2 == 0 ? 4 : 8, height = slice.height / count, width = slice.width / count;
    std::vector<int> order;
    for (int i = 0; i < count * count; ++i) order.push_back(i);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[uml::random_index(seed, i, i)]);
    picture p(slice.height, slice.width, 1);
    for (int y = 0; y < height * count; ++y)
        for (int x = 0; x < width * count; ++x) {
            const int from = order[static_cast<std::size_t>(y / height * count + x / width)];
            *p.at(y, x) = *slice.at(from / count * height + y % height, from % count * width + x % width);
        }
    return p;
}

picture ellipses(const picture& slice, std::uint64_t seed) { // bright and dark ones on black
    draws d(seed);
    struct ellipse {
        double y, x, height, width, value;
    };
    std::vector<ellipse> all;
    for (int i = d.whole(1, 8); i > 0; --i)
        all.push_back(
            {d.between(0.2, 0.8), d.between(0.2, 0.8), d.between(0.05, 0.4), d.between(0.05, 0.4), d.between(0, 1)});
    return painted(slice, [&](double y, double x) {
        double value = 0;
        for (const ellipse& e : all)
            if (std::hypot((y - e.y) / e.height, (x - e.x) / e.width) < 1) value = e.value;
        return value;
    });
}

constexpr stranger all_strangers[] = {{"gradients", gradient},
                                      {"constants", constant},
                                      {"uniform noise", uniform_noise},
                                      {"Gaussian noise", gaussian_noise},
                                      {"clouds", clouds},
                                      {"checkers", checkers},
                                      {"stripes", stripes},
                                      {"text", text},
                                      {"garbage JPEG", garbage_jpeg},
                                      {"ellipses", ellipses},
                                      {"inverted slices", inverted},
                                      {"half black", half_black},
                                      {"brain removed", brain_removed},
                                      {"tiled slices", tiles},
                                      {"shuffled squares", shuffled}};

} // namespace

std::span<const stranger> strangers() { return all_strangers; }

} // namespace familiarity
