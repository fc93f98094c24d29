// Names in sentences for people, cut to a bearable length: without control characters for a terminal; those from files
// in quotes and of printable ASCII, paths as the caller wrote them but for that.
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

/// Of a path of more than 120 bytes the last ones, so that it does not push what is wrong with it out of the sentence.
/// Control characters (U+0000 to U+001F, U+007F to U+009F) become '?', a byte each.
[[nodiscard]] constexpr text<120> shortened(std::string_view path) {
    constexpr std::size_t longest = 120;
    text<120> out;
    if (path.size() > longest) {
        out << "...";
        path.remove_prefix(path.size() - (longest - 3));
    }
    bool within = false; // in UTF-8 of U+0080 to U+009F
    for (std::size_t i = 0; i < path.size(); ++i) {
        const auto byte = [path](std::size_t at) {
            return at < path.size() ? static_cast<unsigned char>(path[at]) : 0;
        };
        const bool begins = byte(i) == 0xc2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0;
        out << (begins || within || byte(i) < 0x20 || byte(i) == 0x7f ? '?' : path[i]);
        within = begins;
    }
    return out;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
