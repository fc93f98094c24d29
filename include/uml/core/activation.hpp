// The functions that operations and kernels can apply to their result.
#pragma once

#include "uml/version.hpp"

#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Applied element by element.
enum class activation : std::uint8_t {
    none,
    relu,
    sigmoid,     ///< 1 / (1 + exp(-x))
    softplus,    ///< log(1 + exp(x))
    exp_negative ///< exp(-x)
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
