// How far apart two names are, for "did you mean".
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Letters to insert, remove or replace until one name is the other (Levenshtein 1966); of names longer than 127 the
/// first 127.
[[nodiscard, gnu::cold]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    constexpr std::size_t most = 127;
    a = a.substr(0, most), b = b.substr(0, most);
    std::size_t row[most + 1];
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t before = row[0]; // of the row above, one to the left
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = before + (a[i] == b[j] ? 0u : 1u), above = row[j + 1] + 1, left = row[j] + 1;
            before = row[j + 1];
            row[j + 1] = replaced < above ? (replaced < left ? replaced : left) : (above < left ? above : left);
        }
    }
    return row[b.size()];
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
