// The CUDA backend's kernels on the host: the same arguments and the same functions in loops, for machines without a
// device.
#pragma once

#include "uml/backend/cuda/sums.hpp"

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu::on_host {

/// What a graph holds: a kernel or a copy with its arguments.
struct work {
    void (*call)(const void* arguments, int count, int images) = nullptr; ///< `count` operations
    std::vector<std::byte> arguments{};
    int count = 0, images = 0;
};
struct graph {
    std::vector<work> all{};
};
struct stream {
    graph* recording = nullptr; ///< null: what is put on it runs at once
};

template <class F> void each(const typename F::arguments& a, int images) {
    const std::int64_t n = F::count(a, images);
    for (std::int64_t i = 0; i < n; ++i) F::at(a, i);
}
template <class F> void each_sum(const typename F::arguments& a, int images) {
    const std::int64_t n = F::count(a, images);
    for (std::int64_t i = 0; i < n; ++i) {
        float totals[most_totals][F::width] = {}, part[F::width];
        for (int phase = 0; phase < F::totals(a); ++phase) {
            float(&total)[F::width] = totals[phase];
            for (int lane = 0; lane < F::lanes(a); ++lane) {
                F::part(a, phase, i, lane, totals, part);
                for (int j = 0; j < F::width; ++j)
                    total[j] = lane == 0               ? part[j]
                               : !F::largest(a, phase) ? total[j] + part[j]
                               : part[j] > total[j]    ? part[j]
                                                       : total[j];
            }
        }
        for (int lane = 0; lane < F::lanes(a); ++lane) F::finish(a, i, lane, totals);
    }
}

/// The convolution of the matrix units: operands and weights as those read them, sums of tile_inner products.
inline void conv_tile(const conv_args& a, int images) {
    constexpr int lanes = 32;
    const int inner = (a.inner + lanes - 1) / lanes * lanes;
    thread_local std::vector<float> kept_x, kept_w; // a run is not to allocate
    kept_x.resize(static_cast<std::size_t>(inner));
    kept_w.resize(static_cast<std::size_t>(inner) * static_cast<std::size_t>(a.y.c));
    float *const x = kept_x.data(), *const w = kept_w.data();
    for (int image = 0; image < images; ++image) {
        if (image == 0 || a.weight_image != 0)
            for (int o = 0; o < a.y.c; ++o)
                for (int k = 0; k < inner; ++k) { // the packed rows go on with zeros
                    const float v = read(a.weights, a.weight_type,
                                         image * a.weight_image + static_cast<std::int64_t>(o) * a.weight_out + k);
                    w[std::int64_t{o} * inner + k] = a.how == products::tf32 ? to_tf32(v) : v;
                }
        for (std::int64_t pixel = 0; pixel < a.y.pixels(); ++pixel) {
            const conv_window from(a, pixel);
            for (int k = 0; k < inner; ++k) {
                const float v = conv_operand(a, image, from, k);
                x[k] = a.how == products::tf32 ? to_tf32(v) : v;
            }
            for (int o = 0; o < a.y.c; ++o) {
                const float* const row = w + std::int64_t{o} * inner;
                float parts[lanes] = {};
                for (int k = 0; k < inner; k += lanes)
                    for (int j = 0; j < lanes; ++j) parts[j] += x[k + j] * row[k + j];
                float sum = 0;
                for (const float part : parts) sum += part;
                conv_end(a, image, pixel, o, sum);
            }
        }
    }
}

using call = void (*)(const void* arguments, int count, int images);

/// As on a device: a call that fails leaves its error behind, and the next kernel gives it.
inline thread_local int last_error = 0;
inline constexpr int said_failed = 719;
inline thread_local int good_launches = -1; ///< set by tests: a launch after so many fails; -1: none does

/// Runs, or records where the stream records.
inline int put(call what, const void* arguments, std::size_t bytes, int count, int images, void* on) {
    auto& s = *static_cast<stream*>(on);
    if (s.recording == nullptr) {
        what(arguments, count, images);
        return 0;
    }
    const auto* const first = static_cast<const std::byte*>(arguments);
    s.recording->all.push_back({what, {first, first + bytes * static_cast<std::size_t>(count)}, count, images});
    return 0;
}
/// The operations of a launch one after the other.
template <class Args, void (*one)(const Args&, int)> void all(const void* arguments, int count, int images) {
    for (int i = 0; i < count; ++i) one(static_cast<const Args*>(arguments)[i], images);
}
template <class Args, void (*one)(const Args&, int)>
int launch(const void* arguments, int count, int images, void* stream) {
    if (last_error != 0) return std::exchange(last_error, 0);
    if (good_launches == 0) return said_failed;
    if (good_launches > 0) --good_launches;
    return put(all<Args, one>, arguments, sizeof(Args), count, images, stream);
}

inline const kernel_table& kernels() {
    static constexpr kernel_table table{
        {launch<picture_args, each<compute_picture>>, launch<conv_args, each<compute_conv>>,
         launch<conv_args, each_sum<compute_vector>>, launch<conv_args, conv_tile>, launch<conv_args, conv_tile>,
         launch<pointwise_args, each<compute_pointwise>>, launch<move_args, each<compute_move>>,
         launch<pool_args, each<compute_pool>>, launch<resize_args, each<compute_resize>>,
         launch<row_args, each_sum<compute_dot>>, launch<row_args, each_sum<compute_row>>,
         launch<column_args, each_sum<compute_column>>, launch<attention_args, each_sum<compute_attention>>,
         launch<attention_args, each_sum<compute_attention_end>>, launch<matrix_args, each<compute_matrix>>}};
    return table;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu::on_host

#include "uml/core/end.inc"
