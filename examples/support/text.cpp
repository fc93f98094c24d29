#include "support/text.hpp"

#include "uml/model/name_rule.hpp"

#include <cstdint>
#include <cstdio>

namespace support {
namespace {

std::string escaped(const char* format, unsigned code) {
    char text[16];
    std::snprintf(text, sizeof text, format, code);
    return text;
}

// What names may not hold, and marks that turn the direction of what stands beside them.
bool commands(std::uint32_t c) {
    return uml::name_rule::within(c, uml::name_rule::commands) || c == 0x61c || c == 0x200e || c == 0x200f;
}

std::uint32_t code_of(std::string_view character) {
    std::size_t bytes = 0;
    return uml::name_rule::first_of(character, bytes);
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

std::size_t utf8_bytes(std::string_view text) {
    std::size_t at = 0;
    for (std::size_t n = 1; at < text.size() && n > 0; at += n) n = uml::json::utf8_sequence(text.substr(at));
    return at;
}

std::string printable(std::string_view text, std::string_view keep) {
    return each_character(text, [keep](std::string_view c) {
        const std::uint32_t code = code_of(c);
        if (!commands(code) || keep.find(c) != std::string_view::npos) return std::string(c);
        return escaped(c.size() == 1 ? "\\x%02x" : "\\u{%04x}", code);
    });
}

std::string bytes_for_commands(std::string_view text, std::string_view keep) {
    return each_character(text, [keep](std::string_view c) {
        if (!commands(code_of(c)) || keep.find(c) != std::string_view::npos) return std::string(c);
        std::string bytes;
        for (const char byte : c) bytes += escaped("\\x%02x", static_cast<unsigned char>(byte));
        return bytes;
    });
}

std::string json_for_terminal(std::string_view document) {
    return each_character(document, [](std::string_view c) {
        return c.size() > 1 && commands(code_of(c)) ? escaped("\\u%04x", code_of(c)) : std::string(c);
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
