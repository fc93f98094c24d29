// For programs of many translation units: what is needed to hold and run a network, without the code that loads and
// computes, which is compiled once in the library uml::compiled (src/compiled.cpp). The library has the loaders of
// network<dynamic> on `cpu`; a network of fixed configuration is loaded with uml.hpp.
#pragma once

#include "uml/backend/cpu/value.hpp"
#include "uml/evidence.hpp"
#include "uml/model/batch.hpp"
#include "uml/model/load_options.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

extern template result<model<network<dynamic>, cpu>> load<network<dynamic>, cpu>(const weights_file&, const cpu&,
                                                                                 const load_options&);
extern template result<model<network<dynamic>, cpu>> load<network<dynamic>, cpu>(const char*, const cpu&,
                                                                                 const load_options&);
extern template result<model<network<dynamic>, cpu>> load<network<dynamic>, cpu>(std::span<const std::byte>, const cpu&,
                                                                                 const load_options&);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
