// A threshold on vacuity below which answers are wrong at most so often, with a stated confidence.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/heap_sort.hpp"
#include "uml/core/random.hpp"
#include "uml/core/result.hpp"
#include "uml/core/share.hpp"
#include "uml/trust/binomial.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// One labelled image (or pixel): how uncertain the answer was, whether it was wrong, and whose it is.
struct screened_case {
    float vacuity = 1; ///< in [0, 1]
    bool wrong = false;
    std::uint32_t group = 0; ///< patient, for one_per_group()
};

/// What accepting all cases up to a threshold gave on the calibration data.
struct operating_point {
    float threshold = 0;      ///< a vacuity, for `screening`; 0 accepts nothing
    double coverage = 0;      ///< share of the cases that are accepted
    double risk = 0;          ///< share of the accepted cases that were wrong here
    std::size_t accepted = 0; ///< number of accepted cases
    std::size_t wrong = 0;    ///< of these
};

namespace detail {

[[nodiscard]] inline result<void> sort_cases(std::span<screened_case> cases) {
    if (cases.empty()) return fail(errc::invalid_argument, "calibration: there are no cases");
    for (std::size_t i = 0; i < cases.size(); ++i)
        if (!is_finite(cases[i].vacuity) || cases[i].vacuity < 0 || cases[i].vacuity > 1)
            return fail(errc::not_finite,
                        {"calibration: the vacuity of case ", std::uint64_t{i}, " is no number from 0 to 1"});
    heap_sort(cases.data(), cases.size(), [](const auto& a, const auto& b) { return a.vacuity < b.vacuity; });
    return {};
}

/// What the first `count` cases give, for a threshold that accepts just these.
[[nodiscard]] inline operating_point point_of(std::span<const screened_case> cases, std::size_t count,
                                              float threshold) {
    operating_point p;
    p.threshold = threshold;
    p.accepted = count;
    for (const screened_case& c : cases.first(count)) p.wrong += c.wrong ? 1u : 0u;
    p.coverage = static_cast<double>(count) / static_cast<double>(cases.size());
    p.risk = count > 0 ? static_cast<double>(p.wrong) / static_cast<double>(count) : 0;
    return p;
}

} // namespace detail

/// Keeps one case of every group, drawn with equal chances, in the front of `cases` and returns these: slices of one
/// patient are alike, patients are not. The same seed draws the same cases from the same data in the same order.
[[nodiscard]] inline std::span<screened_case> one_per_group(std::span<screened_case> cases, std::uint64_t seed = 0) {
    for (std::size_t i = cases.size(); i > 1; --i) // whichever comes first of a group is then a random one
        std::swap(cases[i - 1], cases[random_index(seed, i, i)]);
    std::size_t kept = 0; // of each group the first, in the order of the groups
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const screened_case found = cases[i];
        std::size_t place = 0;
        for (std::size_t end = kept; place < end;) {
            const std::size_t middle = (place + end) / 2;
            if (cases[middle].group < found.group)
                place = middle + 1;
            else
                end = middle;
        }
        if (place < kept && cases[place].group == found.group) continue;
        for (std::size_t j = kept; j > place; --j) cases[j] = cases[j - 1];
        cases[place] = found;
        ++kept;
    }
    return cases.first(kept);
}

/// The strictest threshold that accepts at least the share `coverage`, in (0, 1], of these cases: cases of equal
/// vacuity are accepted together. Sorts `cases`. Describes these data; promises nothing about the risk of new ones
/// (`bound` stays 1). Fails without cases, for a vacuity out of [0, 1] and for a coverage out of range.
[[nodiscard]] inline result<operating_point> threshold_for_coverage(std::span<screened_case> cases, double coverage) {
    if (!(coverage > 0 && coverage <= 1))
        return fail(errc::invalid_argument, "calibration: the coverage must be above 0 and at most 1");
    if (auto sorted = detail::sort_cases(cases); !sorted) return sorted.error();
    auto count = static_cast<std::size_t>(count_of_share(coverage, static_cast<double>(cases.size())));
    if (count == 0) count = 1;
    while (count < cases.size() && cases[count].vacuity == cases[count - 1].vacuity) ++count;
    return detail::point_of(cases, count, cases[count - 1].vacuity);
}

/// The shares of other cases whose vacuities are worth trying as thresholds, strictest first.
inline constexpr double tried_coverages[] = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1};
inline constexpr std::size_t most_candidates = std::size(tried_coverages);

/// Writes the thresholds that accept these shares of other cases, ascending, without repetition, and returns how many.
/// `vacuities` need no labels and are sorted in place; none gives none.
[[nodiscard]] inline std::size_t candidate_thresholds(std::span<float> vacuities,
                                                      std::span<float, most_candidates> candidates) {
    heap_sort(vacuities.data(), vacuities.size(), [](float a, float b) { return a < b; });
    std::size_t count = 0;
    for (const double coverage : tried_coverages) {
        if (vacuities.empty()) break;
        const auto rank = static_cast<std::size_t>(count_of_share(coverage, static_cast<double>(vacuities.size())));
        const float threshold = coverage < 1 ? vacuities[rank > 0 ? rank - 1 : 0] : 1.0F;
        if (count == 0 || threshold > candidates[count - 1]) candidates[count++] = threshold;
    }
    return count;
}

/// The boldest of some thresholds of which it is proved that accepted answers are wrong at most with probability
/// `risk`.
///
/// Promise: with probability of at least `confidence` over the calibration data, the returned threshold t has
/// P(wrong | vacuity <= t) <= risk for new cases.
/// Assumes that calibration cases and new ones are drawn independently from the same distribution: by patient, not by
/// slice (see one_per_group(); the promise is then for one slice, drawn at random, of a new patient), from the same
/// scanners and mix of diseases, and that they neither trained the network nor chose anything about it. The candidates,
/// ascending, must not depend on `cases` either: see candidate_thresholds().
/// How: selective classification with guaranteed risk (Geifman and El-Yaniv 2017), as hypothesis tests in a fixed
/// sequence (Learn then Test, Angelopoulos et al. 2021). Of the m cases within a threshold the number of wrong ones is
/// binomial, so the test P(Bin(m, risk) <= wrong) <= level is exact. One sequence begins at the first candidate with
/// 0.8 (1 - confidence) as its level and goes on while the tests hold; another with the rest begins in the middle, for
/// few cases, where the first candidates accept too few to prove anything. Sorts `cases`. Fails as above, for a risk or
/// confidence outside (0, 1), for candidates that do not ascend, and when nothing can be proved: a risk of 0.05 with
/// 0.95 takes at least 63 accepted cases and no error among them.
[[nodiscard]] inline result<operating_point>
certify_risk(std::span<screened_case> cases, std::span<const float> candidates, double risk, double confidence) {
    if (!(risk > 0 && risk < 1) || !(confidence > 0 && confidence < 1))
        return fail(errc::invalid_argument, "calibration: risk and confidence must be above 0 and below 1");
    for (std::size_t i = 1; i < candidates.size(); ++i)
        if (!(candidates[i] > candidates[i - 1]))
            return fail(errc::invalid_argument, "calibration: the candidates for a threshold do not ascend");
    if (auto sorted = detail::sort_cases(cases); !sorted) return sorted.error();
    operating_point best;
    const auto follow = [&](std::size_t start, double level) {
        std::size_t count = 0;
        for (std::size_t i = start; i < candidates.size(); ++i) {
            while (count < cases.size() && cases[count].vacuity <= candidates[i]) ++count;
            const operating_point p = detail::point_of(cases, count, candidates[i]);
            if (binomial_cdf(p.wrong, p.accepted, risk) > level) return;
            if (p.threshold > best.threshold) best = p;
        }
    };
    follow(0, 0.8 * (1 - confidence));
    follow(candidates.size() / 2, 0.2 * (1 - confidence));
    if (best.accepted == 0)
        return fail(errc::invalid_argument,
                    {"calibration: no threshold can be shown to keep the risk as low as wanted on ",
                     std::uint64_t{cases.size()}, " cases"});
    return best;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
