// What was predicted and what is true, image by image, and the figures that sum it up.
#pragma once

#include "support/engine.hpp"
#include "support/maps.hpp"
#include "uml/metrics/bootstrap.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace evaluate {

/// The figures, in the order in which they are written.
inline constexpr std::array<std::string_view, 13> metric_names{
    "accuracy", "f1_weighted", "auc",        "dice",        "assd", "hd95",       "ece",
    "brier",    "aurc",        "risk_at_80", "auroc_error", "ause", "coverage_90"};
using figures = std::array<double, metric_names.size()>;
using intervals = std::array<uml::metrics::interval, metric_names.size()>;

/// One entry per image in every column.
struct score_table {
    int classes = 0;
    std::vector<int> labels, predicted;
    std::vector<double> probability; ///< rows of `classes`: alpha_k / S
    std::vector<double> confidence;  ///< the predicted class's probability
    std::vector<double> vacuity;     ///< of the image
    std::vector<double> wrong;       ///< 1 where the predicted class is not the label
    std::vector<double> dice;        ///< of the foreground, at the image's own size; 1 if both masks are empty
    std::vector<double> assd, hd95;  ///< in pixels; NaN if a mask is empty
    std::vector<double> ause;        ///< over the image's pixels; NaN without a wrong pixel

    [[nodiscard]] std::size_t size() const { return labels.size(); }

    void add(const support::reading& says, const support::pixel_maps& maps, const support::picture& truth, int label);

    /// The rows at `indices`, as often as they stand there.
    [[nodiscard]] score_table select(std::span<const std::size_t> indices) const;
};

/// All figures; NaN where one is not defined on these images. Figures of pixels are means over the images.
[[nodiscard]] figures sum_up(const score_table& t);

/// Calls use(indices) for 1000 resamples of `n` images, or of the groups that they belong to if `groups` is not empty.
void resample(std::size_t n, std::span<const std::uint32_t> groups,
              const std::function<void(std::span<const std::size_t>)>& use);

/// 95 % bootstrap intervals, all figures on the same resamples.
[[nodiscard]] intervals bootstrap(const score_table& t, std::span<const std::uint32_t> groups = {});

} // namespace evaluate
