// Resizing, pooling and depthwise convolution against plain double loops.
#include "kernels_small.hpp"

using namespace naive;

namespace {

constexpr int channel_counts[] = {1, 2, 3, 4, 7, 8, 16, 17, 26, 40, 64};

void check_resize(isa tier, int h, int w, int c, int h_out, int w_out, int variant, unsigned seed) {
    noise random{std::mt19937(seed)};
    const picture in = noisy(random, h, w, c, variant);
    picture out = blank(h_out, w_out, c, variant);
    const resize_args a{view(std::as_const(in)), view(out)};
    run_jobs(resize_jobs(a), resize_scratch_bytes({c, h, w}, {c, h_out, w_out}),
             [&](int job, void* scratch) { kernels_for(tier).resize(a, job, scratch); });
    const auto along = [](int at, int n, int n_out) { return n_out == 1 ? 0. : at * (n - 1.) / (n_out - 1.); };
    const double error = worst_error(out, [&](int y, int x, int k) {
        const double sy = along(y, h, h_out), sx = along(x, w, w_out);
        const int y0 = std::min(static_cast<int>(sy), h - 1), x0 = std::min(static_cast<int>(sx), w - 1);
        const int y1 = std::min(y0 + 1, h - 1), x1 = std::min(x0 + 1, w - 1);
        const double fy = sy - y0, fx = sx - x0;
        return (1 - fy) * ((1 - fx) * number(in.at(y0, x0, k)) + fx * number(in.at(y0, x1, k))) +
               fy * ((1 - fx) * number(in.at(y1, x0, k)) + fx * number(in.at(y1, x1, k)));
    });
    CAPTURE(name(tier));
    CAPTURE(h);
    CAPTURE(w);
    CAPTURE(c);
    CAPTURE(h_out);
    CAPTURE(w_out);
    CAPTURE(variant);
    CHECK(error < 1e-6);
    CHECK(out.neighbours_untouched());
}

void check_pool(isa tier, bool largest_wins, const conv_shape& s, int variant, unsigned seed) {
    noise random{std::mt19937(seed)};
    const picture in = noisy(random, s.h_in, s.w_in, s.c_in, variant);
    picture out = blank(s.h_out, s.w_out, s.c_out, variant);
    const pool_args a{s, in.data.data() + in.offset, in.step, out.begin(), out.step};
    const kernel_table& t = kernels_for(tier);
    run_jobs(pool_jobs(a), 0,
             [&](int job, void* scratch) { (largest_wins ? t.max_pool : t.average_pool)(a, job, scratch); });
    const double error = worst_error(out, [&](int y, int x, int k) {
        double largest = -1e30, sum = 0;
        for (int ky = 0; ky < s.kh; ++ky)
            for (int kx = 0; kx < s.kw; ++kx) {
                const int yy = y * s.stride - s.pad + ky * s.dilation, xx = x * s.stride - s.pad + kx * s.dilation;
                if (yy < 0 || xx < 0 || yy >= s.h_in || xx >= s.w_in) continue;
                largest = std::max(largest, number(in.at(yy, xx, k)));
                sum += number(in.at(yy, xx, k));
            }
        return largest_wins ? largest : sum / s.taps();
    });
    CAPTURE(name(tier));
    CAPTURE(s.c_in);
    CAPTURE(s.kh);
    CAPTURE(s.stride);
    CAPTURE(s.pad);
    CAPTURE(s.dilation);
    CAPTURE(s.h_in);
    CAPTURE(s.w_in);
    CHECK(error < 1e-6);
    CHECK(out.neighbours_untouched());
}

void check_depthwise(const conv_case& test, isa tier, unsigned seed) {
    const conv_shape& s = test.shape;
    noise random{std::mt19937(seed)};
    const picture in = noisy(random, s.h_in, s.w_in, s.c_in, test.placing_variant);
    const picture residual = noisy(random, s.h_out, s.w_out, s.c_out, test.placing_variant);
    picture out = blank(s.h_out, s.w_out, s.c_out, test.placing_variant);
    const std::vector<float> weights = random.numbers(static_cast<std::size_t>(s.c_out * s.taps()));
    const std::vector<float> bias = random.numbers(static_cast<std::size_t>(s.c_out));
    std::vector<float> packed(depthwise_weights_size(s), std::numeric_limits<float>::quiet_NaN());
    pack_depthwise(s, weights.data(), bias.data(), packed.data());
    conv_args a{s, in.data.data() + in.offset, in.step, packed.data(), out.begin(), out.step, {}};
    a.end.act = test.act;
    if (test.residual) a.end.residual = residual.data.data() + residual.offset, a.end.residual_step = residual.step;
    run_jobs(depthwise_jobs(s), depthwise_scratch_bytes(s),
             [&](int job, void* scratch) { kernels_for(tier).depthwise(a, job, scratch); });
    const double error = worst_error(out, [&](int y, int x, int k) {
        double sum = number(bias[static_cast<std::size_t>(k)]);
        for (int ky = 0; ky < s.kh; ++ky)
            for (int kx = 0; kx < s.kw; ++kx) {
                const int yy = y * s.stride - s.pad + ky * s.dilation, xx = x * s.stride - s.pad + kx * s.dilation;
                if (yy < 0 || xx < 0 || yy >= s.h_in || xx >= s.w_in) continue;
                sum +=
                    number(in.at(yy, xx, k)) * number(weights[static_cast<std::size_t>((k * s.kh + ky) * s.kw + kx)]);
            }
        return activate(sum + (test.residual ? number(residual.at(y, x, k)) : 0), test.act);
    });
    CAPTURE(name(tier));
    CAPTURE(s.c_in);
    CAPTURE(s.kh);
    CAPTURE(s.stride);
    CAPTURE(s.pad);
    CAPTURE(s.dilation);
    CAPTURE(s.h_in);
    CAPTURE(s.w_in);
    CHECK(error < 2e-6);
    CHECK(out.neighbours_untouched());
}

} // namespace

TEST_CASE("resize: every channel count, up and down, whole tensors and slices") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c : channel_counts)
            for (const int variant : {0, 1, 2}) {
                check_resize(tier, 6, 5, c, 12, 10, variant, ++seed);
                check_resize(tier, 12, 10, c, 6, 5, variant, ++seed);
                check_resize(tier, 7, 9, c, 10, 4, variant, ++seed);
            }
}

TEST_CASE("resize: extents of 1 to 17 into extents of 1 to 17") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (int n = 1; n <= 17; ++n)
            for (int m = 1; m <= 17; ++m) {
                check_resize(tier, n, m, static_cast<int>(seed % 5), m, n, static_cast<int>(seed % 3), seed + 1);
                ++seed;
                if (seed % 5 == 0) ++seed;
            }
}

TEST_CASE("resize: images larger than a job") {
    for (const isa tier : tiers()) {
        check_resize(tier, 32, 33, 2, 256, 264, 0, 1);
        check_resize(tier, 256, 200, 1, 32, 25, 0, 2);
        check_resize(tier, 31, 64, 70, 62, 128, 0, 3);
    }
}

TEST_CASE("resize: corners stay what they are") {
    for (const isa tier : tiers())
        for (const int c : {1, 3, 20}) {
            noise random{std::mt19937(1)};
            const picture in = noisy(random, 9, 13, c, 0);
            picture out = blank(31, 22, c, 0);
            const resize_args a{view(std::as_const(in)), view(out)};
            run_jobs(resize_jobs(a), resize_scratch_bytes({c, 9, 13}, {c, 31, 22}),
                     [&](int job, void* scratch) { kernels_for(tier).resize(a, job, scratch); });
            for (int k = 0; k < c; ++k) {
                CHECK(out.at(0, 0, k) == in.at(0, 0, k));
                CHECK(out.at(0, 21, k) == in.at(0, 12, k));
                CHECK(out.at(30, 0, k) == in.at(8, 0, k));
                CHECK(out.at(30, 21, k) == in.at(8, 12, k));
            }
        }
}

TEST_CASE("pool: windows, strides, paddings and dilations") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const bool largest_wins : {true, false})
            for (const int c : channel_counts)
                for (const int k : {1, 2, 3, 5})
                    for (const int stride : {1, 2, 3})
                        for (const int dilation : {1, 2}) {
                            const int h = 5 + static_cast<int>(seed % 9), w = 5 + static_cast<int>(seed % 7);
                            ++seed;
                            if (std::min(h, w) + k / 2 * 2 < dilation * (k - 1) + 1) continue;
                            check_pool(tier, largest_wins, window(h, w, c, c, k, stride, k / 2, dilation),
                                       static_cast<int>(seed % 3), seed);
                        }
}

TEST_CASE("pool: images larger than a job, and a maximum that is very negative") {
    for (const isa tier : tiers()) {
        check_pool(tier, true, window(70, 71, 64, 64, 3, 2, 1, 1), 0, 1);
        check_pool(tier, false, window(70, 71, 52, 52, 3, 2, 1, 1), 2, 2);
        float in[16], out[16];
        std::fill(in, in + 16, -3e38f);
        const pool_args a{window(1, 1, 1, 1, 3, 1, 1, 1), in, 1, out, 1};
        kernels_for(tier).max_pool(a, 0, nullptr);
        CHECK(out[0] == -3e38f);
    }
}

TEST_CASE("depthwise: windows, strides, paddings and dilations") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c : channel_counts)
            for (const int k : {1, 2, 3, 5})
                for (const int stride : {1, 2})
                    for (const int dilation : {1, 2, 3}) {
                        const int h = 1 + static_cast<int>(seed % 12), w = 1 + static_cast<int>(seed * 5 % 13);
                        const int pad = static_cast<int>(seed % 4);
                        ++seed;
                        if (std::min(h, w) + 2 * pad < dilation * (k - 1) + 1) continue;
                        check_depthwise({window(h, w, c, c, k, stride, pad, dilation), static_cast<int>(seed % 3)},
                                        tier, seed);
                    }
}

TEST_CASE("depthwise: activations, residual, images larger than a job") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const activation act :
             {activation::none, activation::relu, activation::sigmoid, activation::softplus, activation::exp_negative})
            for (const bool residual : {false, true}) {
                check_depthwise({window(9, 8, 20, 20, 3, 1, 2, 2), 1, residual, false, act}, tier, ++seed);
                check_depthwise({window(33, 32, 100, 100, 3, 1, 2, 2), 0, residual, false, act}, tier, ++seed);
            }
}
