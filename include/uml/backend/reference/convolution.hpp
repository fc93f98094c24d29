// Convolutions of the reference backend: plain loops.
#pragma once

#include "uml/backend/reference/resample.hpp"
#include "uml/graph/node.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::reference_detail {

/// A convolution's weights: [kernel][kernel][in][out], then the bias (zeros if it has none).
template <class T> struct filter {
    const T* values;
    const T* bias;
};

/// Summed in double whatever T is: the float oracle rounds each tensor once, not each product.
template <class T>
void convolve(const node& n, tensor_view<const T> x, filter<T> f, const tensor_view<const T>* residual,
              tensor_view<T> y) {
    constexpr int block = 64; // outputs at a time, so that the sums need no memory of their own
    const bool depthwise = n.groups > 1;
    const window w = n.win;
    for (std::int64_t p = 0; p < y.pixels(); ++p)
        for (int first = 0; first < y.c; first += block) {
            const int oy = static_cast<int>(p / y.w), ox = static_cast<int>(p % y.w);
            const int count = y.c - first < block ? y.c - first : block;
            double sums[block];
            for (int o = 0; o < count; ++o) sums[o] = static_cast<double>(f.bias[first + o]);
            for (int k = 0; k < w.kernel * w.kernel; ++k) {
                const int iy = oy * w.stride - w.pad + k / w.kernel * w.dilation;
                const int ix = ox * w.stride - w.pad + k % w.kernel * w.dilation;
                if (iy < 0 || ix < 0 || iy >= x.h || ix >= x.w) continue;
                const T* in = &x(iy, ix, 0);
                const T* tap = f.values + static_cast<std::int64_t>(k) * (depthwise ? 1 : x.c) * y.c + first;
                for (int i = 0; i < (depthwise ? 1 : x.c); ++i, tap += y.c)
                    for (int o = 0; o < count; ++o)
                        sums[o] += static_cast<double>(in[depthwise ? first + o : i]) * static_cast<double>(tap[o]);
            }
            for (int o = 0; o < count; ++o) {
                const T sum = static_cast<T>(sums[o]) + (residual ? residual->pixel(p)[first + o] : T(0));
                y.pixel(p)[first + o] = activated(sum, n.act);
            }
        }
}

/// By the plain definition: upsample, then convolve.
template <class T>
void upsample_conv(const node& n, tensor_view<const T> x, filter<T> f, tensor_view<T> y, T* scratch) {
    const tensor_view<T> large{scratch, y.h, y.w, x.c, x.c};
    resize(x, large);
    convolve<T>(n, {scratch, y.h, y.w, x.c, x.c}, f, nullptr, y);
}

/// D[k][o] = Σ_j A[o][j] g[j] B[j][k], stored row by row, k outermost; a and b as filters hold their transposes.
template <class T> void scaled_product(const T* a, tensor_view<const T> g, const T* b, tensor_view<T> d) {
    for (int k = 0; k < d.h; ++k) {
        T* out = &d(k, 0, 0);
        const T* from = b + static_cast<std::int64_t>(k) * g.c;
        for (int o = 0; o < d.c; ++o) out[o] = a ? T(0) : g.data[o] * from[o];
        for (int j = 0; a && j < g.c; ++j)
            for (int o = 0; o < d.c; ++o) out[o] += from[j] * g.data[j] * a[static_cast<std::int64_t>(j) * d.c + o];
    }
}

template <class T>
void dynamic_conv(const node& n, tensor_view<const T> x, tensor_view<const T> d, tensor_view<const T> factor,
                  tensor_view<T> y) {
    for (std::int64_t p = 0; p < y.pixels(); ++p) {
        T* out = y.pixel(p);
        for (int o = 0; o < y.c; ++o) out[o] = T(0);
        for (int k = 0; k < x.c; ++k)
            for (int o = 0; o < y.c; ++o) out[o] += x.pixel(p)[k] * d(k, 0, o);
        for (int o = 0; o < y.c; ++o) out[o] = activated(out[o] * *factor.pixel(p), n.act);
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::reference_detail

#include "uml/core/end.inc"
