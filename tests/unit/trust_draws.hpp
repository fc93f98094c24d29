// Random cases for simulations: the same in every run and on every machine.
#pragma once

#include "uml/core/random.hpp"

#include <cmath>
#include <cstdint>

namespace draws {

class generator {
public:
    explicit generator(std::uint64_t seed) : seed_(seed) {}

    /// In (0, 1).
    double uniform() { return (static_cast<double>(uml::random_bits(seed_, counter_++) >> 11) + 0.5) * 0x1p-53; }
    bool chance(double p) { return uniform() < p; }
    std::size_t below(std::size_t n) { return uml::random_index(seed_, counter_++, n); }
    double exponential() { return -std::log(uniform()); }

private:
    std::uint64_t seed_;
    std::uint64_t counter_ = 0;
};

/// How far a share over `trials` may lie above its expectation `p` by chance: four standard deviations.
inline double chance_of(double p, double trials) { return 4 * std::sqrt(p * (1 - p) / trials); }

} // namespace draws
