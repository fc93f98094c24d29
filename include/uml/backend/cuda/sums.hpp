// The CUDA backend's sums over channels and over pixels. Lanes share a sum: each forms a part, the parts are combined,
// each finishes some of the results. `lanes` run side by side on a device, one after the other on the host.
#pragma once

#include "uml/backend/cuda/compute.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

inline constexpr int most_totals = 3;
/// The totals of the phases before: each is `width` sums.
template <int width> using known_sums = const float (*)[width];

/// One sum for each pixel of each image.
struct compute_row {
    using arguments = row_args;
    static constexpr int lanes = 32, width = 1;

    UML_HOST_DEVICE static std::int64_t count(const row_args& a, int images) { return images * a.x.pixels(); }
    UML_HOST_DEVICE static int totals(const row_args& a) { return a.kind == row::norm ? 2 : 1; }
    UML_HOST_DEVICE static bool largest(const row_args&, int) { return false; }
    /// A lane's part of the phase's total, knowing the totals of the phases before.
    UML_HOST_DEVICE static void part(const row_args& a, int phase, std::int64_t i, int lane, known_sums<width> known,
                                     float (&sums)[width]) {
        const auto image = static_cast<int>(quotient(i, a.x.pixels()));
        const std::int64_t pixel = i - image * a.x.pixels();
        float& sum = sums[0];
        sum = 0;
        if (a.kind == row::gate) {
            const float trust = expf(-get(a.vacuity, image, pixel, 0));
            for (int o = lane; o < a.from_x.c; o += lanes) {
                const float h = trust * get(a.from_x, image, pixel, o) + get(a.from_mutual, image, pixel, o);
                sum += h > 0 ? h * a.weights[o] : 0.0F;
            }
            return;
        }
        const float mean = phase == 1 ? known[0][0] / static_cast<float>(a.x.c) : 0.0F;
        for (int k = lane; k < a.x.c; k += lanes) {
            const float x = get(a.x, image, pixel, k);
            if (a.kind == row::sum || a.kind == row::opinion)
                sum += x + a.value;
            else if (a.kind == row::dot)
                sum += x * (a.weights != nullptr ? a.weights[k] : get(a.factors, image, 0, k));
            else
                sum += phase == 0 ? x : (x - mean) * (x - mean);
        }
    }
    UML_HOST_DEVICE static void finish(const row_args& a, std::int64_t i, int lane, known_sums<width> known) {
        const auto image = static_cast<int>(quotient(i, a.x.pixels()));
        const std::int64_t pixel = i - image * a.x.pixels();
        if (a.kind == row::sum || a.kind == row::dot) {
            const float offset = a.offset.data != nullptr ? get(a.offset, image, 0, 0) : 0.0F;
            if (lane == 0) put(a.y, image, pixel, 0, activated(known[0][0] + offset, a.act) + a.value);
            return;
        }
        const auto n = static_cast<float>(a.x.c);
        if (a.kind == row::opinion) {
            for (int k = lane; k < a.x.c; k += lanes) put(a.y, image, pixel, k, get(a.x, image, pixel, k) + a.value);
            if (lane == 0) put(a.y, image, pixel, a.x.c, n / known[0][0]);
            return;
        }
        const float mean = known[0][0] / n;
        float factor = 0;
        if (a.kind == row::gate)
            factor = expf(-get(a.vacuity, image, pixel, 0)) / (1 + expf(-(known[0][0] + a.weights[a.from_x.c])));
        else
            factor = 1 / sqrtf(known[1][0] / n + 1e-5F);
        for (int k = lane; k < a.x.c; k += lanes) {
            const float x = get(a.x, image, pixel, k);
            put(a.y, image, pixel, k,
                a.kind == row::gate ? x * factor : activated((x - mean) * factor * a.weights[k] + a.shift[k], a.act));
        }
    }
};

/// One sum for each output channel of a vector's convolution.
struct compute_vector {
    using arguments = conv_args;
    static constexpr int lanes = 32, width = 1;

    UML_HOST_DEVICE static std::int64_t count(const conv_args& a, int images) { return elements(a.y, images); }
    UML_HOST_DEVICE static int totals(const conv_args&) { return 1; }
    UML_HOST_DEVICE static bool largest(const conv_args&, int) { return false; }
    UML_HOST_DEVICE static void part(const conv_args& a, int, std::int64_t i, int lane, known_sums<width>,
                                     float (&sums)[width]) {
        const place p = place_of(a.y, i);
        const std::int64_t weights = p.image * a.weight_image + static_cast<std::int64_t>(p.k) * a.weight_out;
        sums[0] = 0;
#if defined(__CUDA_ARCH__)
    #pragma unroll 8
#endif
        for (int k = lane; k < a.inner; k += lanes)
            sums[0] += get(a.x, p.image, 0, k) * read(a.weights, a.weight_type, weights + k);
    }
    UML_HOST_DEVICE static void finish(const conv_args& a, std::int64_t i, int lane, known_sums<width> known) {
        const place p = place_of(a.y, i);
        if (lane == 0) conv_end(a, p.image, 0, p.k, known[0][0]);
    }
};

/// One sum for each channel of each image, a run of channels at a time.
struct compute_column {
    using arguments = column_args;
    static constexpr int lanes = 256, width = run;

    UML_HOST_DEVICE static std::int64_t count(const column_args& a, int images) {
        return static_cast<std::int64_t>(images) * runs(a.x.c);
    }
    UML_HOST_DEVICE static bool has_softmax(const column_args& a) {
        return a.kind == column::softmax || a.kind == column::attended;
    }
    UML_HOST_DEVICE static int totals(const column_args& a) {
        return a.kind == column::attended ? 3 : a.kind == column::softmax ? 2 : 1;
    }
    UML_HOST_DEVICE static bool largest(const column_args& a, int phase) { return has_softmax(a) && phase == 0; }
    UML_HOST_DEVICE static void part(const column_args& a, int phase, std::int64_t i, int lane, known_sums<width> known,
                                     float (&sums)[width]) {
        const auto image = static_cast<int>(quotient(i, runs(a.x.c)));
        const int k = static_cast<int>(i - std::int64_t{image} * runs(a.x.c)) * run;
        const std::int64_t pixels = a.x.pixels();
        const bool by_pixel = a.kind == column::weighted || a.kind == column::attended;
        for (float& s : sums) s = largest(a, phase) ? -INFINITY : 0.0F;
#if defined(__CUDA_ARCH__)
    #pragma unroll 2
#endif
        for (std::int64_t p = lane; p < pixels; p += lanes) {
            const float weight = by_pixel ? get(a.weight, image, p, 0) : 0.0F;
            float x[run], factor[run];
            if (a.kind == column::attended && phase < 2)
                for (float& v : x) v = weight;
            else
                get_run(a.x, image, p, k, x);
            if (a.kind == column::instructed) get_run(a.weight, image, p, k, factor);
            for (int j = 0; j < run; ++j) {
                if (a.kind == column::mean)
                    sums[j] += x[j];
                else if (a.kind == column::weighted)
                    sums[j] += x[j] * weight;
                else if (a.kind == column::instructed)
                    sums[j] += x[j] + x[j] * factor[j];
                else if (phase == 0)
                    sums[j] = x[j] > sums[j] ? x[j] : sums[j];
                else if (phase == 1)
                    sums[j] += expf(x[j] - known[0][j]);
                else
                    sums[j] += expf(weight - known[0][j]) * x[j];
            }
        }
    }
    UML_HOST_DEVICE static void finish(const column_args& a, std::int64_t i, int lane, known_sums<width> known) {
        const auto image = static_cast<int>(quotient(i, runs(a.x.c)));
        const int k = static_cast<int>(i - std::int64_t{image} * runs(a.x.c)) * run;
        const std::int64_t pixels = a.x.pixels();
        float made[run];
        if (a.kind != column::softmax) {
            for (int j = 0; j < run; ++j)
                made[j] = a.kind == column::weighted   ? known[0][j]
                          : a.kind == column::attended ? known[2][j] / known[1][j]
                                                       : known[0][j] / static_cast<float>(pixels);
            if (lane == 0) put_run(a.y, image, 0, k, made);
            return;
        }
        for (std::int64_t p = lane; p < pixels; p += lanes) {
            get_run(a.x, image, p, k, made);
            for (int j = 0; j < run; ++j) made[j] = expf(made[j] - known[0][j]) / known[1][j];
            put_run(a.y, image, p, k, made);
        }
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
