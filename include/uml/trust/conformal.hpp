// Split conformal prediction: thresholds from labelled cases, by patient.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/heap_sort.hpp"
#include "uml/core/result.hpp"
#include "uml/core/share.hpp"
#include "uml/trust/class_set.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// A calibration case: how strange its true answer looked, and whose it is.
struct conformal_case {
    double score = 0;
    std::uint32_t group = 0; ///< patient; cases of different patients need different numbers
    double weight = 1;       ///< set by conformal_threshold(): 1 / number of cases of the group
};

/// The threshold that the score of a new case stays within with probability `coverage`, in (0, 1); the largest
/// double where there are too few groups to say.
///
/// Promise: P(score of a new case <= threshold) >= coverage, over the calibration data and the new case together.
/// Assumes that groups (patients) are exchangeable, the new one included, and the cases within a group too. With groups
/// of one case that is split conformal prediction (Vovk et al. 2005), the ceil((n + 1) coverage)-th smallest score;
/// with several, hierarchical conformal prediction (Lee, Barber and Willett 2023): each case counts 1 / size of its
/// group, so that a patient with many slices counts no more than one with few. Slices taken for independent would
/// promise too much. Sorts `cases`. Fails without cases, for a score that is not finite and a coverage out of range.
[[nodiscard]] inline result<double> conformal_threshold(std::span<conformal_case> cases, double coverage) {
    if (!(coverage > 0 && coverage < 1))
        return fail(errc::invalid_argument, "conformal: the coverage must be above 0 and below 1");
    if (cases.empty()) return fail(errc::invalid_argument, "conformal: there are no cases");
    for (const conformal_case& c : cases)
        if (!is_finite(c.score)) return fail(errc::not_finite, "conformal: a score is not a finite number");
    heap_sort(cases.data(), cases.size(), [](const auto& a, const auto& b) { return a.group < b.group; });
    double groups = 0;
    for (std::size_t begin = 0, end = 0; begin < cases.size(); begin = end, ++groups) {
        while (end < cases.size() && cases[end].group == cases[begin].group) ++end;
        for (std::size_t i = begin; i < end; ++i) cases[i].weight = 1 / static_cast<double>(end - begin);
    }
    heap_sort(cases.data(), cases.size(), [](const auto& a, const auto& b) { return a.score < b.score; });
    double within = 0;
    for (const conformal_case& c : cases)
        if (within += c.weight; within >= (groups + 1) * (coverage - share_rounding)) return c.score;
    return class_set_rule::everything;
}

/// What calibrate_class_sets() is to make.
struct class_set_options {
    set_score score = set_score::lac;
    double coverage = 0.9;
    bool by_class = false; ///< a threshold of its own for every class: the promise then holds for each
    double penalty = 0.1;  ///< of raps
    int free_ranks = 1;    ///< of raps
};

/// A rule whose sets hold the true class of a new case with probability of at least `coverage`; by_class: for the cases
/// of each class. Promise and assumptions are those of conformal_threshold(); by_class needs at least
/// coverage / (1 - coverage) groups with cases of the class, else the class belongs to every set.
/// `probabilities` holds n rows of `classes`, of the same kind as the rule will see; `labels` the true classes, below
/// `classes`; `groups` the patients, or is empty: every case is a group. `scratch` needs n elements. Fails when sizes
/// do not fit, on labels out of range, on numbers that are not finite and on a coverage out of range.
template <class P>
[[nodiscard]] result<class_set_rule>
calibrate_class_sets(std::span<const P> probabilities, int classes, std::span<const int> labels,
                     std::span<const std::uint32_t> groups, const class_set_options& options,
                     std::span<conformal_case> scratch) {
    const std::size_t n = labels.size();
    const auto k = static_cast<std::size_t>(classes);
    if (classes < 2 || k > class_set_rule::most_classes || probabilities.size() != n * k ||
        !(groups.empty() || groups.size() == n) || scratch.size() < n)
        return fail(errc::invalid_argument, {"class sets: ", static_cast<std::uint64_t>(probabilities.size()),
                                             " probabilities, ", static_cast<std::uint64_t>(n), " labels and ",
                                             std::uint64_t{groups.size()}, " groups do not fit ", classes, " classes"});
    class_set_rule rule;
    rule.score = options.score;
    rule.penalty = options.score == set_score::raps ? options.penalty : 0;
    rule.free_ranks = options.score == set_score::raps ? options.free_ranks : classes;
    rule.coverage = options.coverage;
    rule.levels = options.by_class ? k : 1;
    for (std::size_t level = 0; level < rule.levels; ++level) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto label = static_cast<std::size_t>(labels[i]);
            if (label >= k)
                return fail(errc::invalid_argument,
                            {"class sets: label ", labels[i], " of case ", std::uint64_t{i}, " is no class"});
            if (options.by_class && label != level) continue;
            const double score = rule.strangeness(probabilities.subspan(i * k, k), label);
            scratch[count++] = {score, groups.empty() ? static_cast<std::uint32_t>(i) : groups[i]};
        }
        rule.thresholds[level] = class_set_rule::everything;
        if (count == 0 && options.by_class) continue;
        const auto threshold = conformal_threshold(scratch.first(count), options.coverage);
        if (!threshold) return threshold.error();
        rule.thresholds[level] = *threshold;
    }
    return rule;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
