#include "evaluate/scores.hpp"

#include "uml/metrics.hpp"

#include <algorithm>
#include <cmath>

namespace evaluate {

namespace metrics = uml::metrics;

void score_table::add(const support::reading& says, const support::pixel_maps& maps, const support::picture& truth,
                      int label) {
    classes = static_cast<int>(says.probability.size());
    labels.push_back(label);
    predicted.push_back(says.predicted);
    probability.insert(probability.end(), says.probability.begin(), says.probability.end());
    confidence.push_back(says.probability[static_cast<std::size_t>(says.predicted)]);
    vacuity.push_back(says.vacuity);
    wrong.push_back(says.predicted == label ? 0 : 1);

    std::vector<bool> found(truth.pixels()), wanted(truth.pixels());
    std::vector<float> error(truth.pixels());
    for (std::size_t p = 0; p < truth.pixels(); ++p) {
        found[p] = maps.mask.data[p] != 0;
        wanted[p] = truth.data[p] != 0;
        error[p] = found[p] == wanted[p] ? 0.0f : 1.0f;
    }
    const auto distances = metrics::surface_distances(found, wanted, truth.height, truth.width);
    dice.push_back(metrics::dice(found, wanted));
    assd.push_back(distances.assd);
    hd95.push_back(distances.hd95);
    ause.push_back(metrics::ause(maps.vacuity, error));
}

score_table score_table::select(std::span<const std::size_t> indices) const {
    using metrics::select;
    score_table t{classes,
                  select(labels, indices),
                  select(predicted, indices),
                  {},
                  select(confidence, indices),
                  select(vacuity, indices),
                  select(wrong, indices),
                  select(dice, indices),
                  select(assd, indices),
                  select(hd95, indices),
                  select(ause, indices)};
    for (const std::size_t i : indices) {
        const double* row = probability.data() + i * static_cast<std::size_t>(classes);
        t.probability.insert(t.probability.end(), row, row + classes);
    }
    return t;
}

figures sum_up(const score_table& t) {
    std::vector<bool> right(t.size()), mistaken(t.size());
    for (std::size_t i = 0; i < t.size(); ++i) {
        mistaken[i] = t.wrong[i] > 0;
        right[i] = !mistaken[i];
    }
    return {metrics::accuracy(t.labels, t.predicted),
            metrics::f1_weighted(t.labels, t.predicted, t.classes),
            metrics::auc(t.labels, t.probability, t.classes),
            metrics::mean(t.dice),
            metrics::mean(t.assd),
            metrics::mean(t.hd95),
            metrics::ece(t.confidence, right),
            metrics::brier(t.labels, t.probability, t.classes),
            metrics::aurc(t.vacuity, t.wrong),
            metrics::risk_at_coverage(t.vacuity, t.wrong, 0.8),
            metrics::auroc(t.vacuity, mistaken),
            metrics::mean(t.ause),
            metrics::coverage_at_accuracy(t.vacuity, t.wrong, 0.9)};
}

void resample(std::size_t n, std::span<const std::uint32_t> groups,
              const std::function<void(std::span<const std::size_t>)>& use) {
    const auto visit = [&](std::span<const std::size_t> indices) {
        use(indices);
        return 0.0;
    };
    if (groups.empty())
        (void)metrics::bootstrap95(n, visit);
    else
        (void)metrics::bootstrap95_by_group(groups, visit);
}

intervals bootstrap(const score_table& t, std::span<const std::uint32_t> groups) {
    std::array<std::vector<double>, metric_names.size()> values;
    resample(t.size(), groups, [&](std::span<const std::size_t> indices) {
        const figures f = sum_up(t.select(indices));
        for (std::size_t m = 0; m < f.size(); ++m)
            if (!std::isnan(f[m])) values[m].push_back(f[m]);
    });
    intervals all;
    for (std::size_t m = 0; m < all.size(); ++m) {
        std::sort(values[m].begin(), values[m].end());
        all[m] = {metrics::quantile(values[m], 0.025), metrics::quantile(values[m], 0.975)};
    }
    return all;
}

} // namespace evaluate
