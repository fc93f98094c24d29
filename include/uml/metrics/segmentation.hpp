// How well a mask matches the true one: overlap and distances between the outlines, in pixels.
#pragma once

#include "uml/metrics/distance_transform.hpp"
#include "uml/metrics/sequence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

/// 2 |A and B| / (|A| + |B|) of the pixels that are not 0; 1 when both masks are empty.
template <sequence_of<bool> A, sequence_of<bool> B> [[nodiscard]] double dice(const A& predicted, const B& truth) {
    if (predicted.size() != truth.size() || truth.size() == 0) return undefined;
    std::size_t both = 0;
    std::size_t sum = 0;
    for (std::size_t p = 0; p < truth.size(); ++p) {
        const bool a = static_cast<bool>(predicted[p]);
        const bool b = static_cast<bool>(truth[p]);
        both += a && b ? 1u : 0u;
        sum += (a ? 1u : 0u) + (b ? 1u : 0u);
    }
    return sum > 0 ? 2 * static_cast<double>(both) / static_cast<double>(sum) : 1;
}

/// The outline of a mask: its pixels that have a neighbour (of four) outside it; outside the image is outside the mask.
template <sequence_of<bool> M> [[nodiscard]] std::vector<bool> outline(const M& mask, int height, int width) {
    std::vector<bool> result(mask.size());
    const auto inside = [&](int y, int x) {
        return y >= 0 && y < height && x >= 0 && x < width &&
               static_cast<bool>(
                   mask[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)]);
    };
    std::size_t p = 0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x, ++p)
            result[p] = inside(y, x) && !(inside(y - 1, x) && inside(y + 1, x) && inside(y, x - 1) && inside(y, x + 1));
    return result;
}

/// Distances between two outlines, in pixels.
struct surface_distance {
    double assd = undefined; ///< mean over both outlines' pixels of the distance to the other outline
    double hd95 = undefined; ///< 95th percentile of the same distances, linearly interpolated
};

/// What MedPy 0.5's assd and hd95 (connectivity 1, spacing 1) return. `predicted` and `truth` have height * width
/// elements. Undefined when either mask is empty.
template <sequence_of<bool> A, sequence_of<bool> B>
[[nodiscard]] surface_distance surface_distances(const A& predicted, const B& truth, int height, int width) {
    if (height < 1 || width < 1 || predicted.size() != truth.size() ||
        truth.size() != static_cast<std::size_t>(height) * static_cast<std::size_t>(width))
        return {};
    const std::vector<bool> a = outline(predicted, height, width);
    const std::vector<bool> b = outline(truth, height, width);
    const auto any = [](const std::vector<bool>& set) { return std::find(set.begin(), set.end(), true) != set.end(); };
    if (!any(a) || !any(b)) return {};
    std::vector<double> distances;
    const auto add = [&](const std::vector<bool>& from, const std::vector<bool>& to) {
        const std::vector<std::int64_t> squared = squared_distances(to, height, width);
        for (std::size_t p = 0; p < from.size(); ++p)
            if (from[p]) distances.push_back(std::sqrt(static_cast<double>(squared[p])));
    };
    add(a, b);
    add(b, a);
    std::sort(distances.begin(), distances.end());
    return {mean(distances), quantile(distances, 0.95)};
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
