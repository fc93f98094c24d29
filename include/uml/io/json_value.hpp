// JSON documents as views: checked once, then walked in place without a heap. For metadata such as `uml.config`.
#pragma once

#include "uml/core/digest.hpp"
#include "uml/core/quoted.hpp"
#include "uml/core/result.hpp"
#include "uml/io/json.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {
namespace json {

enum class kind : std::uint8_t { object, array, string, number, boolean, null };

/// One value of a checked document. Points into the document's text, which must outlive it.
class value {
public:
    [[nodiscard]] kind type() const {
        switch (text_.front()) {
        case '{': return kind::object;
        case '[': return kind::array;
        case '"': return kind::string;
        case 't':
        case 'f': return kind::boolean;
        case 'n': return kind::null;
        default: return kind::number;
        }
    }

    /// A number. Nothing if it is none, or too large or too small for a double.
    [[nodiscard]] std::optional<double> number() const {
        double out = 0;
        if (type() != kind::number) return std::nullopt;
        const auto [end, code] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
        if (code != std::errc{} || end != text_.data() + text_.size()) return std::nullopt;
        return out;
    }

    /// A number written as an integer (no point, no exponent) in the range of 64 bits, else nothing.
    [[nodiscard]] std::optional<std::int64_t> integer() const {
        if (type() != kind::number) return std::nullopt;
        const bool negative = text_.front() == '-';
        const auto size = to_unsigned(text_.substr(negative));
        if (!size || *size > (std::uint64_t{1} << 63) - !negative) return std::nullopt;
        return static_cast<std::int64_t>(negative ? 0 - *size : *size);
    }

    [[nodiscard]] std::optional<bool> boolean() const {
        if (type() != kind::boolean) return std::nullopt;
        return text_.front() == 't';
    }

    /// A string of at most `capacity` bytes, escapes resolved; nothing if it is none or longer.
    template <std::size_t capacity> [[nodiscard]] std::optional<text<capacity>> string() const {
        if (type() != kind::string) return std::nullopt;
        text<capacity> out;
        unescaper bytes(raw());
        for (int c = bytes.next(); c >= 0; c = bytes.next()) {
            if (out.size() == capacity) return std::nullopt;
            out << static_cast<char>(c);
        }
        return out;
    }

    /// Whether it is the string `plain`.
    [[nodiscard]] bool says(std::string_view plain) const { return type() == kind::string && json::says(raw(), plain); }

    /// The member of that name; nothing if there is none or this is no object. Linear.
    [[nodiscard]] std::optional<value> find(std::string_view key) const;

    /// For `for (auto [key, item] : v.members())` over an object and `for (auto item : v.items())` over an array;
    /// empty for anything else. Keys are string values.
    [[nodiscard]] auto members() const;
    [[nodiscard]] auto items() const;

    /// The value's text as it stands in the document.
    [[nodiscard]] std::string_view source() const { return text_; }

private:
    friend class cursor;
    friend result<value> parse(std::string_view document, std::string_view source);

    explicit value(std::string_view text) : text_(text) {}
    [[nodiscard]] std::string_view raw() const { return text_.substr(1, text_.size() - 2); }

    std::string_view text_;
};

/// Walks the members or items of one value.
class cursor {
public:
    cursor(std::string_view text, kind wanted) : text_(text), reader_(text, {64, ~0ull}) {
        const value root(text);
        if (root.type() != wanted) return;
        reader_.next();
        ++*this;
    }

    cursor& operator++() {
        token t = reader_.next();
        more_ = t != token::end_object && t != token::end_array;
        if (!more_) return *this;
        if (t == token::key) {
            // With its quotes, as any string value has them.
            key_ = {reader_.raw().data() - 1, reader_.raw().size() + 2};
            t = reader_.next();
        }
        const std::size_t start = reader_.start();
        reader_.skip(t);
        item_ = text_.substr(start, reader_.offset() - start);
        return *this;
    }

    [[nodiscard]] bool more() const { return more_; }
    [[nodiscard]] value key() const { return value(key_); }
    [[nodiscard]] value item() const { return value(item_); }

private:
    std::string_view text_;
    reader reader_;
    std::string_view key_{};
    std::string_view item_{};
    bool more_ = false;
};

/// A member of an object.
struct member {
    value key;
    value item;
};

/// What range-for needs, over members or items.
template <bool keyed> struct range {
    struct stop {};
    struct iterator {
        cursor at;
        iterator& operator++() {
            ++at;
            return *this;
        }
        auto operator*() const {
            if constexpr (keyed)
                return member{at.key(), at.item()};
            else
                return at.item();
        }
        friend bool operator!=(const iterator& i, stop) { return i.at.more(); }
    };

    std::string_view text;
    [[nodiscard]] iterator begin() const { return {cursor(text, keyed ? kind::object : kind::array)}; }
    [[nodiscard]] stop end() const { return {}; }
};

inline auto value::members() const { return range<true>{text_}; }
inline auto value::items() const { return range<false>{text_}; }

[[gnu::cold]] inline std::optional<value> value::find(std::string_view key) const {
    for (const auto [name, item] : members())
        if (name.says(key)) return item;
    return std::nullopt;
}

/// The keys of all objects that are open at one time, to find a repeated one.
class open_keys {
public:
    enum class outcome : std::uint8_t { good, repeated, full };

    void begin_object() { first_[depth_++] = count_; }
    void end_object() { count_ = first_[--depth_]; }

    outcome add(std::string_view raw) {
        digest resolved;
        unescaper bytes(raw);
        for (int c = bytes.next(); c >= 0; c = bytes.next()) resolved.add_byte(static_cast<unsigned char>(c));
        const std::uint64_t hash = resolved.value;
        for (std::size_t i = first_[depth_ - 1]; i < count_; ++i)
            if (keys_[i].hash == hash && same_text(keys_[i].raw, raw)) return outcome::repeated;
        if (count_ == keys_.size()) return outcome::full;
        keys_[count_++] = {hash, raw};
        return outcome::good;
    }

private:
    struct entry {
        std::uint64_t hash;
        std::string_view raw;
    };
    std::array<entry, 256> keys_;
    std::array<std::size_t, 16> first_{};
    std::size_t count_ = 0;
    std::size_t depth_ = 0;
};

/// Checks a whole document: RFC 8259 to the letter, no repeated keys, at most 16 levels, 256 keys in the objects open
/// at one time, and 65536 values. `source` names it in errors (errc::malformed). The text must outlive the value.
[[nodiscard, gnu::cold]] inline result<value> parse(std::string_view document, std::string_view source) {
    constexpr limits most{16, 65536};
    reader in(document, most);
    open_keys keys;
    std::size_t start = 0;
    std::size_t end = 0;
    for (auto t = in.next(); t != token::end; t = in.next()) {
        const char* rule = t == token::failed ? in.rule() : nullptr;
        if (t == token::begin_object) keys.begin_object();
        if (t == token::end_object) keys.end_object();
        if (t == token::key) {
            const auto outcome = keys.add(in.raw());
            if (outcome == open_keys::outcome::repeated) rule = "a key stands twice in one object";
            if (outcome == open_keys::outcome::full) rule = "more keys than are allowed";
        }
        if (rule != nullptr)
            return fail(errc::malformed, {source, ": JSON, byte ", std::uint64_t{in.offset()}, ": ", rule});
        if (end == 0) start = in.start();
        end = in.offset();
    }
    return value(document.substr(start, end - start));
}

} // namespace json
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
