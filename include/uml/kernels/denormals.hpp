// Numbers below the smallest normal float make some processors a hundred times slower. Kernels take them for zero.
#pragma once

#include "uml/core/arithmetic.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// While one lives, its thread reads and writes denormal floats as zeros, where this is known how.
class flush_denormals : arithmetic_mode {
public:
    flush_denormals() : arithmetic_mode(denormals::zero) {}
};

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
