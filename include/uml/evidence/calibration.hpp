// Choosing a screening threshold from the risk-coverage curve of calibration data.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/heap_sort.hpp"
#include "uml/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// One image or pixel of the calibration data: how uncertain the answer was and whether it was wrong.
struct calibration_case {
    float vacuity = 1;
    bool wrong = false;
};

/// What accepting all cases with vacuity <= threshold gives on the calibration data.
struct operating_point {
    float threshold = 0;      ///< a vacuity, for `screening`
    double coverage = 0;      ///< share of the cases that are accepted
    double risk = 0;          ///< share of the accepted cases that are wrong
    std::size_t accepted = 0; ///< number of accepted cases, to judge how sure `risk` is
};

namespace detail {

/// Sorts the cases and calls use(point) for every threshold that makes a difference, from the strictest on.
template <class F> constexpr result<void> for_each_operating_point(std::span<calibration_case> cases, F use) {
    if (cases.empty()) return fail(errc::invalid_argument, "calibration: there are no cases");
    for (std::size_t i = 0; i < cases.size(); ++i)
        if (!is_finite(cases[i].vacuity))
            return fail(errc::not_finite, "calibration: the vacuity of case ", static_cast<std::uint64_t>(i),
                        " is not a finite number");
    heap_sort(cases, [](const auto& a, const auto& b) { return a.vacuity < b.vacuity; });
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        wrong += cases[i].wrong ? 1u : 0u;
        if (i + 1 < cases.size() && cases[i + 1].vacuity == cases[i].vacuity) continue;
        const auto accepted = static_cast<double>(i + 1);
        use(operating_point{cases[i].vacuity, accepted / static_cast<double>(cases.size()),
                            static_cast<double>(wrong) / accepted, i + 1});
    }
    return {};
}

} // namespace detail

/// The strictest threshold that accepts at least the share `coverage`, in (0, 1], of the cases. Sorts `cases` in place.
/// Fails without cases, for a vacuity that is not finite and for a coverage out of range.
[[nodiscard]] constexpr result<operating_point> threshold_for_coverage(std::span<calibration_case> cases,
                                                                       double coverage) {
    if (!(coverage > 0 && coverage <= 1))
        return fail(errc::invalid_argument, "calibration: the coverage must be above 0 and at most 1");
    operating_point best;
    const auto done = detail::for_each_operating_point(cases, [&](const operating_point& point) {
        if (best.coverage < coverage) best = point;
    });
    if (!done) return done.error();
    return best;
}

/// The threshold that accepts most cases with at most the share `risk`, in [0, 1), of them wrong. Sorts `cases` in
/// place. Fails as above, and when even the most certain cases are wrong more often than that. The risk on new data
/// scatters around the one found here; with few accepted cases ask for less risk than you can bear.
[[nodiscard]] constexpr result<operating_point> threshold_for_risk(std::span<calibration_case> cases, double risk) {
    if (!(risk >= 0 && risk < 1))
        return fail(errc::invalid_argument, "calibration: the risk must be at least 0 and below 1");
    operating_point best;
    const auto done = detail::for_each_operating_point(cases, [&](const operating_point& point) {
        if (point.risk <= risk) best = point;
    });
    if (!done) return done.error();
    if (best.accepted == 0)
        return fail(errc::invalid_argument, "calibration: no threshold keeps the risk as low as wanted on these ",
                    static_cast<std::uint64_t>(cases.size()), " cases");
    return best;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
