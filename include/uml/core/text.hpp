// A short string in a fixed buffer: error messages and names without a heap, at compile time too.
#pragma once

#include "uml/version.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A part of a sentence: text, a character or a whole number. Sentences are put together in one function, so that the
/// places that can fail stay small and compile fast.
struct piece {
    enum class kinds : std::uint8_t { words, character, signed_number, unsigned_number };

    constexpr piece(std::string_view s)
        : letters(s.data()), length(static_cast<std::uint32_t>(s.size())), kind(kinds::words) {}
    constexpr piece(const char* s) : piece(std::string_view(s)) {}
    /// A string with a terminator: text, std::string.
    template <class S>
    requires requires(const S& s) { s.c_str(), s.size(); }
    constexpr piece(const S& s) : piece(std::string_view(s.c_str(), s.size())) {}
    constexpr piece(char c) : number(static_cast<unsigned char>(c)), kind(kinds::character) {}
    template <std::integral T>
    constexpr piece(T n)
        : number(static_cast<std::uint64_t>(n)),
          kind(std::is_signed_v<T> ? kinds::signed_number : kinds::unsigned_number) {}

    union {
        const char* letters; ///< of words
        std::uint64_t number;
    };
    std::uint32_t length = 0; ///< of words
    kinds kind;
};

/// At most `capacity` characters; what does not fit is cut off.
template <std::size_t capacity> class text {
public:
    constexpr text() = default;
    constexpr text(std::string_view s) { *this << s; }

    constexpr text& operator<<(std::string_view s) {
        for (const char c : s) put(c);
        return *this;
    }
    template <std::size_t n> constexpr text& operator<<(const text<n>& s) { return *this << s.view(); }
    constexpr text& operator<<(const char* s) { return *this << std::string_view(s); }
    constexpr text& operator<<(char c) {
        put(c);
        return *this;
    }
    template <std::integral T> constexpr text& operator<<(T n) { return *this << piece(n); }
    constexpr text& operator<<(const piece& p) {
        if (p.kind == piece::kinds::words) return *this << std::string_view(p.letters, p.length);
        if (p.kind == piece::kinds::character) return *this << static_cast<char>(p.number);
        const bool negative = p.kind == piece::kinds::signed_number && static_cast<std::int64_t>(p.number) < 0;
        if (negative) put('-');
        put_digits(negative ? 0 - p.number : p.number);
        return *this;
    }

    [[nodiscard]] constexpr std::string_view view() const { return {characters_, size_}; }
    constexpr operator std::string_view() const { return view(); }
    [[nodiscard]] constexpr const char* c_str() const { return characters_; }
    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
    friend constexpr bool operator==(const text& a, std::string_view b) { return a.view() == b; }

private:
    constexpr void put(char c) {
        if (size_ < capacity) characters_[size_++] = c;
    }
    constexpr void put_digits(std::uint64_t n) {
        char digits[20]{};
        int count = 0;
        do digits[count++] = static_cast<char>('0' + n % 10);
        while (n /= 10);
        while (count > 0) put(digits[--count]);
    }

    char characters_[capacity + 1]{};
    std::size_t size_ = 0;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
