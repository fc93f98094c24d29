// Parameters computed from others: here their entries, their numbers when a network is loaded.
#pragma once

#include "uml/graph/graph.hpp"
#include "uml/parameters/algebra.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Appends the parameter that `kind` makes of `a` and `b`.
constexpr id derive(graph& g, parameter_kind kind, id a, id b = no_id, int count = 1) {
    parameter p = algebra::shape_of(kind, g.parameters[a], b == no_id ? parameter{} : g.parameters[b], count);
    p.a = a;
    p.b = b;
    return g.add_parameter(p);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
