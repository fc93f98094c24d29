// Element-wise operations and reductions of the reference backend: plain loops.
#pragma once

#include "uml/backend/reference/resample.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::reference_detail {

/// y = f(a, b), an extent of 1 repeated.
template <class T, class F> void combine(tensor_view<const T> a, tensor_view<const T> b, tensor_view<T> y, F f) {
    const auto at = [](const tensor_view<const T>& v, int r, int c, int k) {
        return v(v.h == 1 ? 0 : r, v.w == 1 ? 0 : c, v.c == 1 ? 0 : k);
    };
    for (int r = 0; r < y.h; ++r)
        for (int c = 0; c < y.w; ++c)
            for (int k = 0; k < y.c; ++k) y(r, c, k) = f(at(a, r, c, k), at(b, r, c, k));
}

template <class T, class F> void transform(tensor_view<const T> x, tensor_view<T> y, F f) {
    for (std::int64_t p = 0; p < y.pixels(); ++p)
        for (int k = 0; k < y.c; ++k) y.pixel(p)[k] = f(x.pixel(p)[k], k);
}

template <class T> void layer_norm(tensor_view<const T> x, const T* scale, const T* shift, tensor_view<T> y) {
    for (std::int64_t p = 0; p < y.pixels(); ++p) {
        T mean = 0, variance = 0;
        for (int k = 0; k < x.c; ++k) mean += x.pixel(p)[k];
        mean /= static_cast<T>(x.c);
        for (int k = 0; k < x.c; ++k) variance += (x.pixel(p)[k] - mean) * (x.pixel(p)[k] - mean);
        const T factor = 1 / std::sqrt(variance / static_cast<T>(x.c) + T(1e-5));
        for (int k = 0; k < x.c; ++k) y.pixel(p)[k] = (x.pixel(p)[k] - mean) * factor * scale[k] + shift[k];
    }
}

/// Σ over pixels of x · weight(p), the weight a map or, without one, 1 / pixels.
template <class T> void weighted_sum(tensor_view<const T> x, const tensor_view<const T>* weight, T* y) {
    const double even = 1 / static_cast<double>(x.pixels());
    for (int k = 0; k < x.c; ++k) {
        double sum = 0; // in double whatever T is, as in convolutions: there may be thousands of pixels
        for (std::int64_t p = 0; p < x.pixels(); ++p)
            sum += static_cast<double>(x.pixel(p)[k]) * (weight ? static_cast<double>(*weight->pixel(p)) : even);
        y[k] = static_cast<T>(sum);
    }
}

template <class T> void softmax_pixels(tensor_view<const T> x, tensor_view<T> y) {
    T largest = *x.data;
    double sum = 0;
    for (std::int64_t p = 0; p < x.pixels(); ++p) largest = *x.pixel(p) > largest ? *x.pixel(p) : largest;
    for (std::int64_t p = 0; p < x.pixels(); ++p)
        sum += static_cast<double>(*y.pixel(p) = std::exp(*x.pixel(p) - largest));
    for (std::int64_t p = 0; p < x.pixels(); ++p) *y.pixel(p) = static_cast<T>(static_cast<double>(*y.pixel(p)) / sum);
}

/// y(p) = Σ over channels of x(c, p) · a(c); without `a`, of x(c, p).
template <class T> void channel_sum(tensor_view<const T> x, const T* a, tensor_view<T> y) {
    for (std::int64_t p = 0; p < x.pixels(); ++p) {
        double sum = 0;
        for (int k = 0; k < x.c; ++k) sum += static_cast<double>(x.pixel(p)[k]) * (a ? static_cast<double>(a[k]) : 1.0);
        *y.pixel(p) = static_cast<T>(sum);
    }
}

/// y = Σ softmax over pixels of (query · x) times x, then the mean of x. `scores`: one number per pixel.
template <class T> void attention_pool(tensor_view<const T> x, const T* query, T* scores, T* y) {
    const tensor_view<T> map{scores, x.h, x.w, 1, 1};
    const tensor_view<const T> weight{scores, x.h, x.w, 1, 1};
    channel_sum(x, query, map);
    softmax_pixels(weight, map);
    weighted_sum(x, &weight, y);
    weighted_sum<T>(x, nullptr, y + x.c);
}

/// y = x · t · sigmoid(psi · relu(t · (A x) + B m + b) + psi's bias), t = exp(-u). `weights`: A by columns, then those
/// of B, `inner` numbers each; b; psi; its bias.
template <class T>
void gate(tensor_view<const T> x, tensor_view<const T> m, tensor_view<const T> u, const T* weights, int inner,
          tensor_view<T> y) {
    const T* const from_mutual = weights + x.c * inner;
    const T* const bias = from_mutual + m.c * inner;
    const T* const psi = bias + inner;
    const auto dot = [inner](const tensor_view<const T>& v, std::int64_t p, const T* column) {
        double sum = 0;
        for (int k = 0; k < v.c; ++k)
            sum += static_cast<double>(v.pixel(p)[k]) * static_cast<double>(column[k * inner]);
        return sum;
    };
    for (std::int64_t p = 0; p < x.pixels(); ++p) {
        const double trust = std::exp(-static_cast<double>(*u.pixel(p)));
        double score = static_cast<double>(psi[inner]);
        for (int o = 0; o < inner; ++o) {
            const double h = trust * dot(x, p, weights + o) + dot(m, p, from_mutual + o) + static_cast<double>(bias[o]);
            score += h > 0 ? h * static_cast<double>(psi[o]) : 0.0;
        }
        const T factor = static_cast<T>(trust / (1 + std::exp(-score)));
        for (int k = 0; k < x.c; ++k) y.pixel(p)[k] = x.pixel(p)[k] * factor;
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::reference_detail

#include "uml/core/end.inc"
