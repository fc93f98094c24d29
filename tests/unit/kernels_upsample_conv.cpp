// Upsample ×2 and 3x3 at the low resolution against the same two steps in plain double loops.
#include "kernels_naive.hpp"

using namespace naive;

namespace {

/// Bilinear ×2 with aligned corners, in double, from the definition.
double upsampled(const picture& in, int y, int x, int c) {
    const auto source = [](int out, int n) { return n == 1 ? 0.0 : static_cast<double>(out) * (n - 1) / (2 * n - 1); };
    const double sy = source(y, in.h), sx = source(x, in.w);
    const int y0 = static_cast<int>(sy), x0 = static_cast<int>(sx);
    const int y1 = std::min(y0 + 1, in.h - 1), x1 = std::min(x0 + 1, in.w - 1);
    const auto at = [&](int i, int j) { return static_cast<double>(in.at(i, j, c)); };
    const double f = sy - y0, g = sx - x0;
    return (1 - f) * ((1 - g) * at(y0, x0) + g * at(y0, x1)) + f * ((1 - g) * at(y1, x0) + g * at(y1, x1));
}

void check(int h, int w, int c_in, int c_out, int variant, int threads, bool ends, activation act, isa tier,
           unsigned seed) {
    const conv_shape s = upsample_conv_shape(h, w, c_in, c_out);
    noise random{std::mt19937(seed)};
    const placing pin(c_in, variant), pout(c_out, variant);
    const picture in = random.image(h, w, c_in, pin.step, pin.offset);
    const picture residual = random.image(2 * h, 2 * w, c_out, pout.step, pout.offset);
    picture out(2 * h, 2 * w, c_out, pout.step, pout.offset, untouched);
    const std::vector<float> weights = random.numbers(static_cast<std::size_t>(c_out * c_in * 9));
    const std::vector<float> bias = random.numbers(static_cast<std::size_t>(c_out));
    std::vector<float> packed(conv_weights_size(s));
    pack_conv(s, weights.data(), bias.data(), packed.data());
    upsample_conv_args a{{s, in.data.data() + in.offset, in.step, packed.data(), out.begin(), out.step, {}},
                         upsample_conv_strips(s, threads)};
    if (ends) a.conv.end.residual = residual.data.data() + residual.offset, a.conv.end.residual_step = residual.step;
    a.conv.end.act = act;
    scratch_memory scratch(upsample_conv_scratch_bytes(s));
    for (int job = upsample_conv_jobs(a) - 1; job >= 0; --job) kernels_for(tier).upsample_conv(a, job, scratch.begin());

    // The large picture inside a border of zeros.
    const int wide = 2 * w + 2;
    std::vector<double> large(static_cast<std::size_t>((2 * h + 2) * wide * c_in), 0.0);
    for (int y = 0; y < 2 * h; ++y)
        for (int x = 0; x < 2 * w; ++x)
            for (int c = 0; c < c_in; ++c)
                large[static_cast<std::size_t>(((y + 1) * wide + x + 1) * c_in + c)] = upsampled(in, y, x, c);
    difference d;
    for (int y = 0; y < 2 * h; ++y)
        for (int x = 0; x < 2 * w; ++x)
            for (int o = 0; o < c_out; ++o) {
                double sum = static_cast<double>(bias[static_cast<std::size_t>(o)]);
                for (int c = 0; c < c_in; ++c)
                    for (int k = 0; k < 9; ++k)
                        sum += large[static_cast<std::size_t>(((y + k / 3) * wide + x + k % 3) * c_in + c)] *
                               static_cast<double>(weights[static_cast<std::size_t>((o * c_in + c) * 9 + k)]);
                if (ends) sum += static_cast<double>(residual.at(y, x, o));
                d.add(activate(sum, act), static_cast<double>(out.at(y, x, o)));
            }
    CAPTURE(name(tier));
    CAPTURE(h);
    CAPTURE(w);
    CAPTURE(c_in);
    CAPTURE(c_out);
    CAPTURE(threads);
    CHECK(d.worst <= 2e-5 * (1 + d.rms()));
    CHECK(d.relative() <= 1e-6);
    CHECK(out.neighbours_untouched());
    CHECK(scratch.guard_untouched());
}

} // namespace

TEST_CASE("upsample_conv: channel tails, whole tensors and slices") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c_in : {1, 3, 8, 16, 26, 40, 64, 300})
            for (const int c_out : {1, 3, 8, 16, 26, 40, 64}) {
                const int variant = static_cast<int>(seed % 3);
                check(3, 4, c_in, c_out, variant, 1, false, activation::relu, tier, ++seed);
            }
}

TEST_CASE("upsample_conv: extents from 1 to 20, strips for any number of threads, residual and activations") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (int h = 1; h <= 20; ++h)
            for (const int w : {1, 2, 3, 7, 16, 20})
                for (const int threads : {1, 3, 16}) {
                    ++seed;
                    check(h, w, 3, 18, static_cast<int>(seed % 3), threads, seed % 2 == 0,
                          static_cast<activation>(seed % 4), tier, seed);
                }
    for (const isa tier : tiers()) check(3, 150, 5, 17, 1, 2, false, activation::none, tier, ++seed);
    for (const isa tier : tiers()) check(40, 37, 5, 17, 1, 2, false, activation::none, tier, ++seed);
}
