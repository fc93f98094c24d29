// What all metrics share: the data they take, the value that stands for "not defined on these data", means,
// percentiles.
#pragma once

#include "uml/version.hpp"

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

/// Metrics for images (n labels, probabilities, uncertainties) and masks. Data are any containers with size() and [].
/// A metric that has no value (no data, sizes that differ, labels out of range, one class only ...) is `undefined`, a
/// NaN, never a made-up number. docs/metrics.md defines each. These functions allocate; they are not for embedded use.
#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::metrics {

/// Any container or view whose elements can be read as `V`: vector, span, array ...
template <class C, class V>
concept sequence_of = requires(const C& c, std::size_t i) {
    { c.size() } -> std::convertible_to<std::size_t>;
    { c[i] } -> std::convertible_to<V>;
};

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Whether `numbers` holds a row of `classes` for each label, all of them from `least` to `most` (and none NaN), and
/// every label is a class.
template <sequence_of<int> L, sequence_of<double> P>
[[nodiscard]] bool are_rows(const L& labels, const P& numbers, int classes, double least = 0, double most = 1) {
    const auto k = static_cast<std::size_t>(classes < 0 ? 0 : classes);
    if (k < 2 || numbers.size() != labels.size() * k) return false;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (static_cast<std::size_t>(labels[i]) >= k) return false;
    for (std::size_t i = 0; i < numbers.size(); ++i)
        if (const auto p = static_cast<double>(numbers[i]); !(p >= least && p <= most)) return false;
    return true;
}

/// Mean of the values that are defined; undefined if none is.
template <sequence_of<double> C> [[nodiscard]] double mean(const C& values) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto value = static_cast<double>(values[i]);
        if (std::isnan(value)) continue;
        sum += value;
        ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : undefined;
}

/// The value below which the share q in [0, 1] of the sorted values lies, with linear interpolation between neighbours
/// (numpy.percentile's default). Undefined for no values.
[[nodiscard]] inline double quantile(std::span<const double> sorted, double q) {
    if (sorted.empty()) return undefined;
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = below + 1 < sorted.size() ? below + 1 : below;
    return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The elements at `indices`, each below values.size(): a subset, or a resample.
template <class C> [[nodiscard]] auto select(const C& values, std::span<const std::size_t> indices) {
    std::vector<typename C::value_type> chosen;
    chosen.reserve(indices.size());
    for (const std::size_t i : indices) chosen.push_back(values[i]);
    return chosen;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::metrics

#include "uml/core/end.inc"
