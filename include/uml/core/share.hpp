// Comparing a share of a whole with a limit that was written as a decimal number.
#pragma once

#include "uml/version.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What a decimal limit may be off by in binary: 1 - 0.9 is below 0.1, 0.55 * 100 above 55.
inline constexpr double share_rounding = 1e-9;

/// Whether part / whole <= limit, as it is written: 3 of 10 are within 0.3. whole > 0.
[[nodiscard]] constexpr bool is_within_share(double part, double whole, double limit) {
    return part <= (limit + share_rounding) * whole;
}

/// The least whole number that is at least share * whole, as it is written: 55 for 0.55 of 100. share >= 0.
[[nodiscard]] constexpr unsigned long long count_of_share(double share, double whole) {
    const double exact = (share - share_rounding) * whole;
    if (!(exact > 0)) return 0;
    const auto below = static_cast<unsigned long long>(exact);
    return static_cast<double>(below) < exact ? below + 1 : below;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
