// What the CUDA backend's kernels compute, element by element and sum by sum, for the host and the device alike: all
// index arithmetic is here.
#pragma once

#include "uml/backend/cuda/elements.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// The sources of an output pixel of a convolution.
struct conv_window {
    int y = 0, x = 0; ///< of the first tap; outside of the image in the padding

    conv_window() = default;
    UML_HOST_DEVICE conv_window(const conv_args& a, std::int64_t pixel) {
        const std::int64_t row = quotient(pixel, a.y.w);
        y = static_cast<int>(row) * a.stride - a.pad;
        x = static_cast<int>(pixel - row * a.y.w) * a.stride - a.pad;
    }
    /// Source pixel of a tap; -1 in the padding. Behind the last tap they begin again, for weights in two parts.
    [[nodiscard]] UML_HOST_DEVICE std::int64_t source(const conv_args& a, int tap) const {
        if (tap >= a.kernel * a.kernel) tap -= a.kernel * a.kernel;
        const int iy = y + tap / a.kernel * a.dilation, ix = x + tap % a.kernel * a.dilation;
        if (iy < 0 || ix < 0 || iy >= a.x.h || ix >= a.x.w) return -1;
        return static_cast<std::int64_t>(iy) * a.x.w + ix;
    }
};

/// The operand of an inner index; 0 in the padding and behind the end.
[[nodiscard]] UML_HOST_DEVICE inline float conv_operand(const conv_args& a, int image, const conv_window& from,
                                                        int inner) {
    if (inner >= a.inner) return 0;
    const int tap = inner / a.x.c;
    const std::int64_t pixel = from.source(a, tap);
    return pixel < 0 ? 0.0F : get(a.x, image, pixel, inner - tap * a.x.c);
}

/// What is done with a finished sum.
UML_HOST_DEVICE inline void conv_end(const conv_args& a, int image, std::int64_t pixel, int o, float sum) {
    if (a.scale.data != nullptr) sum *= get(a.scale, image, pixel, 0);
    if (a.bias != nullptr) sum += a.bias[o];
    if (a.residual.data != nullptr) sum += get(a.residual, image, pixel, o);
    sum = activated(sum, a.act);
    if (a.factor.data != nullptr) sum *= get(a.factor, image, 0, o);
    put(a.y, image, pixel, o, sum);
    if (a.to.data != nullptr) put(a.to, image, pixel, o, get(a.from, image, pixel, o) + (a.adds ? sum : 0.0F));
}

/// Channels k and on of a parameter, of which there are `count`; 0 behind the last.
UML_HOST_DEVICE inline void get_parameters(const float* from, int k, int count, float (&x)[run]) {
    get_run({const_cast<float*>(from), 0, 1, 1, count, count, element::f32}, 0, 0, k, x);
}
UML_HOST_DEVICE inline void activate_run(float (&x)[run], activation a) {
    if (a == activation::relu)
        for (float& v : x) v = v > 0 ? v : 0.0F;
    else if (a != activation::none)
        for (float& v : x) v = activated(v, a);
}

/// What a run of channels of a result needs beside its sums.
struct conv_reads {
    float residual[run], from[run];

    UML_HOST_DEVICE void get(const conv_args& a, int image, std::int64_t pixel, int o) {
        if (a.residual.data != nullptr) get_run(a.residual, image, pixel, o, residual);
        if (a.to.data != nullptr) get_run(a.from, image, pixel, o, from);
    }
};
/// The same as conv_end of a run of channels from o on.
UML_HOST_DEVICE inline void conv_end_run(const conv_args& a, int image, std::int64_t pixel, int o, float (&sum)[run],
                                         conv_reads& reads) {
    float v[run];
    if (a.scale.data != nullptr) {
        const float scale = get(a.scale, image, pixel, 0);
        for (float& s : sum) s *= scale;
    }
    if (a.bias != nullptr) {
        get_parameters(a.bias, o, a.y.c, v);
        for (int j = 0; j < run; ++j) sum[j] += v[j];
    }
    if (a.residual.data != nullptr)
        for (int j = 0; j < run; ++j) sum[j] += reads.residual[j];
    activate_run(sum, a.act);
    if (a.factor.data != nullptr) {
        get_run(a.factor, image, 0, o, v);
        for (int j = 0; j < run; ++j) sum[j] *= v[j];
    }
    put_run(a.y, image, pixel, o, sum);
    if (a.to.data != nullptr) {
        for (int j = 0; j < run; ++j) reads.from[j] += a.adds ? sum[j] : 0.0F;
        put_run(a.to, image, pixel, o, reads.from);
    }
}

/// Kernels that make one element of the result at a time, or a run of them: count(), at(i).
struct compute_picture {
    using arguments = picture_args;
    UML_HOST_DEVICE static std::int64_t count(const picture_args& a, int images) { return elements(a.y, images); }
    UML_HOST_DEVICE static void at(const picture_args& a, std::int64_t i) {
        const place p = place_of(a.y, i);
        const std::byte* const from = a.from + p.image * a.image_bytes;
        picture_header h;
        memcpy(&h, from, sizeof h);
        const std::int64_t e = p.pixel * h.channels + (h.channels == 1 ? 0 : p.k);
        const std::byte* const samples = from + sizeof h;
        put(a.y, p.image, p.pixel, p.k,
            h.floats != 0 ? reinterpret_cast<const float*>(samples)[e]
                          : static_cast<float>(reinterpret_cast<const unsigned char*>(samples)[e]) / 255.0F);
    }
};

struct compute_conv {
    using arguments = conv_args;
    UML_HOST_DEVICE static std::int64_t count(const conv_args& a, int images) { return all_runs(a.y, images); }
    UML_HOST_DEVICE static void at(const conv_args& a, std::int64_t i) {
        const place p = run_of(a.y, i);
        const conv_window from(a, p.pixel);
        const std::int64_t first_weight = p.image * a.weight_image;
        // Of the run's channels, for an inner index.
        const auto weights = [&](int inner, float(&w)[run]) {
            const std::int64_t at = first_weight + static_cast<std::int64_t>(inner) * a.weight_in;
            if (a.weight_out == 1 && a.weight_type == element::f32)
                return get_parameters(static_cast<const float*>(a.weights) + at, p.k, a.y.c, w);
            for (int o = 0; o < run; ++o)
                w[o] = p.k + o < a.y.c
                           ? read(a.weights, a.weight_type, at + static_cast<std::int64_t>(p.k + o) * a.weight_out)
                           : 0.0F;
        };
        constexpr int block = 32; // sums of sums: nearer to the exact one
        float sums[run] = {}, x[run], w[run];
        for (int tap = 0; tap < a.kernel * a.kernel; ++tap) {
            const std::int64_t pixel = from.source(a, tap);
            if (pixel < 0) continue;
            if (a.depthwise) {
                get_run(a.x, p.image, pixel, p.k, x);
                weights(tap, w);
                for (int o = 0; o < run; ++o) sums[o] += x[o] * w[o];
                continue;
            }
            for (int first = 0; first < a.x.c; first += block) {
                float part[run] = {};
                for (int k = first; k < first + block && k < a.x.c; k += run) {
                    get_run(a.x, p.image, pixel, k, x);
                    for (int j = 0; j < run && k + j < a.x.c; ++j) {
                        weights(tap * a.x.c + k + j, w);
                        for (int o = 0; o < run; ++o) part[o] += x[j] * w[o];
                    }
                }
                for (int o = 0; o < run; ++o) sums[o] += part[o];
            }
        }
        conv_reads reads;
        reads.get(a, p.image, p.pixel, p.k);
        conv_end_run(a, p.image, p.pixel, p.k, sums, reads);
    }
};

struct compute_pointwise {
    using arguments = pointwise_args;
    UML_HOST_DEVICE static std::int64_t count(const pointwise_args& a, int images) { return elements(a.y, images); }
    UML_HOST_DEVICE static float repeated(const tensor& t, const tensor& y, const place& p) {
        const auto r = static_cast<int>(quotient(p.pixel, y.w)), c = static_cast<int>(p.pixel - std::int64_t{r} * y.w);
        return get(t, p.image, static_cast<std::int64_t>(t.h == 1 ? 0 : r) * t.w + (t.w == 1 ? 0 : c),
                   t.c == 1 ? 0 : p.k);
    }
    UML_HOST_DEVICE static void at(const pointwise_args& a, std::int64_t i) {
        const place p = place_of(a.y, i);
        float x = repeated(a.a, a.y, p);
        switch (a.kind) {
        case pointwise::norm: x = x * a.scale[p.k] + a.shift[p.k]; break;
        case pointwise::activate: break;
        case pointwise::add: x += repeated(a.b, a.y, p); break;
        case pointwise::multiply: x *= repeated(a.b, a.y, p); break;
        case pointwise::add_constant: x += a.value; break;
        case pointwise::divide_into: x = a.value / x; break;
        }
        put(a.y, p.image, p.pixel, p.k, activated(x, a.act));
    }
};

struct compute_move {
    using arguments = move_args;
    UML_HOST_DEVICE static std::int64_t count(const move_args& a, int images) { return elements(a.y, images); }
    UML_HOST_DEVICE static void at(const move_args& a, std::int64_t i) {
        const place p = place_of(a.y, i);
        int k = p.k;
        if (a.kind == moving::shuffle) {
            const int size = a.y.c / a.groups;
            k = a.groups * (p.k % size) + p.k / size;
        } else if (a.kind == moving::tile) {
            k = p.k % a.x.c;
        }
        put(a.y, p.image, p.pixel, p.k, get(a.x, p.image, p.pixel, k));
    }
};

struct compute_pool {
    using arguments = pool_args;
    UML_HOST_DEVICE static std::int64_t count(const pool_args& a, int images) { return all_runs(a.y, images); }
    UML_HOST_DEVICE static void at(const pool_args& a, std::int64_t i) {
        const place p = run_of(a.y, i);
        const auto row = static_cast<int>(quotient(p.pixel, a.y.w));
        const int y = row * a.stride - a.pad;
        const int x = static_cast<int>(p.pixel - std::int64_t{row} * a.y.w) * a.stride - a.pad;
        float made[run], v[run];
        for (float& m : made) m = a.largest ? -INFINITY : 0.0F;
        for (int iy = y < 0 ? 0 : y; iy < y + a.kernel && iy < a.x.h; ++iy)
            for (int ix = x < 0 ? 0 : x; ix < x + a.kernel && ix < a.x.w; ++ix) {
                get_run(a.x, p.image, static_cast<std::int64_t>(iy) * a.x.w + ix, p.k, v);
                for (int j = 0; j < run; ++j) made[j] = !a.largest ? made[j] + v[j] : v[j] > made[j] ? v[j] : made[j];
            }
        if (!a.largest)
            for (float& m : made) m /= static_cast<float>(a.kernel * a.kernel);
        put_run(a.y, p.image, p.pixel, p.k, made);
    }
};

/// Where a target index falls between two source indices, corners aligned.
struct between {
    int low = 0, high = 0;
    float fraction = 0; ///< of `high`

    UML_HOST_DEVICE between(int target, int in, int out) {
        if (out == 1) return;
        const std::int64_t at = static_cast<std::int64_t>(target) * (in - 1); // exact, in parts of out - 1
        low = static_cast<int>(quotient(at, out - 1));
        high = low + 1 < in ? low + 1 : low;
        fraction = static_cast<float>(at - std::int64_t{low} * (out - 1)) / static_cast<float>(out - 1);
    }
};

struct compute_resize {
    using arguments = resize_args;
    UML_HOST_DEVICE static std::int64_t count(const resize_args& a, int images) { return all_runs(a.y, images); }
    UML_HOST_DEVICE static void at(const resize_args& a, std::int64_t i) {
        const place p = run_of(a.y, i);
        const auto row = static_cast<int>(quotient(p.pixel, a.y.w));
        const between v(row, a.x.h, a.y.h);
        const between u(static_cast<int>(p.pixel - std::int64_t{row} * a.y.w), a.x.w, a.y.w);
        float corner[4][run], made[run];
        for (int q = 0; q < 4; ++q)
            get_run(a.x, p.image,
                    static_cast<std::int64_t>(q < 2 ? v.low : v.high) * a.x.w + (q % 2 == 0 ? u.low : u.high), p.k,
                    corner[q]);
        const float fy = v.fraction, fx = u.fraction;
        for (int j = 0; j < run; ++j)
            made[j] = (1 - fy) * ((1 - fx) * corner[0][j] + fx * corner[1][j]) +
                      fy * ((1 - fx) * corner[2][j] + fx * corner[3][j]);
        put_run(a.y, p.image, p.pixel, p.k, made);
    }
};

struct compute_matrix {
    using arguments = matrix_args;
    UML_HOST_DEVICE static std::int64_t count(const matrix_args& a, int images) { return elements(a.y, images); }
    UML_HOST_DEVICE static void at(const matrix_args& a, std::int64_t i) {
        const place p = place_of(a.y, i);
        const auto o = static_cast<int>(p.pixel);
        float sum = 0;
        if (o < a.out && p.k < a.in) {
            if (a.a == nullptr) {
                sum = get(a.g, p.image, 0, o) * a.b[static_cast<std::int64_t>(o) * a.in + p.k];
            } else if (a.b == nullptr) {
                sum = a.a[static_cast<std::int64_t>(o) * a.inner + p.k] * get(a.g, p.image, 0, p.k);
            } else {
                constexpr int block = 32;
                for (int first = 0; first < a.inner; first += block) {
                    float part = 0;
                    for (int j = first; j < first + block && j < a.inner; ++j)
                        part += a.a[static_cast<std::int64_t>(o) * a.inner + j] * get(a.g, p.image, 0, j) *
                                a.b[static_cast<std::int64_t>(j) * a.in + p.k];
                    sum += part;
                }
            }
        }
        put(a.y, p.image, p.pixel, p.k, sum);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
