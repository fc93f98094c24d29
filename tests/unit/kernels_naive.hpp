// Plain double loops that the vector kernels are held against, and pictures that betray a stray read or write.
#pragma once

#include "uml/kernels/table.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace naive {

using namespace uml::kernels;

/// Tiers that this machine can run.
inline std::vector<isa> tiers() {
    std::vector<isa> all;
    for (int i = 0; i < isa_count; ++i)
        if (available(static_cast<isa>(i))) all.push_back(static_cast<isa>(i));
    return all;
}

inline constexpr float untouched = -12345.f;

/// A slice of channels of a wider tensor. All other channels, and 16 floats behind the end, are NaN.
struct picture {
    int h, w, c, step, offset;
    std::vector<float> data;

    picture(int height, int width, int channels, int pixel_step, int first, float fill)
        : h(height), w(width), c(channels), step(pixel_step), offset(first),
          data(static_cast<std::size_t>(h) * static_cast<std::size_t>(w) * static_cast<std::size_t>(step) + 16 +
                   static_cast<std::size_t>(offset),
               fill) {}
    float* begin() { return data.data() + offset; }
    float& at(int y, int x, int k) { return begin()[(static_cast<std::ptrdiff_t>(y) * w + x) * step + k]; }
    float at(int y, int x, int k) const { return const_cast<picture*>(this)->at(y, x, k); }
    /// Whether every float outside the slice still has its first value.
    bool neighbours_untouched() const {
        for (std::size_t i = 0; i < data.size(); ++i) {
            const std::ptrdiff_t k = static_cast<std::ptrdiff_t>(i) - offset;
            const bool inside = k >= 0 && k < static_cast<std::ptrdiff_t>(h) * w * step && k % step < c;
            if (!inside && data[i] != untouched) return false;
        }
        return true;
    }
};

struct noise {
    std::mt19937 engine;
    float operator()() { return static_cast<float>(engine() >> 8) * (2.f / (1 << 24)) - 1.f; }
    picture image(int h, int w, int c, int step, int offset) {
        picture p(h, w, c, step, offset, std::numeric_limits<float>::quiet_NaN());
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x)
                for (int k = 0; k < c; ++k) p.at(y, x, k) = (*this)();
        return p;
    }
    std::vector<float> numbers(std::size_t n, float scale = 1.f) {
        std::vector<float> v(n);
        for (float& x : v) x = (*this)() * scale;
        return v;
    }
};

/// A step for c channels as the planner gives them (variant 0), or inside a wider tensor at an odd offset.
struct placing {
    int step, offset;
    placing(int c, int variant) : step(c <= 8 ? c : round_up(c, 16)), offset(0) {
        if (variant == 1) step = c + 13, offset = 5;
        if (variant == 2) step = round_up(c, 16) + 32, offset = 26;
    }
};

inline double activate(double x, activation act) {
    switch (act) {
    case activation::relu: return x > 0 ? x : 0;
    case activation::sigmoid: return 1 / (1 + std::exp(-x));
    case activation::softplus: return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case activation::exp_negative: return std::exp(-x);
    case activation::none: break;
    }
    return x;
}

/// Scratch that starts as NaN and ends in a guard.
struct scratch_memory {
    std::vector<float> data;
    std::size_t bytes;
    explicit scratch_memory(std::size_t n) : data(n / 4 + 64, std::numeric_limits<float>::quiet_NaN()), bytes(n) {}
    void* begin() {
        const auto at = reinterpret_cast<std::uintptr_t>(data.data());
        return reinterpret_cast<void*>((at + alignment - 1) / alignment * alignment);
    }
    bool guard_untouched() {
        const float* end = static_cast<const float*>(begin()) + bytes / 4;
        for (; end < data.data() + data.size(); ++end)
            if (!std::isnan(*end)) return false;
        return true;
    }
};

/// Largest difference against the root mean square of what is expected.
struct difference {
    double worst = 0, squares = 0, error = 0;
    std::int64_t n = 0;
    void add(double want, double got) {
        if (!(std::fabs(got - want) <= worst)) worst = std::fabs(got - want);
        squares += want * want, error += (got - want) * (got - want), ++n;
    }
    double rms() const { return std::sqrt(squares / static_cast<double>(n)); }
    double relative() const { return std::sqrt(error / squares); }
};

struct conv_case {
    conv_shape shape;
    int placing_variant = 0;
    bool residual = false, scale = false;
    activation act = activation::none;
};

inline conv_shape window(int h, int w, int c_in, int c_out, int k, int stride, int pad, int dilation) {
    const auto extent = [&](int n) { return (n + 2 * pad - dilation * (k - 1) - 1) / stride + 1; };
    return {h, w, c_in, extent(h), extent(w), c_out, k, k, stride, pad, dilation};
}

inline double expected(const conv_case& test, const picture& in, const std::vector<float>& weights, float bias,
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

/// Runs one convolution by `run(tier, args, weights, bias)`, which packs the weights and does all jobs, and holds it
/// against double loops.
template <class Run> void check_conv(const conv_case& test, isa tier, unsigned seed, double tolerance, Run run) {
    const conv_shape& s = test.shape;
    noise random{std::mt19937(seed)};
    const placing pin(s.c_in, test.placing_variant), pout(s.c_out, test.placing_variant);
    const picture in = random.image(s.h_in, s.w_in, s.c_in, pin.step, pin.offset);
    const picture residual = random.image(s.h_out, s.w_out, s.c_out, pout.step, pout.offset);
    picture out(s.h_out, s.w_out, s.c_out, pout.step, pout.offset, untouched);
    const std::vector<float> weights = random.numbers(static_cast<std::size_t>(s.c_out * s.c_in * s.taps()));
    const std::vector<float> bias = random.numbers(static_cast<std::size_t>(s.c_out));
    const std::vector<float> scale = random.numbers(static_cast<std::size_t>(s.pixels()));
    conv_args a{s, in.data.data() + in.offset, in.step, nullptr, out.begin(), out.step, {}};
    if (test.residual) a.end.residual = residual.data.data() + residual.offset, a.end.residual_step = residual.step;
    if (test.scale) a.end.scale = scale.data();
    a.end.act = test.act;
    run(tier, a, weights, bias);

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
    CHECK(d.worst <= 20 * tolerance * (1 + d.rms()));
    CHECK(d.relative() <= tolerance);
    CHECK(out.neighbours_untouched());
}

} // namespace naive
