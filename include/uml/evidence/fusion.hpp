// Fusion of several opinions on the same question into one: slices of a patient, flips of an image, models.
#pragma once

#include "uml/core/result.hpp"
#include "uml/evidence/opinion.hpp"

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What fusion reads: a span, an array or an opinion_table of opinions, at least one, all over the same classes.
template <class S>
concept opinion_sources = requires(const S& sources, std::size_t i) {
    { sources.size() } -> std::convertible_to<std::size_t>;
    { sources[i].vacuity() } -> std::floating_point;
    { sources[i].base_rate(0) } -> std::floating_point;
};

/// How opinions become one; see namespace fusion for what each means.
enum class fusion_rule : std::uint8_t { dempster, belief_constraint, cumulative, averaging, weighted };

/// The rules, unchecked: sources are valid opinions over the same classes as `out`, and there is at least one. `out`
/// may share its memory with a source. Masses of `out` sum to 1 up to rounding; its vacuity is in (0, 1] unless a
/// source is dogmatic (u = 0) or the exact value is below the smallest number. No input gives a NaN.
namespace fusion {

namespace detail {

template <class S> constexpr auto least_vacuity(const S& sources) {
    auto least = sources[0].vacuity();
    for (std::size_t i = 1; i < sources.size(); ++i)
        if (sources[i].vacuity() < least) least = sources[i].vacuity();
    return least;
}

/// least / u, the weight 1 / u of a source's belief as a number in [0, 1]. Dogmatic sources weigh 1 and leave nothing
/// to the others: the limit when their vacuities go to 0 together.
template <class T> constexpr T precision(T least, T u) { return u == least ? T(1) : least / u; }

/// Base rates of `out`, if it has any: the mean of the sources' by `weight`, the plain mean if all weigh 0.
template <class S, class T, class F> constexpr void fuse_base_rates(const S& sources, opinion<T> out, F weight) {
    if (!out.has_base_rates()) return;
    T total = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) total += weight(sources[i]);
    const auto count = static_cast<T>(sources.size());
    for (int k = 0; k < out.classes(); ++k) {
        T sum = 0;
        for (std::size_t i = 0; i < sources.size(); ++i)
            sum += total > 0 ? weight(sources[i]) / total * sources[i].base_rate(k) : sources[i].base_rate(k) / count;
        out.base_rates()[static_cast<std::size_t>(k)] = sum;
    }
}

/// Masses in proportion to sum_i weight_i b_ik and, for the vacuity, `vacuous`. All zero: nobody knows anything.
template <class S, class T, class F>
constexpr void fuse_weighted_sum(const S& sources, opinion<T> out, F weight, T vacuous) {
    T total = vacuous;
    for (int k = 0; k < out.classes(); ++k) {
        T sum = 0;
        for (std::size_t i = 0; i < sources.size(); ++i) sum += weight(sources[i]) * sources[i].belief(k);
        out.masses()[static_cast<std::size_t>(k)] = sum;
        total += sum;
    }
    if (!(total > 0)) return out.set_vacuous();
    for (T& mass : out.masses()) mass /= total;
    out.masses().back() = vacuous / total;
}

/// Two sources by the rule's own formula. Returns the agreement 1 - C.
template <class S, class T> constexpr T dempster_of_two(const S& sources, opinion<T> out) {
    const T ua = sources[0].vacuity();
    const T ub = sources[1].vacuity();
    T agreement = ua * ub;
    for (int k = 0; k < out.classes(); ++k) {
        const T a = sources[0].belief(k);
        const T b = sources[1].belief(k);
        agreement += out.masses()[static_cast<std::size_t>(k)] = a * b + a * ub + b * ua;
    }
    if (!(agreement > 0)) {
        out.set_vacuous();
        return 0;
    }
    for (T& mass : out.masses()) mass /= agreement;
    out.masses().back() = ua * ub / agreement;
    return agreement;
}

/// Sum over the sources of log(1 + b_k / u), or of log(b_k + u) where some source is dogmatic: the logarithm of the
/// product that is class k's plausibility, over that of the vacuity in the first case.
template <class S> auto log_plausibility(const S& sources, int k, bool dogmatic) {
    decltype(sources[0].vacuity()) sum = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto b = sources[i].belief(k);
        const auto u = sources[i].vacuity();
        if (dogmatic)
            sum += std::log(b + u);
        else
            sum += b < u ? std::log1p(b / u) : std::log(b + u) - std::log(u);
    }
    return sum;
}

/// Any number of sources, in logarithms: products over hundreds of slices stay in range, and the order of the sources
/// does not matter. Returns the agreement 1 - C.
template <class S, class T> T dempster_of_many(const S& sources, opinion<T> out) {
    const bool dogmatic = !(least_vacuity(sources) > 0);
    constexpr T never = -std::numeric_limits<T>::infinity();
    T vacuous = dogmatic ? never : T(0);
    T scale = 0; // logarithm of the unit of everything below
    for (std::size_t i = 0; !dogmatic && i < sources.size(); ++i) scale += std::log(sources[i].vacuity());
    T largest = vacuous;
    const auto beliefs = out.masses().first(static_cast<std::size_t>(out.classes()));
    for (int k = 0; T & mass : beliefs) {
        mass = log_plausibility(sources, k++, dogmatic);
        if (mass > largest) largest = mass;
    }
    if (largest == never) {
        out.set_vacuous();
        return 0;
    }
    T total = std::exp(vacuous - largest);
    for (T& mass : beliefs) {
        const T share = std::exp(mass - largest);
        mass = dogmatic ? share : share * -std::expm1(-mass); // plausibility minus vacuity, without cancellation
        total += mass;
    }
    for (T& mass : beliefs) mass /= total;
    out.masses().back() = std::exp(vacuous - largest) / total;
    return std::exp(scale + largest + std::log(total));
}

} // namespace detail

/// Reduced Dempster combination (Han et al., "Trusted multi-view classification", ICLR 2021, definition 4, for any
/// number of sources): for independent sources that must agree. b_k is in proportion to prod_i (b_ik + u_i) - prod_i
/// u_i, u to prod_i u_i. Commutative, associative, a vacuous source changes nothing. Returns the conflict C in [0, 1],
/// the share of mass that falls on contradictions. C = 1 (dogmatic sources that exclude each other) has no answer:
/// `out` is then vacuous. Base rates of `out` are left alone.
template <opinion_sources S, class T> constexpr T dempster(const S& sources, opinion<T> out) {
    const T agreement =
        sources.size() == 2 ? detail::dempster_of_two(sources, out) : detail::dempster_of_many(sources, out);
    return agreement < 1 ? 1 - agreement : T(0);
}

/// Belief constraint fusion (Josang 2016, section 12.2; van der Heijden et al. 2018): preferences that must be met
/// together. On opinions without composite classes the masses are those of dempster(); base rates are fused by
/// confidence 1 - u. Returns the conflict.
template <opinion_sources S, class T> constexpr T belief_constraint(const S& sources, opinion<T> out) {
    detail::fuse_base_rates(sources, out, [](const auto& o) { return 1 - o.vacuity(); });
    return dempster(sources, out);
}

/// Cumulative fusion: independent observations add up, evidence r = sum_i r_i, r_i = b_i / u_i. More sources, less
/// vacuity. Commutative, associative (while no source is dogmatic), a vacuous source changes nothing. Dogmatic sources
/// are averaged and outweigh all others.
template <opinion_sources S, class T> constexpr void cumulative(const S& sources, opinion<T> out) {
    const T least = detail::least_vacuity(sources);
    const auto weight = [least](const auto& o) { return detail::precision(least, o.vacuity()); };
    detail::fuse_base_rates(sources, out, [&](const auto& o) { return weight(o) * (1 - o.vacuity()); });
    detail::fuse_weighted_sum(sources, out, weight, least);
}

/// Averaging fusion: sources that saw the same thing (flips of one image, models trained on the same data), evidence
/// r = mean of r_i. Commutative and idempotent, not associative; a vacuous source counts and raises the vacuity.
template <opinion_sources S, class T> constexpr void averaging(const S& sources, opinion<T> out) {
    const T least = detail::least_vacuity(sources);
    detail::fuse_base_rates(sources, out, [](const auto&) { return T(1); });
    detail::fuse_weighted_sum(
        sources, out, [least](const auto& o) { return detail::precision(least, o.vacuity()); },
        static_cast<T>(sources.size()) * least);
}

/// Weighted belief fusion (van der Heijden, Kopp and Kargl 2018, definition 4): averaging with weights 1 - u, so that
/// who knows more counts more. Commutative and idempotent, not associative; a vacuous source changes nothing.
template <opinion_sources S, class T> constexpr void weighted(const S& sources, opinion<T> out) {
    const T least = detail::least_vacuity(sources);
    const auto confidence = [](const auto& o) { return 1 - o.vacuity(); };
    T confidences = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) confidences += confidence(sources[i]);
    detail::fuse_base_rates(sources, out, confidence);
    detail::fuse_weighted_sum(
        sources, out, [&](const auto& o) { return confidence(o) * detail::precision(least, o.vacuity()); },
        confidences * least);
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
    }
    return 0;
}

} // namespace fusion

/// Fuses by a rule chosen at run time, after checking that there is a source, that all are over the classes of `out`
/// and that each is an opinion (opinion::make). Returns the conflict as fusion::apply does.
template <opinion_sources S, class T> result<T> fuse(fusion_rule rule, const S& sources, opinion<T> out) {
    if (sources.size() == 0) return fail(errc::invalid_argument, "fusion: there is no opinion to fuse");
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const opinion<const T> source = sources[i];
        if (source.classes() != out.classes())
            return fail(errc::invalid_argument, "fusion: opinion ", static_cast<std::uint64_t>(i), " is over ",
                        source.classes(), " classes, the result over ", out.classes());
        const auto rates = source.has_base_rates() ? source.base_rates() : std::span<const T>();
        if (const auto valid = opinion<const T>::make(source.masses(), rates); !valid) return valid.error();
    }
    return fusion::apply(rule, sources, out);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
