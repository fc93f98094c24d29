// gate: a gate of the Uncertainty Navigator becomes one operation. The derivation is in docs/rewrites.md.
#pragma once

#include "uml/graph/passes/regions.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::passes {

constexpr void gate(graph& g) {
    replace(g, region_kind::gate, [](builder& b, const value(&in)[3], const region& r, const region_parameters& p) {
        const value x = in[0], mutual = in[1], vacuity = in[2];
        const shape pixels{1, x.shape.h, x.shape.w};
        if (r.inputs != 3 || p.count != 6 || vacuity.shape != pixels) return value{};
        if (mutual.shape.h != x.shape.h || mutual.shape.w != x.shape.w) return value{};
        const id from_x = b.derived(parameter_kind::folded, p.at[0], p.at[1]);
        id from_mutual = b.derived(parameter_kind::folded, p.at[2], p.at[3]);
        if (mutual.shape.c != x.shape.c)
            from_mutual = b.derived(parameter_kind::column_sum, from_mutual, no_id, mutual.shape.c);
        const id entry = b.derived(parameter_kind::joined, from_x, from_mutual);
        const id psi = b.derived(parameter_kind::folded, p.at[4], p.at[5]);
        return b.gate(x, mutual, vacuity, entry, psi);
    });
}

} // namespace uml::inline UML_VERSION_NAMESPACE::passes

#include "uml/core/end.inc"
