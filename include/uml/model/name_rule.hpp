// Which names classes and regions may have: told apart by who reads them, and no commands to whatever shows them.
#pragma once

#include "uml/core/text.hpp"
#include "uml/io/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace name_rule {

struct code_points {
    std::uint32_t first, last;
};
template <std::size_t n> [[nodiscard]] constexpr bool within(std::uint32_t c, const code_points (&ranges)[n]) {
    for (const code_points& r : ranges)
        if (c >= r.first && c <= r.last) return true;
    return false;
}

/// Control characters; separators of lines; what turns the direction of writing of all that follows.
inline constexpr code_points commands[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x2028, 0x2029},
                                           {0x202a, 0x202e}, {0x2066, 0x2069}, {0xfff9, 0xfffb}};
/// White space, of Unicode's property of that name.
inline constexpr code_points spaces[] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
                                         {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
/// What shows nothing, of Unicode's property Default_Ignorable_Code_Point.
inline constexpr code_points unseen[] = {
    {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},     {0x115f, 0x1160},   {0x17b4, 0x17b5},  {0x180b, 0x180f},
    {0x200b, 0x200f}, {0x2060, 0x2065}, {0x206a, 0x206f},   {0x3164, 0x3164},   {0xfe00, 0xfe0f},  {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

/// The code point that UTF-8 text begins with; `bytes`, how many it takes, are at least 1.
[[nodiscard]] constexpr std::uint32_t first_of(std::string_view s, std::size_t& bytes) {
    bytes = json::utf8_sequence(s);
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(s[i])); };
    if (bytes < 2) return bytes = 1, byte(0);
    std::uint32_t c = byte(0) & (0x7fu >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) c = c << 6 | (byte(i) & 0x3f);
    return c;
}

} // namespace name_rule

/// Whether the name holds a character that commands who shows it: U+0000 to U+001F, U+007F to U+009F, a separator of
/// lines, or one that turns the direction of writing.
[[nodiscard]] constexpr bool has_control(std::string_view name) {
    for (std::size_t bytes = 0; !name.empty(); name.remove_prefix(bytes))
        if (name_rule::within(name_rule::first_of(name, bytes), name_rule::commands)) return true;
    return false;
}

/// What is to be seen of a name: without characters that show nothing and without white space at its ends, runs of
/// white space as one space. Letters of another case, and letters composed otherwise, are others.
template <std::size_t capacity> [[nodiscard]] constexpr text<capacity> as_seen(std::string_view name) {
    text<capacity> seen;
    bool space = false;
    for (std::size_t bytes = 0; !name.empty(); name.remove_prefix(bytes)) {
        const std::uint32_t c = name_rule::first_of(name, bytes);
        if (name_rule::within(c, name_rule::unseen)) continue;
        if (name_rule::within(c, name_rule::spaces)) {
            space = !seen.empty();
            continue;
        }
        if (space) seen << ' ';
        space = false;
        seen << name.substr(0, bytes);
    }
    return seen;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
