// Memory blocks: alignment, and sizes that a machine cannot have.
#include "uml/core/memory.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>

TEST_CASE("a block begins at a multiple of 64") {
    const auto owned = uml::memory_block::allocate(100, "a test");
    REQUIRE(owned);
    CHECK(reinterpret_cast<std::uintptr_t>(owned->data()) % 64 == 0);
    std::array<std::byte, 256> mine{};
    const auto borrowed = uml::memory_block::borrow(std::span(mine).subspan(1), 128, "a test");
    REQUIRE(borrowed);
    CHECK(reinterpret_cast<std::uintptr_t>(borrowed->data()) % 64 == 0);
    CHECK(borrowed->data() + 128 <= mine.data() + mine.size());
    CHECK(uml::memory_block::borrow(std::span(mine), 512, "a test").error().code == uml::errc::too_small);
}

TEST_CASE("more than any machine has is refused") {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(uml::memory_block::allocate(most, "a test").error().code == uml::errc::out_of_memory);
    if constexpr (sizeof(std::size_t) == 4) // 16 bytes, if the size were cut to 32 bits
        CHECK(uml::memory_block::allocate((std::int64_t{1} << 32) + 16, "a test").error().code ==
              uml::errc::out_of_memory);
}
