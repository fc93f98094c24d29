// Winograd F(4x4, 3x3) against plain double loops: every tier, every tail, both ways of cutting the work.
#include "kernels_naive.hpp"

using namespace naive;

namespace {

void check(const conv_case& test, isa tier, unsigned seed) {
    REQUIRE(winograd_covers(test.shape));
    check_conv(test, tier, seed, 1.5e-6, [](isa t, conv_args& a, const auto& weights, const auto& bias) {
        const conv_shape& s = a.shape;
        std::vector<float> packed(conv_weights_size(s), std::numeric_limits<float>::quiet_NaN());
        pack_conv(s, weights.data(), bias.data(), packed.data());
        a.weights = packed.data();
        scratch_memory scratch(winograd_scratch(s).bytes), shared(winograd_scratch(s).shared_bytes);
        const winograd_args args{a, static_cast<float*>(shared.begin())};
        for (int phase = 0; phase < winograd_phases; ++phase)
            for (int job = winograd_jobs(s, phase) - 1; job >= 0; --job)
                kernels_for(t).winograd(args, phase, job, scratch.begin());
        CHECK(scratch.guard_untouched());
        CHECK(shared.guard_untouched());
    });
}

conv_shape square(int h, int w, int c_in, int c_out) { return window(h, w, c_in, c_out, 3, 1, 1, 1); }

} // namespace

TEST_CASE("winograd: every pair of channel counts, whole tensors and slices") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c_in : {1, 2, 3, 8, 16, 24, 26, 40, 52, 64, 130})
            for (const int c_out : {1, 2, 3, 8, 16, 24, 26, 40, 52, 64, 130}) {
                const int variant = static_cast<int>(seed % 3);
                check({square(7, 6, c_in, c_out), variant}, tier, ++seed);
            }
}

TEST_CASE("winograd: extents from 1 to 20, few and many tiles") {
    unsigned seed = 1;
    for (const isa tier : tiers()) {
        for (int h = 1; h <= 20; ++h)
            for (const int w : {1, 2, 3, 4, 5, 9, 16, 20}) {
                ++seed;
                check({square(h, w, 5, 18), static_cast<int>(seed % 3)}, tier, seed);
            }
        const conv_shape large = square(41, 46, 19, 88);
        CHECK_FALSE(split_winograd(large).shared);
        check({large, 1}, tier, ++seed);
        check({square(64, 33, 64, 70), 2}, tier, ++seed);
        const conv_shape wide = square(41, 46, 130, 150);
        CHECK(split_winograd(wide).shared);
        CHECK(split_winograd(wide).blocks == 2);
        check({wide, 1}, tier, ++seed);
    }
}

TEST_CASE("winograd: scale, residual and activations") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const activation act : {activation::none, activation::relu, activation::sigmoid, activation::softplus})
            for (const bool residual : {false, true})
                for (const bool scale : {false, true}) {
                    const int variant = static_cast<int>(++seed % 3);
                    check({square(9, 13, 20, 26), variant, residual, scale, act}, tier, seed);
                }
}
