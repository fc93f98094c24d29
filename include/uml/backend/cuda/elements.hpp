// Elements of tensors in the device's memory, for the host and the device alike: their types, where they are, and runs
// of channels that a thread reads and writes at once.
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

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
