// A strict JSON reader (RFC 8259) that hands out one token at a time: no heap, no recursion, works on hostile text.
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {
namespace json {

enum class token : std::uint8_t {
    begin_object,
    end_object,
    begin_array,
    end_array,
    key,
    string,
    number,
    boolean,
    null,
    end,    ///< the root value and nothing but white space after it has been read
    failed, ///< the text breaks a rule: see `reader::rule`
};

/// What a text may ask for before it is refused.
struct limits {
    int depth = 16;                    ///< open objects and arrays; 64 at most
    std::uint64_t tokens = 1ull << 21; ///< in the whole text
};

/// The UTF-8 bytes of a string token, escapes resolved, one at a time.
class unescaper {
public:
    /// `raw` must come from `reader::raw`: escapes are not checked again.
    constexpr explicit unescaper(std::string_view raw) : raw_(raw) {}

    /// The next byte, 0 to 255, or -1 after the last.
    constexpr int next() {
        if (pending_ > 0) return bytes_[--pending_];
        if (at_ == raw_.size()) return -1;
        const char c = raw_[at_++];
        if (c != '\\') return static_cast<unsigned char>(c);
        switch (const char escape = raw_[at_++]) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'u': return encode(code_point());
        default: return static_cast<unsigned char>(escape);
        }
    }

    /// The four hexadecimal digits at the start of `s`, or nothing.
    [[nodiscard]] static constexpr std::optional<std::uint32_t> hex4(std::string_view s) {
        if (s.size() < 4) return std::nullopt;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const char c = s[i];
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) return std::nullopt;
            value = value * 16 + static_cast<std::uint32_t>(digit);
        }
        return value;
    }

private:
    constexpr std::uint32_t code_point() {
        const std::uint32_t unit = *hex4(raw_.substr(at_));
        at_ += 4;
        if (unit < 0xd800 || unit > 0xdbff) return unit;
        const std::uint32_t low = *hex4(raw_.substr(at_ + 2)); // after the \u that the reader has seen
        at_ += 6;
        return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }

    /// Keeps the bytes after the first for later, last one first, and returns the first.
    constexpr int encode(std::uint32_t code) {
        if (code < 0x80) return static_cast<int>(code);
        const int following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        for (pending_ = 0; pending_ < following; code >>= 6)
            bytes_[pending_++] = static_cast<unsigned char>(0x80 | (code & 0x3f));
        return static_cast<int>(((0xff00u >> (following + 1)) & 0xffu) | code);
    }

    std::string_view raw_;
    std::size_t at_ = 0;
    unsigned char bytes_[3]{};
    int pending_ = 0;
};

/// Whether two raw strings say the same once their escapes are resolved.
[[nodiscard]] constexpr bool same_text(std::string_view a, std::string_view b) {
    unescaper left(a), right(b);
    for (;;) {
        const int x = left.next();
        if (x != right.next()) return false;
        if (x < 0) return true;
    }
}

/// Whether a raw string says `plain` once its escapes are resolved.
[[nodiscard]] constexpr bool says(std::string_view raw, std::string_view plain) {
    unescaper bytes(raw);
    for (const char c : plain)
        if (bytes.next() != static_cast<unsigned char>(c)) return false;
    return bytes.next() < 0;
}

/// The length of the UTF-8 sequence at the front of `s`, 1 to 4, or 0 if there is none: cut short, overlong, a
/// surrogate, above U+10FFFF.
[[nodiscard]] constexpr std::size_t utf8_sequence(std::string_view s) {
    const auto byte = [s](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return s.empty() ? 0 : 1;
    const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                               : lead >= 0xe0 && lead <= 0xef ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                              : 0;
    // Four leads narrow what may come second.
    const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    return length;
}

/// A number as it stands in the text, if it is a plain non-negative integer below 2^64.
[[nodiscard]] constexpr std::optional<std::uint64_t> to_unsigned(std::string_view digits) {
    if (digits.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > (~0ull - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

/// Reads a text from front to back. Everything is checked but repeated keys, which need memory: see `json::parse`.
class reader {
public:
    constexpr explicit reader(std::string_view text, limits most = {}) : text_(text), most_(most) {}

    /// The next token. After `end` or `failed` it stays there.
    constexpr token next() {
        if (rule_ != nullptr) return token::failed;
        skip_space();
        if (expect_ == state::end) return at_ == text_.size() ? token::end : broken("something follows the root value");
        if (++count_ > most_.tokens) return broken("more values than are allowed");
        if (expect_ == state::separator) {
            const char c = peek();
            if (c != ',') return close(c);
            ++at_;
            expect_ = in_object() ? state::key : state::value;
            skip_space();
        }
        const char c = peek();
        if (expect_ == state::key || expect_ == state::first_key) {
            if (c == '}' && expect_ == state::first_key) return close(c);
            return key(c);
        }
        if (c == ']' && expect_ == state::first_value) return close(c);
        return value(c);
    }

    /// Reads on to the end of the object or array that the last token opened; does nothing after any other token.
    constexpr void skip(token last) {
        if (last != token::begin_object && last != token::begin_array) return;
        const int outside = depth_ - 1;
        while (depth_ > outside)
            if (next() == token::failed) return;
    }

    /// After `key` and `string`: what stands between the quotes, escapes and all. After `number`, `boolean`: its text.
    [[nodiscard]] constexpr std::string_view raw() const { return raw_; }
    /// Whether the last key or string has escapes.
    [[nodiscard]] constexpr bool escaped() const { return escaped_; }
    /// How many bytes have been read; after `failed`, where the fault is.
    [[nodiscard]] constexpr std::size_t offset() const { return at_; }
    /// Where the last value began, in bytes.
    [[nodiscard]] constexpr std::size_t start() const { return start_; }
    /// After `failed`: the rule that the text breaks.
    [[nodiscard]] constexpr const char* rule() const { return rule_; }

private:
    enum class state : std::uint8_t { value, first_value, key, first_key, separator, end };

    constexpr token broken(const char* rule) {
        rule_ = rule;
        return token::failed;
    }
    [[nodiscard]] constexpr char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    [[nodiscard]] constexpr bool in_object() const { return (objects_ >> (depth_ - 1) & 1u) != 0; }

    constexpr void skip_space() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
            ++at_;
        }
    }

    constexpr token open(bool object) {
        if (depth_ == most_.depth || depth_ == 64) return broken("objects and arrays are nested too deeply");
        const std::uint64_t bit = 1ull << depth_++;
        objects_ = object ? objects_ | bit : objects_ & ~bit;
        expect_ = object ? state::first_key : state::first_value;
        ++at_;
        return object ? token::begin_object : token::begin_array;
    }

    constexpr token close(char c) {
        if (at_ == text_.size()) return broken("the text ends inside an object or array");
        const bool object = in_object();
        if (c != (object ? '}' : ']')) return broken(object ? "a comma or } is missing" : "a comma or ] is missing");
        --depth_;
        ++at_;
        expect_ = depth_ == 0 ? state::end : state::separator;
        return object ? token::end_object : token::end_array;
    }

    constexpr token key(char c) {
        if (c != '"') return broken(at_ == text_.size() ? "the text ends inside an object" : "a key must be a string");
        if (!string()) return token::failed;
        skip_space();
        if (peek() != ':') return broken("a colon is missing after a key");
        ++at_;
        expect_ = state::value;
        return token::key;
    }

    constexpr token value(char c) {
        start_ = at_;
        if (c == '{' || c == '[') return open(c == '{');
        expect_ = depth_ == 0 ? state::end : state::separator;
        if (c == '"') return string() ? token::string : token::failed;
        if (c == '-' || (c >= '0' && c <= '9')) return number();
        if (word("true") || word("false")) return token::boolean;
        if (word("null")) return token::null;
        return broken(at_ == text_.size() ? "the text ends where a value must stand" : "this is not a value");
    }

    constexpr bool word(std::string_view w) {
        if (text_.substr(at_, w.size()) != w) return false;
        raw_ = text_.substr(at_, w.size());
        at_ += w.size();
        return true;
    }

    constexpr bool digits() {
        const std::size_t first = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ > first;
    }

    constexpr token number() {
        const std::size_t first = at_;
        if (peek() == '-') ++at_;
        if (peek() == '0' && at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9')
            return broken("a number must not begin with 0");
        if (!digits()) return broken("a number has no digits");
        if (peek() == '.') {
            ++at_;
            if (!digits()) return broken("a number has no digits after its point");
        }
        if (peek() == 'e' || peek() == 'E') {
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (!digits()) return broken("a number has no digits in its exponent");
        }
        raw_ = text_.substr(first, at_ - first);
        return token::number;
    }

    constexpr bool string() {
        const std::size_t first = ++at_;
        escaped_ = false;
        for (;;) {
            while (at_ < text_.size() && plain(text_[at_])) ++at_;
            if (at_ == text_.size()) return refuse("a string does not end");
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '"') break;
            if (c < 0x20) return refuse("a string holds a control character");
            if (c == '\\') {
                if (!escape()) return false;
                continue;
            }
            const std::size_t bytes = utf8_sequence(text_.substr(at_));
            if (bytes == 0) return refuse("a string is not UTF-8");
            at_ += bytes;
        }
        raw_ = text_.substr(first, at_ - first);
        ++at_;
        return true;
    }

    [[nodiscard]] static constexpr bool plain(char c) {
        const auto u = static_cast<unsigned char>(c);
        return u >= 0x20 && u < 0x80 && u != '"' && u != '\\';
    }

    constexpr bool refuse(const char* rule) {
        rule_ = rule;
        return false;
    }

    constexpr bool escape() {
        escaped_ = true;
        const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (kind != 'u') {
            if (kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos)
                return refuse("a string has an unknown escape");
            at_ += 2;
            return true;
        }
        const auto unit = unescaper::hex4(text_.substr(at_ + 2));
        if (!unit) return refuse("\\u needs four hexadecimal digits");
        if (*unit < 0xd800 || *unit > 0xdfff) {
            at_ += 6;
            return true;
        }
        const auto low = text_.substr(at_ + 6, 2) == "\\u" ? unescaper::hex4(text_.substr(at_ + 8)) : std::nullopt;
        if (*unit > 0xdbff || !low || *low < 0xdc00 || *low > 0xdfff) return refuse("a surrogate stands alone");
        at_ += 12;
        return true;
    }

    std::string_view text_;
    limits most_;
    std::size_t at_ = 0;
    std::size_t start_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t objects_ = 0; // bit d: what is open at depth d is an object
    std::string_view raw_{};
    const char* rule_ = nullptr;
    int depth_ = 0;
    state expect_ = state::value;
    bool escaped_ = false;
};

} // namespace json
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
