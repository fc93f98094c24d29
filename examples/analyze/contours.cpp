#include "analyze/contours.hpp"

#include "support/canvas.hpp"
#include "support/palette.hpp"
#include "support/resize.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace analyze {
namespace {

// By how much region k leads the best other region, at the size of a picture: positive inside, 0 on the contour.
std::vector<float> margin(const support::reading& r, int k, int height, int width) {
    std::vector<float> lead;
    lead.reserve(static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
    support::resized_rows logits(r.logits.data(), r.height, r.width, r.regions, height, width);
    for (int y = 0; y < height; ++y) {
        const float* row = logits.row(y);
        for (int x = 0; x < width; ++x, row += r.regions) {
            float other = -std::numeric_limits<float>::infinity();
            for (int j = 0; j < r.regions; ++j)
                if (j != k) other = std::max(other, row[j]);
            lead.push_back(row[k] - other);
        }
    }
    return lead;
}

} // namespace

void draw_contours(support::picture& on, const support::reading& r, const contour_style& style) {
    const int height = on.height, width = on.width;
    constexpr support::color dark{0, 0, 0}, light{255, 255, 255};
    for (int k = 1; k < r.regions; ++k) {
        const std::vector<float> lead = margin(r, k, height, width);
        const auto at = [&](int y, int x) {
            y = std::clamp(y, 0, height - 1), x = std::clamp(x, 0, width - 1);
            return static_cast<double>(
                lead[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)]);
        };
        // A near miss of 0 also looks close by its slope: a contour needs both sides nearby.
        const int reach = static_cast<int>(std::ceil(style.thickness / 2 + 1.5));
        const auto crosses = [&](int y, int x) {
            const bool inside = at(y, x) > 0;
            for (int dy = -reach; dy <= reach; ++dy)
                for (int dx = -reach; dx <= reach; ++dx)
                    if ((at(y + dy, x + dx) > 0) != inside) return true;
            return false;
        };
        const support::color ink = style.white ? light : support::region_color(k);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                const double m = at(y, x);
                if (m > 0) support::blend(on, y, x, ink, style.tint);
                const double dy = (at(y + 1, x) - at(y - 1, x)) / 2, dx = (at(y, x + 1) - at(y, x - 1)) / 2;
                const double slope = std::hypot(dx, dy);
                if (slope <= 0) continue;
                const double away = std::fabs(m) / slope; // first-order distance to the contour, in pixels
                if (away > style.thickness / 2 + 1.5 || !crosses(y, x)) continue;
                support::blend(on, y, x, dark, 0.55 * std::min(1.0, style.thickness / 2 + 1.5 - away));
                support::blend(on, y, x, ink, style.thickness / 2 + 0.5 - away);
            }
    }
}

} // namespace analyze
