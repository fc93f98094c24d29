// A 64-bit digest of bytes: FNV-1a (Fowler, Noll, Vo). Not for security.
#pragma once

#include "uml/version.hpp"

#include <cstdint>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

struct digest {
    std::uint64_t value = 0xcbf29ce484222325u;
    constexpr void add_byte(unsigned char byte) { value = (value ^ byte) * 0x100000001b3u; }
    /// Eight bytes, the lowest first.
    constexpr void add(std::int64_t n) {
        for (int i = 0; i < 8; ++i) add_byte(static_cast<unsigned char>(n >> (8 * i) & 0xff));
    }
    /// The words and a zero byte, so that two in a row differ from their concatenation.
    constexpr void add(std::string_view words) {
        for (const char c : words) add_byte(static_cast<unsigned char>(c));
        add_byte(0);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
