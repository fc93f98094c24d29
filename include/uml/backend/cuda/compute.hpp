// What the CUDA backend's kernels compute, element by element and sum by sum, for the host and the device alike: all
// index arithmetic is here.
#pragma once

#include "uml/backend/cuda/arguments.hpp"

#include <cmath>
#include <cstring>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

[[nodiscard]] UML_HOST_DEVICE inline std::uint32_t bits_of(float x) {
    std::uint32_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}
[[nodiscard]] UML_HOST_DEVICE inline float float_of(std::uint32_t b) {
    float x;
    memcpy(&x, &b, sizeof x);
    return x;
}
/// To nearest, ties to even; NaN stays NaN.
[[nodiscard]] UML_HOST_DEVICE inline std::uint16_t to_bf16_bits(float x) {
    const std::uint32_t b = bits_of(x);
    if ((b & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((b >> 16) | 0x40U);
    return static_cast<std::uint16_t>((b + 0x7fffU + ((b >> 16) & 1U)) >> 16);
}
/// Two numbers, the first one in the low half.
[[nodiscard]] UML_HOST_DEVICE inline std::uint32_t to_bf16_pair(float first, float second) {
#if defined(__CUDA_ARCH__)
    std::uint32_t both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
    return both;
#else
    return to_bf16_bits(first) | static_cast<std::uint32_t>(to_bf16_bits(second)) << 16;
#endif
}
[[nodiscard]] UML_HOST_DEVICE inline float from_bf16_bits(std::uint16_t b) {
    return float_of(static_cast<std::uint32_t>(b) << 16);
}
/// To TF32's 10 bits, ties away from zero, as cvt.rna.tf32.f32 does; NaN stays NaN, also the device's, all of whose
/// bits are set.
[[nodiscard]] UML_HOST_DEVICE inline float to_tf32(float x) {
    return x == x ? float_of((bits_of(x) + 0x1000U) & 0xffffe000U) : x;
}
/// i / by, i at least 0 and by at least 1: in 32 bits where they fit, which a device divides several times faster; else
/// bit by bit, since a device's division of 64 bits is a call, around which registers spill.
[[nodiscard]] UML_HOST_DEVICE constexpr std::int64_t quotient(std::int64_t i, std::int64_t by) {
    const auto n = static_cast<std::uint64_t>(i), d = static_cast<std::uint64_t>(by);
    if (((n | d) >> 32) == 0) return static_cast<std::uint32_t>(n) / static_cast<std::uint32_t>(d);
    std::uint64_t rest = 0, q = 0;
#if defined(__CUDA_ARCH__)
    #pragma unroll 1
#endif
    for (int bit = 62; bit >= 0; --bit) {
        rest = rest << 1 | (n >> bit & 1);
        q = q << 1 | (rest >= d ? 1 : 0);
        rest -= rest >= d ? d : 0;
    }
    return static_cast<std::int64_t>(q);
}

[[nodiscard]] UML_HOST_DEVICE inline float read(const void* data, element type, std::int64_t i) {
    return type == element::f32 ? static_cast<const float*>(data)[i]
                                : from_bf16_bits(static_cast<const std::uint16_t*>(data)[i]);
}
UML_HOST_DEVICE inline void write(void* data, element type, std::int64_t i, float x) {
    if (type == element::f32)
        static_cast<float*>(data)[i] = x;
    else
        static_cast<std::uint16_t*>(data)[i] = to_bf16_bits(x);
}
/// Where a channel of a pixel is, in elements. A tensor's pixels are counted in 31 bits, as its extents are.
[[nodiscard]] UML_HOST_DEVICE inline std::int64_t element_at(const tensor& t, int image, std::int64_t pixel, int k) {
    return image * t.image + std::int64_t{static_cast<int>(pixel)} * t.step + k;
}
[[nodiscard]] UML_HOST_DEVICE inline float get(const tensor& t, int image, std::int64_t pixel, int k) {
    return read(t.data, t.type, element_at(t, image, pixel, k));
}
UML_HOST_DEVICE inline void put(const tensor& t, int image, std::int64_t pixel, int k, float x) {
    write(t.data, t.type, element_at(t, image, pixel, k), x);
}

/// 16 bytes that a device reads or writes at once.
struct alignas(16) chunk {
    std::uint32_t words[4];
};
[[nodiscard]] UML_HOST_DEVICE inline chunk read_chunk(const void* from) {
#if defined(__CUDA_ARCH__)
    return *static_cast<const chunk*>(from);
#else
    chunk c;
    std::memcpy(&c, from, sizeof c);
    return c;
#endif
}
UML_HOST_DEVICE inline void write_chunk(void* to, const chunk& c) {
#if defined(__CUDA_ARCH__)
    *static_cast<chunk*>(to) = c;
#else
    std::memcpy(to, &c, sizeof c);
#endif
}
[[nodiscard]] UML_HOST_DEVICE inline float half_of(const chunk& c, int i) {
    return from_bf16_bits(static_cast<std::uint16_t>(c.words[i / 2] >> (16 * (i % 2))));
}

/// How many of a run's channels a tensor has.
[[nodiscard]] UML_HOST_DEVICE constexpr int in_run(const tensor& t, int k) { return t.c - k < run ? t.c - k : run; }
[[nodiscard]] UML_HOST_DEVICE inline bool in_chunks(const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) % sizeof(chunk) == 0;
}
/// Channels k and on of a pixel; 0 behind the last.
UML_HOST_DEVICE inline void get_run(const tensor& t, int image, std::int64_t pixel, int k, float (&x)[run]) {
    const std::int64_t at = element_at(t, image, pixel, k);
    const int n = in_run(t, k);
    if (const auto* const f = static_cast<const float*>(t.data) + at;
        t.type == element::f32 && n == run && in_chunks(f)) {
        const chunk c[2] = {read_chunk(f), read_chunk(f + 4)};
        for (int j = 0; j < run; ++j) x[j] = float_of(c[j / 4].words[j % 4]);
    } else if (const auto* const h = static_cast<const std::uint16_t*>(t.data) + at;
               t.type == element::bf16 && n == run && in_chunks(h)) {
        const chunk c = read_chunk(h);
        for (int j = 0; j < run; ++j) x[j] = half_of(c, j);
    } else {
        for (int j = 0; j < run; ++j) x[j] = j < n ? read(t.data, t.type, at + j) : 0.0F;
    }
}
UML_HOST_DEVICE inline void put_run(const tensor& t, int image, std::int64_t pixel, int k, const float (&x)[run]) {
    const std::int64_t at = element_at(t, image, pixel, k);
    const int n = in_run(t, k);
    if (auto* const f = static_cast<float*>(t.data) + at; t.type == element::f32 && n == run && in_chunks(f)) {
        write_chunk(f, {{bits_of(x[0]), bits_of(x[1]), bits_of(x[2]), bits_of(x[3])}});
        write_chunk(f + 4, {{bits_of(x[4]), bits_of(x[5]), bits_of(x[6]), bits_of(x[7])}});
    } else if (auto* const h = static_cast<std::uint16_t*>(t.data) + at;
               t.type == element::bf16 && n == run && in_chunks(h)) {
        write_chunk(h, {{to_bf16_pair(x[0], x[1]), to_bf16_pair(x[2], x[3]), to_bf16_pair(x[4], x[5]),
                         to_bf16_pair(x[6], x[7])}});
    } else {
        for (int j = 0; j < run; ++j)
            if (j < n) write(t.data, t.type, at + j, x[j]);
    }
}

[[nodiscard]] UML_HOST_DEVICE inline float activated(float x, activation a) {
    switch (a) {
    case activation::none: return x;
    case activation::relu: return x > 0 ? x : 0.0F;
    case activation::sigmoid: return x >= 0 ? 1 / (1 + expf(-x)) : expf(x) / (1 + expf(x));
    case activation::softplus: return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
    case activation::exp_negative: return expf(-x);
    }
    return x;
}

/// An element of a result.
struct place {
    int image = 0, k = 0;
    std::int64_t pixel = 0;
};
[[nodiscard]] UML_HOST_DEVICE inline std::int64_t elements(const tensor& t, int images) {
    return images * t.pixels() * t.c;
}
/// The i-th, channels fastest.
[[nodiscard]] UML_HOST_DEVICE inline place place_of(const tensor& t, std::int64_t i) {
    const std::int64_t pixel = quotient(i, t.c), pixels = t.pixels(), image = quotient(pixel, pixels);
    return {static_cast<int>(image), static_cast<int>(i - pixel * t.c), pixel - image * pixels};
}
/// The same of runs of channels.
[[nodiscard]] UML_HOST_DEVICE inline std::int64_t all_runs(const tensor& t, int images) {
    return images * t.pixels() * runs(t.c);
}
[[nodiscard]] UML_HOST_DEVICE inline place run_of(const tensor& t, std::int64_t i) {
    const std::int64_t pixel = quotient(i, runs(t.c)), pixels = t.pixels(), image = quotient(pixel, pixels);
    return {static_cast<int>(image), static_cast<int>(i - pixel * runs(t.c)) * run, pixel - image * pixels};
}

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
