// Consensus and compromise fusion: what all sources share stays, what they do not share is negotiated.
#pragma once

#include "uml/evidence/opinion.hpp"
#include "uml/evidence/scaled.hpp"
#include "uml/evidence/sources.hpp"

#include <cstddef>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace fusion {

/// Consensus and compromise fusion (Josang 2016, section 12.6; for several sources van der Heijden, Kopp and Kargl
/// 2018, definition 5): for sources of different views, none of which is dismissed. The belief that all share, min_i
/// b_ik, is kept; a residue meets the others' vacuity and stays with its class, or meets other residues and becomes
/// belief in "one of these classes". An opinion here has no place for such sets, so that mass becomes vacuity (for two
/// classes that is the rule itself): disagreement makes the result less certain, not an average. Commutative and
/// idempotent, not associative. Where no residue meets anything the rest is vacuity. Base rates of `out`, if any: the
/// plain mean.
template <opinion_sources S, class T> constexpr void consensus_compromise(const S& sources, opinion<T> out) {
    using W = detail::number<S>;
    const auto shared = [&](int k) {
        W least = detail::belief_of(sources[0], k);
        for (std::size_t i = 1; i < sources.size(); ++i)
            if (const W b = detail::belief_of(sources[i], k); b < least) least = b;
        return least;
    };
    const W least = detail::least_vacuity(sources);
    // Sum over the sources of residue over vacuity, in units of 1 / least.
    const auto towards = [&](int k) {
        const W common = shared(k);
        W sum = 0;
        for (std::size_t i = 0; i < sources.size(); ++i)
            sum += (detail::belief_of(sources[i], k) - common) * detail::precision(least, sources[i]);
        return sum;
    };
    W consensus = 0;
    W pull = 0;
    for (int k = 0; k < out.classes(); ++k) consensus += shared(k), pull += towards(k);

    scaled<W> others_vacuous{1}; // the product of all vacuities but one smallest
    scaled<W> in_sets{1};        // the product of all residues
    bool skipped = false;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const W u = detail::vacuity_of(sources[i]);
        const bool skip = !skipped && u == least;
        skipped = skipped || skip;
        if (!skip) others_vacuous *= scaled<W>(u);
        W residue = 0; // class by class: the difference of the two sums would lose a small one's digits
        for (int k = 0; k < out.classes(); ++k) residue += detail::belief_of(sources[i], k) - shared(k);
        in_sets *= scaled<W>(residue);
    }
    const scaled<W> compromise = others_vacuous * scaled<W>(pull) + in_sets;
    const W vacuous = (others_vacuous * scaled<W>(least)) / scaled<W>(1);
    const W rest = detail::confidence(sources[0]) - consensus + (detail::vacuity_of(sources[0]) - vacuous);
    const W open = rest > 0 ? rest : W(0);

    detail::fuse_base_rates(sources, out, [](const auto&) { return W(1); });
    const bool met = !compromise.is_zero();
    // `out` may be a source: see dempster().
    for (int k = 0; k < out.classes(); ++k) {
        const W gained = met ? open * ((others_vacuous * scaled<W>(towards(k))) / compromise) : W(0);
        out.masses()[static_cast<std::size_t>(k)] = static_cast<T>(shared(k) + gained);
    }
    out.masses().back() = static_cast<T>(vacuous + (met ? open * (in_sets / compromise) : open));
}

} // namespace fusion
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
