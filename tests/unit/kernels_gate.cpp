// The navigator's gate in one operation, against a plain double loop.
#include "kernels_small.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <utility>

using namespace naive;

namespace {

struct gate_case {
    int h, w, c, mutual, inner, variant;
    float scale = 1; ///< of the vacuity
};

void check_gate(isa tier, const gate_case& t, unsigned seed) {
    noise random{std::mt19937(seed)};
    const gate_shape s{t.h * t.w, t.c, t.mutual, t.inner};
    const picture x = noisy(random, t.h, t.w, t.c, t.variant), m = noisy(random, t.h, t.w, t.mutual, t.variant);
    picture u = noisy(random, t.h, t.w, 1, t.variant);
    for (int i = 0; i < t.h; ++i)
        for (int k = 0; k < t.w; ++k) u.at(i, k, 0) = (u.at(i, k, 0) + 1.F) * t.scale;
    const auto inputs = static_cast<std::size_t>(t.c + t.mutual), inner = static_cast<std::size_t>(t.inner);
    const float size = 1 / std::sqrt(static_cast<float>(t.c + t.mutual));
    const std::vector<float> entry = random.numbers(inner * inputs, size), bias = random.numbers(inner),
                             psi = random.numbers(inner), psi_bias = random.numbers(1);
    scratch_memory packed(gate_weights_size(s) * sizeof(float));
    auto* const weights = static_cast<float*>(packed.begin());
    pack_gate(s, entry.data(), bias.data(), psi.data(), psi_bias.data(), weights);
    CHECK(packed.guard_untouched());
    picture out = blank(t.h, t.w, t.c, t.variant);
    const gate_args args{s, view(x), view(m), view(std::as_const(u)), weights, view(out)};
    run_jobs(gate_jobs(s), gate_scratch_bytes(s),
             [&](int job, void* scratch) { kernels_for(tier).gate(args, job, scratch); });

    const double error = worst_error(out, [&](int row, int column, int k) {
        const double trust = std::exp(-number(u.at(row, column, 0)));
        double score = number(psi_bias[0]);
        for (std::size_t o = 0; o < inner; ++o) {
            double h = number(bias[o]);
            for (int i = 0; i < t.c; ++i)
                h += trust * number(entry[o * inputs + static_cast<std::size_t>(i)]) * number(x.at(row, column, i));
            for (int i = 0; i < t.mutual; ++i)
                h += number(entry[o * inputs + static_cast<std::size_t>(t.c + i)]) * number(m.at(row, column, i));
            score += h > 0 ? h * number(psi[o]) : 0;
        }
        return number(x.at(row, column, k)) * trust / (1 + std::exp(-score));
    });
    CAPTURE(name(tier));
    CAPTURE(t.c);
    CAPTURE(t.mutual);
    CAPTURE(t.inner);
    CAPTURE(t.variant);
    CHECK(error < 2e-6 * std::sqrt(1. + t.inner));
    CHECK(out.neighbours_untouched());
}

} // namespace

TEST_CASE("gate: channels, inner channels and places of every kind") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int variant : {0, 1, 2})
            for (const int c : {1, 8, 16, 26, 64})
                for (const int inner : {1, 8, 13, 32, 40}) check_gate(tier, {5, 7, c, 16, inner, variant}, ++seed);
}
TEST_CASE("gate: several blocks, more inputs than are summed at a time") {
    unsigned seed = 100;
    for (const isa tier : tiers()) {
        check_gate(tier, {40, 37, 64, 64, 32, 0}, ++seed);
        check_gate(tier, {9, 11, 300, 20, 24, 0}, ++seed);
        check_gate(tier, {9, 11, 20, 300, 24, 1}, ++seed);
        check_gate(tier, {1, 1, 3, 5, 2, 0}, ++seed);
    }
}
TEST_CASE("gate: where nothing is trusted, nothing comes out") {
    for (const isa tier : tiers()) check_gate(tier, {6, 6, 16, 16, 8, 0, 80.F}, 7);
}
