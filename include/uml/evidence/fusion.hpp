// Fusion of several opinions on the same question into one: slices of a patient, flips of an image, models.
#pragma once

#include "uml/core/result.hpp"
#include "uml/evidence/consensus.hpp"
#include "uml/evidence/dempster.hpp"
#include "uml/evidence/opinion.hpp"
#include "uml/evidence/sources.hpp"

#include <cstddef>
#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// How opinions become one; see namespace fusion for what each means.
enum class fusion_rule : std::uint8_t {
    dempster,
    belief_constraint,
    cumulative,
    averaging,
    weighted,
    consensus_compromise
};

/// The rules, unchecked: sources are valid opinions over the same classes as `out`, and there is at least one. `out`
/// may share its memory with a source. Masses of `out` sum to 1 up to rounding; its vacuity is in (0, 1] unless a
/// source is dogmatic (u = 0) or the exact value is below the smallest number. No input gives a NaN. Sums and products
/// are taken in double for float opinions, so that neither the order nor the number of the sources shows.
namespace fusion {

/// Belief constraint fusion (Josang 2016, section 12.2; van der Heijden et al. 2018): preferences that must be met
/// together. On opinions without composite classes the masses are those of dempster(); base rates are fused by
/// confidence 1 - u. Returns the conflict.
template <opinion_sources S, class T> constexpr T belief_constraint(const S& sources, opinion<T> out) {
    detail::fuse_base_rates(sources, out, [](const auto& o) { return detail::confidence(o); });
    return dempster(sources, out);
}

/// Cumulative fusion: independent observations add up, evidence r = sum_i r_i, r_i = b_i / u_i. More sources, less
/// vacuity. Commutative, associative (while no source is dogmatic), a vacuous source changes nothing. Dogmatic sources
/// are averaged and outweigh all others.
template <opinion_sources S, class T> constexpr void cumulative(const S& sources, opinion<T> out) {
    const auto least = detail::least_vacuity(sources);
    const auto weight = [least](const auto& o) { return detail::precision(least, o); };
    detail::fuse_base_rates(sources, out, [&](const auto& o) { return weight(o) * detail::confidence(o); });
    detail::fuse_weighted_sum(sources, out, weight, least);
}

/// Averaging fusion: sources that saw the same thing (flips of one image, models trained on the same data), evidence
/// r = mean of r_i. Commutative and idempotent, not associative; a vacuous source counts and raises the vacuity.
template <opinion_sources S, class T> constexpr void averaging(const S& sources, opinion<T> out) {
    const auto least = detail::least_vacuity(sources);
    detail::fuse_base_rates(sources, out, [](const auto&) { return detail::number<S>(1); });
    detail::fuse_weighted_sum(
        sources, out, [least](const auto& o) { return detail::precision(least, o); },
        static_cast<detail::number<S>>(sources.size()) * least);
}

/// Weighted belief fusion (van der Heijden, Kopp and Kargl 2018, definition 4): averaging with weights 1 - u, so that
/// who knows more counts more. Commutative and idempotent, not associative; a vacuous source changes nothing.
template <opinion_sources S, class T> constexpr void weighted(const S& sources, opinion<T> out) {
    const auto least = detail::least_vacuity(sources);
    detail::number<S> most = 0; // weights are taken relative to it: tiny ones times tiny beliefs stay numbers
    for (std::size_t i = 0; i < sources.size(); ++i)
        if (const auto c = detail::confidence(sources[i]); c > most) most = c;
    const auto weight = [most](const auto& o) { return most > 0 ? detail::confidence(o) / most : most; };
    detail::number<S> weights = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) weights += weight(sources[i]);
    detail::fuse_base_rates(sources, out, weight);
    detail::fuse_weighted_sum(
        sources, out, [&](const auto& o) { return weight(o) * detail::precision(least, o); }, weights * least);
}

/// Trust discounting: what is left of an opinion that comes from a source trusted with probability `trust` in [0, 1].
/// Beliefs shrink to trust * b_k, the rest becomes vacuity. `out` may be the source itself.
template <class S, class T> constexpr void discount(const opinion<S>& source, T trust, opinion<T> out) {
    T vacuous = source.vacuity();
    for (int k = 0; k < out.classes(); ++k) {
        const T b = source.belief(k);
        out.masses()[static_cast<std::size_t>(k)] = trust * b;
        vacuous += (1 - trust) * b;
        if (out.has_base_rates()) out.base_rates()[static_cast<std::size_t>(k)] = source.base_rate(k);
    }
    out.masses().back() = vacuous;
}

/// The rule chosen at run time. Returns the conflict in [0, 1] for dempster and belief_constraint, 0 for the other
/// rules.
template <opinion_sources S, class T> constexpr T apply(fusion_rule rule, const S& sources, opinion<T> out) {
    switch (rule) {
    case fusion_rule::dempster: return dempster(sources, out);
    case fusion_rule::belief_constraint: return belief_constraint(sources, out);
    case fusion_rule::cumulative: cumulative(sources, out); break;
    case fusion_rule::averaging: averaging(sources, out); break;
    case fusion_rule::weighted: weighted(sources, out); break;
    case fusion_rule::consensus_compromise: consensus_compromise(sources, out); break;
    }
    return 0;
}

} // namespace fusion

/// Fuses by a rule chosen at run time, after checking that there is a source, that all are over the classes of `out`
/// and that each is an opinion (opinion::make). Returns the conflict as fusion::apply does.
template <opinion_sources S, class T> constexpr result<T> fuse(fusion_rule rule, const S& sources, opinion<T> out) {
    if (sources.size() == 0) return fail(errc::invalid_argument, "fusion: there is no opinion to fuse");
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const opinion<const T> source = sources[i];
        if (source.classes() != out.classes())
            return fail(errc::invalid_argument, {"fusion: opinion ", std::uint64_t{i}, " is over ", source.classes(),
                                                 " classes, the result over ", out.classes()});
        const auto rates = source.has_base_rates() ? source.base_rates() : std::span<const T>();
        if (const auto valid = opinion<const T>::make(source.masses(), rates); !valid) return valid.error();
    }
    return fusion::apply(rule, sources, out);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
