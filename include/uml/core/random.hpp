// Random numbers by counter, the same on every machine: for resampling and for drawing one case of a group.
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Number `counter` of the random sequence SplitMix64 that starts at `seed`; all arithmetic modulo 2^64.
[[nodiscard]] constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t counter) {
    std::uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/// One of 0 .. n - 1, n from 1 to 2^32, by the upper half of the same number.
[[nodiscard]] constexpr std::size_t random_index(std::uint64_t seed, std::uint64_t counter, std::size_t n) {
    const std::uint64_t scaled = (random_bits(seed, counter) >> 32) * n >> 32;
    return static_cast<std::size_t>(scaled);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
