// Names from files in sentences for people: in quotes, cut to a bearable length, no control characters for a terminal.
#pragma once

#include "uml/core/text.hpp"

#include <cstddef>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The name in quotes; bytes that are not printable ASCII become '?', the middle of a name of more than 96 bytes "...".
[[nodiscard]] constexpr text<98> quoted(std::string_view name) {
    constexpr std::size_t longest = 96;
    constexpr std::size_t front = 40;
    text<98> out;
    const auto put = [&out](std::string_view part) {
        for (const char c : part) out << (c >= ' ' && c <= '~' ? c : '?');
    };
    out << '"';
    if (name.size() <= longest) {
        put(name);
    } else {
        put(name.substr(0, front));
        out << "...";
        put(name.substr(name.size() - (longest - front - 3)));
    }
    return out << '"';
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
