// Exact Euclidean distance transform in time proportional to the number of pixels.
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

namespace detail {

/// One row of the second pass: from the vertical distances g[x] to min over x' of (x - x')^2 + g[x']^2, by the lower
/// envelope of the parabolas.
inline void envelope(const std::int64_t* g, std::int64_t width, std::int64_t* out, std::vector<std::int64_t>& centre,
                     std::vector<std::int64_t>& start) {
    const auto at = [g](std::int64_t x, std::int64_t c) { return (x - c) * (x - c) + g[c] * g[c]; };
    centre.assign(1, 0);
    start.assign(1, 0);
    for (std::int64_t c = 1; c < width; ++c) {
        while (!centre.empty() && at(start.back(), centre.back()) > at(start.back(), c)) {
            centre.pop_back();
            start.pop_back();
        }
        if (centre.empty()) {
            centre.push_back(c);
            start.push_back(0);
            continue;
        }
        // The first column where the parabola of c is below the last one.
        const std::int64_t last = centre.back();
        const std::int64_t from = 1 + (c * c - last * last + g[c] * g[c] - g[last] * g[last]) / (2 * (c - last));
        if (from >= width) continue;
        centre.push_back(c);
        start.push_back(from);
    }
    for (std::int64_t x = width - 1; x >= 0; --x) {
        out[x] = at(x, centre.back());
        if (x == start.back() && centre.size() > 1) {
            centre.pop_back();
            start.pop_back();
        }
    }
}

} // namespace detail

/// Squared distance in pixels from every pixel to the nearest one that is set (Meijster, Roerdink and Hesselink 2000).
/// `set` has height * width elements, at least one of them true, row by row.
template <class M> [[nodiscard]] std::vector<std::int64_t> squared_distances(const M& set, int height, int width) {
    const std::int64_t h = height;
    const std::int64_t w = width;
    const std::int64_t far = h + w; // further than any pixel
    std::vector<std::int64_t> distance(static_cast<std::size_t>(h * w));
    const auto nearer = [](std::int64_t a, std::int64_t b) { return a < b ? a : b; };
    for (std::int64_t x = 0; x < w; ++x) { // distances within the column, from above and from below
        std::int64_t away = far;
        for (std::int64_t p = x; p < h * w; p += w) {
            away = static_cast<bool>(set[static_cast<std::size_t>(p)]) ? 0 : nearer(away + 1, far);
            distance[static_cast<std::size_t>(p)] = away;
        }
        for (std::int64_t p = (h - 1) * w + x; p >= 0; p -= w) {
            away = nearer(away + 1, distance[static_cast<std::size_t>(p)]);
            distance[static_cast<std::size_t>(p)] = away;
        }
    }
    std::vector<std::int64_t> row;
    std::vector<std::int64_t> centre;
    std::vector<std::int64_t> start;
    for (std::int64_t y = 0; y < h; ++y) {
        std::int64_t* const line = distance.data() + y * w;
        row.assign(line, line + w);
        detail::envelope(row.data(), w, line, centre, start);
    }
    return distance;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
