// Direct convolution against plain double loops: every tier, every tail, no stray read or write.
#include "kernels_naive.hpp"

using namespace naive;

namespace {

void check(const conv_case& test, isa tier, unsigned seed) {
    check_conv(test, tier, seed, 1e-6, [](isa t, conv_args& a, const auto& weights, const auto& bias) {
        const conv_shape& s = a.shape;
        std::vector<float> packed(conv_weights_size(s), std::numeric_limits<float>::quiet_NaN());
        pack_conv(s, weights.data(), bias.data(), packed.data());
        a.weights = packed.data();
        scratch_memory scratch(conv_scratch_bytes(s));
        for (int job = conv_jobs(s) - 1; job >= 0; --job) kernels_for(t).conv(a, job, scratch.begin());
        CHECK(scratch.guard_untouched());
    });
}

constexpr int channel_counts[] = {1, 2, 3, 8, 16, 24, 26, 40, 52, 64};

} // namespace

TEST_CASE("conv: every pair of channel counts, as 1x1 and as 3x3, whole tensors and slices") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c_in : channel_counts)
            for (const int c_out : channel_counts)
                for (const int k : {1, 3}) {
                    const int variant = static_cast<int>(seed % 3);
                    check({window(5, 6, c_in, c_out, k, 1, k / 2, 1), variant}, tier, ++seed);
                }
}

TEST_CASE("conv: windows, strides, paddings, dilations and extents from 1 to 20") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (int n = 1; n <= 20; ++n)
            for (const int stride : {1, 2, 3})
                for (const int dilation : {1, 2})
                    for (const int k : {1, 2, 3, 5, 7}) {
                        const int pad = static_cast<int>(seed % 4), m = 1 + static_cast<int>(seed * 7 % 20);
                        ++seed;
                        if (std::min(n, m) + 2 * pad < dilation * (k - 1) + 1) continue;
                        check({window(n, m, 3, 18, k, stride, pad, dilation), static_cast<int>(seed % 3)}, tier, seed);
                    }
}

TEST_CASE("conv: scale, residual and activations") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const activation act : {activation::none, activation::relu, activation::sigmoid, activation::softplus})
            for (const bool residual : {false, true})
                for (const bool scale : {false, true})
                    for (const int c_out : {3, 26, 64}) {
                        const int variant = static_cast<int>(++seed % 3);
                        check({window(9, 13, 20, c_out, 1, 1, 0, 1), variant, residual, scale, act}, tier, seed);
                    }
}

TEST_CASE("conv: sums longer than a slice, and blocks of pixels that do not divide") {
    unsigned seed = 1;
    for (const isa tier : tiers()) {
        check({window(1, 1, 1500, 40, 1, 1, 0, 1)}, tier, ++seed);
        check({window(10, 11, 600, 33, 1, 1, 0, 1), 1}, tier, ++seed);
        check({window(9, 9, 300, 20, 3, 1, 1, 1), 2}, tier, ++seed);
        check({window(16, 15, 100, 50, 3, 1, 2, 2)}, tier, ++seed);
    }
}

TEST_CASE("conv: an activation keeps NaN visible") {
    for (const isa tier : tiers())
        for (const activation act : {activation::none, activation::relu, activation::sigmoid, activation::softplus}) {
            const conv_shape s = window(1, 1, 1, 16, 1, 1, 0, 1);
            std::vector<float> packed(conv_weights_size(s), 1.f);
            const float in = std::numeric_limits<float>::quiet_NaN();
            float out[16] = {};
            scratch_memory scratch(conv_scratch_bytes(s));
            conv_args a{s, &in, 1, packed.data(), out, 16, {}};
            a.end.act = act;
            kernels_for(tier).conv(a, 0, scratch.begin());
            CHECK(std::isnan(out[3]));
        }
}
