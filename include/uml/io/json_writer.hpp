// Writes JSON: commas, escapes and shortest round-trip numbers by itself. For programs and tools.
#pragma once

#include "uml/core/element.hpp"
#include "uml/io/json.hpp"

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {
namespace json {

/// Appends one document to `out`, anything with append(const char*, size_t) such as std::string. Calls must nest as
/// JSON does: `w.begin_object(); w.key("n").value(3); w.end_object();`. With `indent` > 0 one member or item a line.
template <class Out> class writer {
public:
    explicit writer(Out& out, int indent = 0) : out_(out), indent_(indent) {}

    writer& begin_object() { return begin('{'); }
    writer& end_object() { return end('}'); }
    writer& begin_array() { return begin('['); }
    writer& end_array() { return end(']'); }

    writer& key(std::string_view name) {
        separate();
        string(name);
        put(indent_ > 0 ? ": " : ":");
        after_key_ = true;
        return *this;
    }

    writer& value(std::string_view s) {
        separate();
        string(s);
        return *this;
    }
    writer& value(const char* s) { return value(std::string_view(s)); }
    writer& value(bool b) { return literal(b ? "true" : "false"); }
    writer& value(std::integral auto n) { return number(n); }
    /// The fewest digits that read back as the same number; null for NaN and infinity, which JSON lacks.
    writer& value(float x) { return is_finite(x) ? number(x) : null(); }
    writer& value(double x) { return is_finite(x) ? number(x) : null(); }
    writer& null() { return literal("null"); }

    /// `key(name).value(v)`.
    writer& member(std::string_view name, const auto& v) { return key(name).value(v); }

private:
    void put(std::string_view s) { out_.append(s.data(), s.size()); }

    void line() {
        if (indent_ == 0) return;
        put("\n");
        for (int i = 0; i < depth_ * indent_; ++i) put(" ");
    }

    /// What stands between the value before and this one.
    void separate() {
        if (after_key_) {
            after_key_ = false;
            return;
        }
        if (!first_) put(",");
        if (depth_ > 0) line();
        first_ = false;
    }

    writer& begin(char bracket) {
        separate();
        put({&bracket, 1});
        ++depth_;
        first_ = true;
        return *this;
    }

    writer& end(char bracket) {
        --depth_;
        if (!first_) line();
        put({&bracket, 1});
        first_ = false;
        return *this;
    }

    writer& literal(std::string_view s) {
        separate();
        put(s);
        return *this;
    }

    writer& number(auto n) {
        std::array<char, 32> digits;
        const auto last = std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr;
        return literal({digits.data(), static_cast<std::size_t>(last - digits.data())});
    }

    /// Bytes that are not UTF-8 become U+FFFD, so that the document is JSON whatever a file is called.
    void string(std::string_view s) {
        put("\"");
        while (!s.empty()) {
            const std::size_t n = utf8_sequence(s);
            if (n == 0)
                put("\xef\xbf\xbd");
            else if (n == 1)
                character(s[0]);
            else
                put(s.substr(0, n));
            s.remove_prefix(n == 0 ? 1 : n);
        }
        put("\"");
    }

    void character(char c) {
        constexpr std::string_view special = "\"\\\b\f\n\r\t";
        constexpr std::string_view letter = "\"\\bfnrt";
        if (const auto i = special.find(c); i != std::string_view::npos) {
            put("\\");
            put(letter.substr(i, 1));
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            constexpr std::string_view hex = "0123456789abcdef";
            put("\\u00");
            put(hex.substr(static_cast<unsigned char>(c) >> 4, 1));
            put(hex.substr(static_cast<unsigned char>(c) & 15u, 1));
        } else {
            put({&c, 1});
        }
    }

    Out& out_;
    int indent_;
    int depth_ = 0;
    bool first_ = true;
    bool after_key_ = false;
};

} // namespace json
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
