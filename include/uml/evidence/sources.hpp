// What the fusion rules share: the sources they read, and sums over them.
#pragma once

#include "uml/evidence/elementary.hpp"
#include "uml/evidence/opinion.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What fusion reads: a span, an array or an opinion_table of opinions, at least one, all over the same classes.
template <class S>
concept opinion_sources = requires(const S& sources, std::size_t i) {
    { sources.size() } -> std::convertible_to<std::size_t>;
    { sources[i].vacuity() } -> std::floating_point;
    { sources[i].base_rate(0) } -> std::floating_point;
};

namespace fusion::detail {

/// What masses are summed and multiplied in: at least double.
template <class S>
using number = elementary::wide<std::remove_cvref_t<decltype(std::declval<const S&>()[0].vacuity())>>;

template <class O> constexpr auto vacuity_of(const O& o) {
    return static_cast<elementary::wide<typename O::value_type>>(o.vacuity());
}
template <class O> constexpr auto belief_of(const O& o, int k) {
    return static_cast<elementary::wide<typename O::value_type>>(o.belief(k));
}

/// 1 - u as the sum of the beliefs, which keeps those far below 1.
template <class O> constexpr auto confidence(const O& o) {
    elementary::wide<typename O::value_type> sum = 0;
    for (int k = 0; k < o.classes(); ++k) sum += belief_of(o, k);
    return sum;
}

template <class S> constexpr number<S> least_vacuity(const S& sources) {
    auto least = vacuity_of(sources[0]);
    for (std::size_t i = 1; i < sources.size(); ++i)
        if (vacuity_of(sources[i]) < least) least = vacuity_of(sources[i]);
    return least;
}

/// least / u, the weight 1 / u of a source's belief as a number in [0, 1]. Dogmatic sources weigh 1 and leave nothing
/// to the others: the limit when their vacuities go to 0 together.
template <class W, class O> constexpr W precision(W least, const O& o) {
    const W u = vacuity_of(o);
    return u == least ? W(1) : least / u;
}

/// Base rates of `out`, if it has any: the mean of the sources' by `weight`, the plain mean if all weigh 0.
template <class S, class T, class F> constexpr void fuse_base_rates(const S& sources, opinion<T> out, F weight) {
    if (!out.has_base_rates()) return;
    using W = number<S>;
    W total = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) total += weight(sources[i]);
    const auto count = static_cast<W>(sources.size());
    for (int k = 0; k < out.classes(); ++k) {
        W sum = 0;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const auto rate = static_cast<W>(sources[i].base_rate(k));
            sum += total > 0 ? weight(sources[i]) / total * rate : rate / count;
        }
        out.base_rates()[static_cast<std::size_t>(k)] = static_cast<T>(sum);
    }
}

/// Masses in proportion to sum_i weight_i b_ik and, for the vacuity, `vacuous`. All zero: nobody knows anything. Where
/// `out` is a source too, its weight is taken before its masses change.
template <class S, class T, class F>
constexpr void fuse_weighted_sum(const S& sources, opinion<T> out, F weight, number<S> vacuous) {
    using W = number<S>;
    const auto is_out = [&](std::size_t i) { return sources[i].masses().data() == out.masses().data(); };
    W own = 0;
    for (std::size_t i = 0; i < sources.size(); ++i)
        if (is_out(i)) own = weight(sources[i]);
    const auto sum_of = [&](int k) {
        W sum = 0;
        for (std::size_t i = 0; i < sources.size(); ++i)
            sum += (is_out(i) ? own : weight(sources[i])) * belief_of(sources[i], k);
        return sum;
    };
    W total = vacuous;
    for (int k = 0; k < out.classes(); ++k) total += sum_of(k);
    if (!(total > 0)) return out.set_vacuous();
    for (int k = 0; k < out.classes(); ++k)
        out.masses()[static_cast<std::size_t>(k)] = static_cast<T>(sum_of(k) / total);
    out.masses().back() = static_cast<T>(vacuous / total);
}

} // namespace fusion::detail
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
