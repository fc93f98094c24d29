// Dempster's rule for any number of sources, without logarithms and without cancellation.
#pragma once

#include "uml/evidence/opinion.hpp"
#include "uml/evidence/scaled.hpp"
#include "uml/evidence/sources.hpp"

#include <cstddef>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace fusion {
namespace detail {

/// What the sources leave for one class.
template <class W> struct combined {
    scaled<W> agreed;       ///< D = prod_i (b_i + u_i) - prod_i u_i
    scaled<W> vacuous{1};   ///< U = prod_i u_i
    scaled<W> contradicted; ///< mass that was on this class and met a belief in another
    scaled<W> whole{1};     ///< prod_i of the sources' sums, 1 up to rounding
};

/// Source after source: D' = D (b + u) + U b, all terms positive, so neither small evidence nor a small conflict is
/// lost.
template <class S> constexpr combined<number<S>> combine(const S& sources, int k, bool with_conflict) {
    using W = number<S>;
    combined<W> c;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto& o = sources[i];
        const W b = belief_of(o, k);
        const W u = vacuity_of(o);
        if (with_conflict) {
            W others = 0;
            for (int j = 0; j < o.classes(); ++j)
                if (j != k) others += belief_of(o, j);
            const scaled<W> sum(others + b + u);
            c.contradicted = c.contradicted * sum + c.agreed * scaled<W>(others);
            c.whole *= sum;
        }
        c.agreed = c.agreed * scaled<W>(b + u) + c.vacuous * scaled<W>(b);
        c.vacuous *= scaled<W>(u);
    }
    return c;
}

} // namespace detail

/// Reduced Dempster combination (Han et al., "Trusted multi-view classification", ICLR 2021, definition 4, for any
/// number of sources): for independent sources that must agree. b_k is in proportion to prod_i (b_ik + u_i) - prod_i
/// u_i, u to prod_i u_i. Commutative, associative, a vacuous source changes nothing. Returns the conflict C in [0, 1],
/// the share of mass that falls on contradictions. C = 1 (dogmatic sources that exclude each other) has no answer:
/// `out` is then vacuous. Base rates of `out` are left alone. A constant expression for any number of sources.
template <opinion_sources S, class T> constexpr T dempster(const S& sources, opinion<T> out) {
    using W = detail::number<S>;
    scaled<W> total;
    scaled<W> contradicted;
    detail::combined<W> last;
    for (int k = 0; k < out.classes(); ++k) {
        last = detail::combine(sources, k, true);
        total += last.agreed;
        contradicted += last.contradicted;
    }
    total += last.vacuous;
    if (total.is_zero()) {
        out.set_vacuous();
        return 1;
    }
    // `out` may be a source: class k of it is read for the last time before it is written, the vacuity after all.
    for (int k = 0; k < out.classes(); ++k)
        out.masses()[static_cast<std::size_t>(k)] = static_cast<T>(detail::combine(sources, k, false).agreed / total);
    out.masses().back() = static_cast<T>(last.vacuous / total);
    const auto conflict = static_cast<T>(contradicted / last.whole);
    return conflict < 1 ? conflict : T(1);
}

} // namespace fusion
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
