// Confidence intervals by resampling the images, the same on every machine.
#pragma once

#include "uml/core/random.hpp"
#include "uml/metrics/sequence.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

struct interval {
    double low = undefined;
    double high = undefined;
};

using uml::random_bits;

/// 95 % percentile interval of statistic(indices) over `resamples` draws of n images with replacement: the 2.5th and
/// 97.5th percentiles. Draw j of resample r is image (random_bits(seed, r n + j) >> 32) * n >> 32. Resamples on which
/// the statistic is undefined are left out. `statistic` takes a span of n indices and returns a number.
template <class F>
[[nodiscard]] interval bootstrap95(std::size_t n, F&& statistic, std::size_t resamples = 1000, std::uint64_t seed = 0) {
    std::vector<std::size_t> indices(n);
    std::vector<double> values;
    std::uint64_t counter = 0;
    for (std::size_t r = 0; n > 0 && r < resamples; ++r) {
        for (std::size_t& i : indices) i = random_index(seed, counter++, n);
        const auto value = static_cast<double>(statistic(std::span<const std::size_t>(indices)));
        if (!std::isnan(value)) values.push_back(value);
    }
    std::sort(values.begin(), values.end());
    return {quantile(values, 0.025), quantile(values, 0.975)};
}

/// The same by group (patient): each resample draws as many groups as there are, with replacement, and takes all images
/// of each. Where the images of a group are alike, resampling images makes intervals too narrow. `groups` has a number
/// per image; draw j of resample r is group random_index(seed, r g + j, g) of the g groups in ascending order.
template <sequence_of<std::uint32_t> G, class F>
[[nodiscard]] interval bootstrap95_by_group(const G& groups, F&& statistic, std::size_t resamples = 1000,
                                            std::uint64_t seed = 0) {
    std::map<std::uint32_t, std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < groups.size(); ++i) members[static_cast<std::uint32_t>(groups[i])].push_back(i);
    std::vector<const std::vector<std::size_t>*> all;
    all.reserve(members.size());
    for (const auto& [number, images] : members) all.push_back(&images);
    std::vector<std::size_t> indices;
    return bootstrap95(
        all.size(),
        [&](std::span<const std::size_t> drawn) {
            indices.clear();
            for (const std::size_t g : drawn) indices.insert(indices.end(), all[g]->begin(), all[g]->end());
            return statistic(std::span<const std::size_t>(indices));
        },
        resamples, seed);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
