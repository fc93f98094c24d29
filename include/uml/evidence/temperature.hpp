// A Dirichlet whose expected probabilities are made softer or sharper by one number.
#pragma once

#include "uml/evidence/dirichlet.hpp"

#include <concepts>
#include <cstddef>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Expected probability of class k when the evidence counts 1 / temperature: alpha = 1 + e / T, so
/// p_k = (e_k + T) / (sum e + K T).
///
/// Why so: the order of the classes stays (also the first of equals), no evidence stays no evidence, p_k stays what
/// belief and vacuity say together, and the vacuity of the tempered Dirichlet, K T / (sum e + K T), rises with that of
/// the plain one, so that thresholds on vacuity mean the same before and after: they, belief and vacuity are left as
/// they are. T is the weight of "I don't know" per class: above 1 softens, below 1 sharpens, up to e_k / sum e and no
/// further. Scaling logarithms of alpha (softmax of log alpha / T) could sharpen without end, but says nothing about
/// evidence. temperature > 0; 1 gives probability(k).
template <std::floating_point T>
[[nodiscard]] constexpr T tempered_probability(const dirichlet<T>& d, int k, double temperature) {
    using W = elementary::wide<T>;
    const W t = static_cast<W>(temperature);
    W sum = 0;
    for (int j = 0; j < d.classes(); ++j) sum += static_cast<W>(d.evidence(j));
    return static_cast<T>((static_cast<W>(d.evidence(k)) + t) / (sum + static_cast<W>(d.classes()) * t));
}

/// The tempered probabilities as a sequence with size() and [].
template <std::floating_point T> struct tempered_probabilities {
    dirichlet<T> from;
    double temperature = 1;

    [[nodiscard]] constexpr std::size_t size() const { return static_cast<std::size_t>(from.classes()); }
    [[nodiscard]] constexpr T operator[](std::size_t k) const {
        return tempered_probability(from, static_cast<int>(k), temperature);
    }
};

/// Vacuity of the tempered Dirichlet.
template <std::floating_point T> [[nodiscard]] constexpr T tempered_vacuity(const dirichlet<T>& d, double temperature) {
    using W = elementary::wide<T>;
    const W weight = static_cast<W>(d.classes()) * static_cast<W>(temperature);
    W sum = 0;
    for (int j = 0; j < d.classes(); ++j) sum += static_cast<W>(d.evidence(j));
    return static_cast<T>(weight / (sum + weight));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
