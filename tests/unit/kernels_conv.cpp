// Direct convolution against plain double loops: every tier, every tail, no stray read or write.
#include "kernels_naive.hpp"

using namespace naive;

namespace {

struct conv_case {
    conv_shape shape;
    int placing_variant = 0;
    bool residual = false, scale = false;
    activation act = activation::none;
};

conv_shape window(int h, int w, int c_in, int c_out, int k, int stride, int pad, int dilation) {
    const auto extent = [&](int n) { return (n + 2 * pad - dilation * (k - 1) - 1) / stride + 1; };
    return {h, w, c_in, extent(h), extent(w), c_out, k, k, stride, pad, dilation};
}

double expected(const conv_case& test, const picture& in, const std::vector<float>& weights, float bias,
                const std::vector<float>& scale, const picture& residual, int y, int x, int o) {
    const conv_shape& s = test.shape;
    double sum = 0;
    for (int c = 0; c < s.c_in; ++c)
        for (int ky = 0; ky < s.kh; ++ky)
            for (int kx = 0; kx < s.kw; ++kx) {
                const int yy = y * s.stride - s.pad + ky * s.dilation, xx = x * s.stride - s.pad + kx * s.dilation;
                if (yy < 0 || xx < 0 || yy >= s.h_in || xx >= s.w_in) continue;
                const int index = ((o * s.c_in + c) * s.kh + ky) * s.kw + kx;
                sum += static_cast<double>(in.at(yy, xx, c)) *
                       static_cast<double>(weights[static_cast<std::size_t>(index)]);
            }
    if (test.scale) sum *= static_cast<double>(scale[static_cast<std::size_t>(y * s.w_out + x)]);
    sum += static_cast<double>(bias);
    if (test.residual) sum += static_cast<double>(residual.at(y, x, o));
    return activate(sum, test.act);
}

void check(const conv_case& test, isa tier, unsigned seed) {
    const conv_shape& s = test.shape;
    noise random{std::mt19937(seed)};
    const placing pin(s.c_in, test.placing_variant), pout(s.c_out, test.placing_variant);
    const picture in = random.image(s.h_in, s.w_in, s.c_in, pin.step, pin.offset);
    const picture residual = random.image(s.h_out, s.w_out, s.c_out, pout.step, pout.offset);
    picture out(s.h_out, s.w_out, s.c_out, pout.step, pout.offset, untouched);
    const std::vector<float> weights = random.numbers(static_cast<std::size_t>(s.c_out * s.c_in * s.taps()));
    const std::vector<float> bias = random.numbers(static_cast<std::size_t>(s.c_out));
    const std::vector<float> scale = random.numbers(static_cast<std::size_t>(s.pixels()));
    std::vector<float> packed(conv_weights_size(s), std::numeric_limits<float>::quiet_NaN());
    pack_conv(s, weights.data(), bias.data(), packed.data());

    conv_args a{s, in.data.data() + in.offset, in.step, packed.data(), out.begin(), out.step, {}};
    if (test.residual) a.end.residual = residual.data.data() + residual.offset, a.end.residual_step = residual.step;
    if (test.scale) a.end.scale = scale.data();
    a.end.act = test.act;
    scratch_memory scratch(conv_scratch_bytes(s));
    for (int job = conv_jobs(s) - 1; job >= 0; --job) kernels_for(tier).conv(a, job, scratch.begin());

    difference d;
    for (int y = 0; y < s.h_out; ++y)
        for (int x = 0; x < s.w_out; ++x)
            for (int o = 0; o < s.c_out; ++o)
                d.add(expected(test, in, weights, bias[static_cast<std::size_t>(o)], scale, residual, y, x, o),
                      static_cast<double>(out.at(y, x, o)));
    CAPTURE(name(tier));
    CAPTURE(s.c_in);
    CAPTURE(s.c_out);
    CAPTURE(s.h_in);
    CAPTURE(s.w_in);
    CAPTURE(s.kh);
    CAPTURE(s.stride);
    CAPTURE(s.dilation);
    CAPTURE(test.placing_variant);
    CHECK(d.worst <= 1e-5 * (1 + d.rms()));
    CHECK(d.relative() <= 1e-6);
    CHECK(out.neighbours_untouched());
    CHECK(scratch.guard_untouched());
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
                    for (const int c_out : {3, 26, 64})
                        check(
                            {window(9, 13, 20, c_out, 1, 1, 0, 1), static_cast<int>(++seed % 3), residual, scale, act},
                            tier, seed);
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
