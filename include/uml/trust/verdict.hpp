// What a program does with an answer.
#pragma once

#include "uml/version.hpp"

#include <cstdint>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

enum class verdict : std::uint8_t {
    accepted,  ///< within the limit of vacuity, and one class in the set
    uncertain, ///< the rest: refer to a human
};

[[nodiscard]] constexpr std::string_view name_of(verdict v) {
    return v == verdict::accepted ? "accepted" : "uncertain";
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
