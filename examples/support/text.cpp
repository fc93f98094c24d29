#include "support/text.hpp"

#include "uml/io/json.hpp"

#include <cstdint>
#include <cstdio>

namespace support {
namespace {

std::string escaped(const char* format, unsigned code) {
    char text[16];
    std::snprintf(text, sizeof text, format, code);
    return text;
}

// Marks that turn or nest the direction of writing (Unicode 15, Bidi_Control) and separators of lines.
bool turns(std::uint32_t c) {
    return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

// Whether the text itself begins as what stands for a byte: its backslash is escaped then, so that no two texts become
// one.
bool is_escape(std::string_view text) {
    const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return text.size() >= 4 && text[0] == '\\' && text[1] == 'x' && digit(text[2]) && digit(text[3]);
}

template <class F> std::string each_character(std::string_view text, F f) {
    std::string s;
    while (!text.empty()) {
        const std::size_t n = uml::json::utf8_sequence(text);
        if (n == 0)
            s += escaped("\\x%02x", static_cast<unsigned char>(text[0]));
        else
            s += f(text.substr(0, n));
        text.remove_prefix(n == 0 ? 1 : n);
    }
    return s;
}

} // namespace

std::string valid_utf8(std::string_view text) {
    return each_character(text, [text](std::string_view c) {
        const auto at = static_cast<std::size_t>(c.data() - text.data());
        return is_escape(text.substr(at)) ? std::string("\\x5c") : std::string(c);
    });
}

std::string printable(std::string_view text, std::string_view keep) {
    return each_character(text, [keep](std::string_view c) {
        const auto first = static_cast<unsigned char>(c[0]);
        if (c.size() == 1)
            return (first < 0x20 || first == 0x7f) && keep.find(c[0]) == std::string_view::npos
                       ? escaped("\\x%02x", first)
                       : std::string(c);
        const unsigned second = static_cast<unsigned char>(c[1]) & 63u;
        std::uint32_t code = (first & 31u) << 6 | second;
        if (c.size() == 3) code = (first & 15u) << 12 | second << 6 | (static_cast<unsigned char>(c[2]) & 63u);
        if (c.size() < 4 && (code < 0xa0 || turns(code))) return escaped("\\u{%04x}", code);
        return std::string(c);
    });
}

std::string shown(const std::filesystem::path& p) {
    constexpr std::size_t most = 160, kept = 76;
    std::string s = printable(p.native());
    if (s.size() <= most) return s;
    std::size_t begin = kept, end = s.size() - kept;
    const auto inside = [&](std::size_t i) { return (static_cast<unsigned char>(s[i]) & 0xc0) == 0x80; };
    while (begin > 0 && inside(begin)) --begin;
    while (end < s.size() && inside(end)) ++end;
    return s.substr(0, begin) + "[...]" + s.substr(end);
}

std::string to_utf8(const std::filesystem::path& p) { return valid_utf8(p.native()); }

std::string lower(std::string s) {
    for (char& c : s)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return s;
}

} // namespace support
