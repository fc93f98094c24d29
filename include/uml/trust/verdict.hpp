// What a program does with an answer.
#pragma once

#include "uml/evidence/familiarity.hpp"

#include <cstdint>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

enum class verdict : std::uint8_t {
    accepted,   ///< of a known kind, within the limit of vacuity, and one class in the set
    uncertain,  ///< of a known kind, or that was not checked, and not accepted: refer to a human
    unfamiliar, ///< of no known kind: whatever class and mask say, they mean nothing
};

[[nodiscard]] constexpr std::string_view name_of(verdict v) {
    return v == verdict::accepted ? "accepted" : v == verdict::uncertain ? "uncertain" : "unfamiliar";
}

/// What the check of the picture's kind found, in a word or two.
[[nodiscard]] constexpr std::string_view name_of(acquaintance kind) {
    switch (kind) {
    case acquaintance::unchecked: return "not checked";
    case acquaintance::familiar: return "familiar";
    case acquaintance::unusual: return "unusual";
    case acquaintance::unfamiliar: break;
    }
    return "unfamiliar";
}

/// The verdict as a person reads it, behind "glioma: ". Nothing is accepted without saying whether its kind was
/// checked.
[[nodiscard]] constexpr std::string_view words_of(verdict v, acquaintance kind) {
    if (v == verdict::unfamiliar)
        return kind == acquaintance::unusual ? "unfamiliar (unusual: other scanner or framing?), refer to a human"
                                             : "unfamiliar (nothing like the pictures of training), refer to a human";
    if (kind == acquaintance::unchecked)
        return v == verdict::accepted ? "accepted, kind of picture not checked"
                                      : "refer to a human, kind of picture not checked";
    return v == verdict::accepted ? "accepted" : "refer to a human";
}

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
