// Activations, resampling and moves of channels of the reference backend: plain loops.
#pragma once

#include "uml/core/tensor.hpp"
#include "uml/graph/node.hpp"

#include <cmath>
#include <limits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::reference_detail {

template <class T> [[nodiscard]] T activated(T x, activation a) {
    switch (a) {
    case activation::none: return x;
    case activation::relu: return x > 0 ? x : T(0);
    case activation::sigmoid: return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
    case activation::softplus: return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case activation::exp_negative: return std::exp(-x);
    }
    return x;
}

/// Where a target index falls between two source indices, corners aligned.
struct between {
    int low, high;
    double fraction; ///< of `high`
    between(int target, int in, int out) {
        const double at = out == 1 ? 0.0 : static_cast<double>(target) * (in - 1) / (out - 1);
        low = static_cast<int>(at);
        if (low > in - 1) low = in - 1;
        high = low + 1 < in ? low + 1 : low;
        fraction = at - low;
    }
};

template <class T> void resize(tensor_view<const T> x, tensor_view<T> y) {
    for (int oy = 0; oy < y.h; ++oy)
        for (int ox = 0; ox < y.w; ++ox) {
            const between v(oy, x.h, y.h), u(ox, x.w, y.w);
            const T fy = static_cast<T>(v.fraction), fx = static_cast<T>(u.fraction);
            for (int k = 0; k < y.c; ++k)
                y(oy, ox, k) = (1 - fy) * ((1 - fx) * x(v.low, u.low, k) + fx * x(v.low, u.high, k)) +
                               fy * ((1 - fx) * x(v.high, u.low, k) + fx * x(v.high, u.high, k));
        }
}

template <class T> void pool(const node& n, tensor_view<const T> x, tensor_view<T> y) {
    const window w = n.win;
    const bool largest = n.kind == op::max_pool;
    for (int oy = 0; oy < y.h; ++oy)
        for (int ox = 0; ox < y.w; ++ox)
            for (int k = 0; k < y.c; ++k) {
                T best = -std::numeric_limits<T>::infinity(), sum = 0;
                for (int ky = 0; ky < w.kernel; ++ky)
                    for (int kx = 0; kx < w.kernel; ++kx) {
                        const int iy = oy * w.stride - w.pad + ky, ix = ox * w.stride - w.pad + kx;
                        if (iy < 0 || ix < 0 || iy >= x.h || ix >= x.w) continue;
                        const T v = x(iy, ix, k);
                        best = v > best ? v : best;
                        sum += v;
                    }
                y(oy, ox, k) = largest ? best : sum / static_cast<T>(w.kernel * w.kernel);
            }
}

/// y's channel k is x's channel `source(k)`.
template <class T, class F> void move_channels(tensor_view<const T> x, tensor_view<T> y, F source) {
    for (std::int64_t p = 0; p < y.pixels(); ++p)
        for (int k = 0; k < y.c; ++k) y.pixel(p)[k] = x.pixel(p)[source(k)];
}

} // namespace uml::inline UML_VERSION_NAMESPACE::reference_detail

#include "uml/core/end.inc"
