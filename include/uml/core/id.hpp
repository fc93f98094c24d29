// Places in tables.
#pragma once

#include "uml/version.hpp"

#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Index of an entry in one of a network's tables.
using id = std::int16_t;
inline constexpr id no_id = -1;

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
