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

} // namespace naive
