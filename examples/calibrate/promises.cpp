#include "calibrate/promises.hpp"

#include "uml/core/random.hpp"
#include "uml/evidence/temperature.hpp"
#include "uml/trust/mask_set.hpp"
#include "uml/trust/temperature.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace calibrate {
namespace {

namespace trust = uml::trust;

/// One patient in five.
std::set<std::uint32_t> draw_fifth(const answers& a, std::uint64_t seed) {
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < a.size(); ++i) all.push_back(a.group(i));
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[uml::random_index(seed, i, i)]);
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 5)};
}

/// The cases of these patients, or of all others.
answers part_of(const answers& a, const std::set<std::uint32_t>& patients, bool inside) {
    answers part;
    part.classes = a.classes;
    const auto k = static_cast<std::ptrdiff_t>(a.classes);
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (patients.contains(a.group(i)) != inside) continue;
        const auto row = a.evidence.begin() + static_cast<std::ptrdiff_t>(i) * k;
        part.evidence.insert(part.evidence.end(), row, row + k);
        part.labels.push_back(a.labels[i]);
        part.predicted.push_back(a.predicted[i]);
        part.vacuity.push_back(a.vacuity[i]);
        part.groups.push_back(a.group(i));
    }
    return part;
}

std::vector<double> probabilities(const answers& a, double temperature) {
    std::vector<double> all;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const uml::dirichlet<double> d(a.evidence.data() + i * static_cast<std::size_t>(a.classes), a.classes, 1,
                                       uml::holds::evidence);
        for (int k = 0; k < a.classes; ++k) all.push_back(uml::tempered_probability(d, k, temperature));
    }
    return all;
}

} // namespace

std::size_t answers::units() const {
    return groups.empty() ? size() : std::set<std::uint32_t>(groups.begin(), groups.end()).size();
}

uml::result<promises> make_promises(const answers& found, const answers* fit, double temperature, const wishes& w) {
    promises p;
    std::set<std::uint32_t> drawn;
    answers own;
    if (fit == nullptr) {
        drawn = draw_fifth(found, w.seed);
        own = part_of(found, drawn, true);
        fit = &own;
    }
    p.fitted_on = fit->size();
    if (fit->size() >= least_to_fit) {
        const auto fitted = trust::fit_temperature<double>(fit->evidence, fit->classes, fit->labels);
        if (!fitted) return fitted.error();
        p.temperature = *fitted;
    }

    const answers rest = part_of(found, drawn, false);
    const std::vector<double> scores = probabilities(rest, p.temperature.value_or(temperature));
    std::vector<trust::conformal_case> scratch(rest.size());
    trust::class_set_options options;
    options.score = w.score, options.coverage = w.coverage, options.by_class = w.by_class;
    const auto sets =
        trust::calibrate_class_sets<double>(scores, rest.classes, rest.labels, rest.groups, options, scratch);
    if (!sets) return sets.error();
    p.class_set = *sets;
    p.sets_on = rest.size();

    std::vector<double> missed = found.missed;
    const auto mask = trust::calibrate_mask_set(missed, found.units(), 1 - w.coverage);
    if (!mask) return mask.error();
    p.mask_set = *mask;

    std::vector<trust::screened_case> cases;
    for (std::size_t i = 0; i < rest.size(); ++i)
        cases.push_back({rest.vacuity[i], rest.predicted[i] != rest.labels[i], rest.group(i)});
    const auto one_each = trust::one_per_group(cases, w.seed);
    p.drawn = one_each.size();
    std::vector<float> others = fit->vacuity;
    std::array<float, trust::most_candidates> candidates{};
    const std::size_t count = trust::candidate_thresholds(others, candidates);
    const auto certified = trust::certify_risk(one_each, std::span(candidates).first(count), w.risk, w.confidence);
    if (certified)
        p.accepted = *certified;
    else
        p.not_accepted = certified.error().what.view();
    return p;
}

} // namespace calibrate
