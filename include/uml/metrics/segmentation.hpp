// How well a mask matches the true one: overlap and distances between the outlines.
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

/// Distances between two outlines, in pixels times the spacing.
struct surface_distance {
    double assd = undefined;     ///< mean over both outlines' pixels of the distance to the other outline
    double hd95 = undefined;     ///< 95th percentile of the same distances, linearly interpolated
    double hd95_max = undefined; ///< the other convention: the larger of the two directions' 95th percentiles
    double hd = undefined;       ///< the largest distance (Hausdorff)
    double nsd = undefined;      ///< share of both outlines' pixels within the tolerance of the other
};

/// assd and hd95 are what MedPy 0.5's (connectivity 1) return; hd95_max is what, among others, MONAI and DeepMind's
/// surface-distance call the 95th percentile; nsd is the normalised surface distance of Nikolov et al. 2021, on pixels
/// of the outlines. `predicted` and `truth` have height * width elements; `spacing` is the size of a pixel (mm),
/// `tolerance` in the same unit. Undefined when either mask is empty, but for nsd: that is 1 for two empty masks and 0
/// for one, as Dice.
template <sequence_of<bool> A, sequence_of<bool> B>
[[nodiscard]] surface_distance surface_distances(const A& predicted, const B& truth, int height, int width,
                                                 double spacing = 1, double tolerance = 1) {
    if (height < 1 || width < 1 || predicted.size() != truth.size() ||
        truth.size() != static_cast<std::size_t>(height) * static_cast<std::size_t>(width))
        return {};
    const std::vector<bool> a = outline(predicted, height, width);
    const std::vector<bool> b = outline(truth, height, width);
    const auto any = [](const std::vector<bool>& set) { return std::find(set.begin(), set.end(), true) != set.end(); };
    surface_distance d;
    if (!any(a) || !any(b)) {
        d.nsd = any(a) || any(b) ? 0 : 1;
        return d;
    }
    const auto distances = [&](const std::vector<bool>& from, const std::vector<bool>& to) {
        std::vector<double> found;
        const std::vector<std::int64_t> squared = squared_distances(to, height, width);
        for (std::size_t p = 0; p < from.size(); ++p)
            if (from[p]) found.push_back(spacing * std::sqrt(static_cast<double>(squared[p])));
        std::sort(found.begin(), found.end());
        return found;
    };
    const std::vector<double> forth = distances(a, b);
    const std::vector<double> back = distances(b, a);
    std::vector<double> all(forth.size() + back.size());
    std::merge(forth.begin(), forth.end(), back.begin(), back.end(), all.begin());
    const double limit = tolerance * (1 + 1e-12); // 3 times 0.1 is above 0.3
    const auto within = std::upper_bound(all.begin(), all.end(), limit) - all.begin();
    d.assd = mean(all);
    d.hd95 = quantile(all, 0.95);
    d.hd95_max = std::max(quantile(forth, 0.95), quantile(back, 0.95));
    d.hd = all.back();
    d.nsd = static_cast<double>(within) / static_cast<double>(all.size());
    return d;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
