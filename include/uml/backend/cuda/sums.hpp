// The CUDA backend's sums over channels and over pixels. Lanes share a sum: each forms a part, the parts are combined,
// each finishes some of the results. `lanes` run side by side on a device, one after the other on the host.
#pragma once

#include "uml/backend/cuda/compute.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// The totals of the phases before: each is `width` sums.
template <int width> using known_sums = const float (*)[width];

/// Lanes that share a pixel's channels: a run for each, as far as there are lanes.
[[nodiscard]] UML_HOST_DEVICE inline int lanes_of_row(int channels) {
    int n = 1;
    while (n < 32 && n * run < channels) n *= 2;
    return n;
}

/// Σ over the channels of pixels, by a factor each or without: four pixels next to each other, which share the factors.
struct compute_dot {
    using arguments = row_args;
    static constexpr int most_lanes = 32, width = 4;

    UML_HOST_DEVICE static int lanes(const row_args& a) { return lanes_of_row(a.x.c); }
    UML_HOST_DEVICE static std::int64_t count(const row_args& a, int images) {
        return images * quotient(a.x.pixels() + width - 1, width);
    }
    UML_HOST_DEVICE static int totals(const row_args&) { return 1; }
    UML_HOST_DEVICE static bool largest(const row_args&, int) { return false; }
    UML_HOST_DEVICE static void part(const row_args& a, int, std::int64_t i, int lane, known_sums<width>,
                                     float (&sums)[width]) {
        const std::int64_t groups = quotient(a.x.pixels() + width - 1, width);
        const auto image = static_cast<int>(quotient(i, groups));
        const auto first = static_cast<int>(i - image * groups) * width, pixels = static_cast<int>(a.x.pixels());
        for (float& s : sums) s = 0;
#if defined(__CUDA_ARCH__)
    #pragma unroll 1
#endif
        for (int k = lane * run; k < a.x.c; k += lanes(a) * run) {
            float factor[run], x[width][run];
            if (a.kind == row::sum)
                for (float& f : factor) f = 1;
            else if (a.weights != nullptr)
                get_parameters(a.weights, k, a.x.c, factor);
            else
                get_run(a.factors, image, 0, k, factor);
            for (int q = 0; q < width; ++q) get_run(a.x, image, first + q < pixels ? first + q : first, k, x[q]);
            for (int q = 0; q < width; ++q)
                for (int j = 0; j < run; ++j) sums[q] += x[q][j] * factor[j]; // both 0 behind the last channel
        }
    }
    UML_HOST_DEVICE static void finish(const row_args& a, std::int64_t i, int lane, known_sums<width> known) {
        const std::int64_t groups = quotient(a.x.pixels() + width - 1, width);
        const auto image = static_cast<int>(quotient(i, groups));
        const std::int64_t first = (i - image * groups) * width;
        const float offset = a.offset.data != nullptr ? get(a.offset, image, 0, 0) : 0.0F;
        if (lane != 0) return;
        for (int q = 0; q < width; ++q)
            if (first + q < a.x.pixels())
                put(a.y, image, first + q, 0, activated(known[0][q] + offset, a.act) + a.value);
    }
};

/// A normalisation, a gate or an opinion: a pixel for so many lanes, a run of channels for each.
struct compute_row {
    using arguments = row_args;
    static constexpr int most_lanes = 32, width = 1;

    UML_HOST_DEVICE static int lanes(const row_args& a) { return lanes_of_row(a.x.c); }
    UML_HOST_DEVICE static std::int64_t count(const row_args& a, int images) { return images * a.x.pixels(); }
    UML_HOST_DEVICE static int totals(const row_args& a) { return a.kind == row::norm ? 2 : 1; }
    UML_HOST_DEVICE static bool largest(const row_args&, int) { return false; }
    /// A lane's part of the phase's total, knowing the totals of the phases before.
    UML_HOST_DEVICE static void part(const row_args& a, int phase, std::int64_t i, int lane, known_sums<width> known,
                                     float (&sums)[width]) {
        const auto image = static_cast<int>(quotient(i, a.x.pixels()));
        const std::int64_t pixel = i - image * a.x.pixels();
        const int all = lanes(a) * run;
        float& sum = sums[0];
        float x[run];
        sum = 0;
        if (a.kind == row::gate) {
            float y[run], w[run];
            const float trust = expf(-get(a.vacuity, image, pixel, 0));
#if defined(__CUDA_ARCH__)
    #pragma unroll 1
#endif
            for (int o = lane * run; o < a.from_x.c; o += all) {
                get_run(a.from_x, image, pixel, o, x);
                get_run(a.from_mutual, image, pixel, o, y);
                get_parameters(a.weights, o, a.from_x.c, w);
                for (int j = 0; j < run; ++j) {
                    const float h = trust * x[j] + y[j];
                    sum += h > 0 ? h * w[j] : 0.0F;
                }
            }
            return;
        }
        const float mean = phase == 1 ? known[0][0] / static_cast<float>(a.x.c) : 0.0F;
#if defined(__CUDA_ARCH__)
    #pragma unroll 1
#endif
        for (int k = lane * run; k < a.x.c; k += all) {
            get_run(a.x, image, pixel, k, x);
            const int n = in_run(a.x, k);
            for (int j = 0; j < run; ++j) {
                if (j >= n) continue;
                if (a.kind == row::opinion)
                    sum += x[j] + a.value;
                else
                    sum += phase == 0 ? x[j] : (x[j] - mean) * (x[j] - mean);
            }
        }
    }
    UML_HOST_DEVICE static void finish(const row_args& a, std::int64_t i, int lane, known_sums<width> known) {
        const auto image = static_cast<int>(quotient(i, a.x.pixels()));
        const std::int64_t pixel = i - image * a.x.pixels();
        const auto n = static_cast<float>(a.x.c);
        if (a.kind == row::opinion) {
            for (int k = lane; k < a.x.c; k += lanes(a)) put(a.y, image, pixel, k, get(a.x, image, pixel, k) + a.value);
            if (lane == 0) put(a.y, image, pixel, a.x.c, n / known[0][0]);
            return;
        }
        const float mean = known[0][0] / n;
        float factor = 0;
        if (a.kind == row::gate)
            factor = expf(-get(a.vacuity, image, pixel, 0)) / (1 + expf(-(known[0][0] + a.weights[a.from_x.c])));
        else
            factor = 1 / sqrtf(known[1][0] / n + 1e-5F);
        for (int k = lane * run; k < a.x.c; k += lanes(a) * run) {
            float x[run], scale[run], shift[run];
            get_run(a.x, image, pixel, k, x);
            if (a.kind == row::gate) {
                for (float& v : x) v *= factor;
            } else {
                get_parameters(a.weights, k, a.x.c, scale);
                get_parameters(a.shift, k, a.x.c, shift);
                for (int j = 0; j < run; ++j) x[j] = (x[j] - mean) * factor * scale[j] + shift[j];
                activate_run(x, a.act);
            }
            put_run(a.y, image, pixel, k, x);
        }
    }
};

/// One sum for each output channel of a vector's convolution.
struct compute_vector {
    using arguments = conv_args;
    static constexpr int most_lanes = 32, width = 1;

    UML_HOST_DEVICE static int lanes(const conv_args&) { return most_lanes; }

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
        for (int k = lane; k < a.inner; k += most_lanes)
            sums[0] += get(a.x, p.image, 0, k) * read(a.weights, a.weight_type, weights + k);
    }
    UML_HOST_DEVICE static void finish(const conv_args& a, std::int64_t i, int lane, known_sums<width> known) {
        const place p = place_of(a.y, i);
        if (lane == 0) conv_end(a, p.image, 0, p.k, known[0][0]);
    }
};

/// One sum for each channel of each image, a run of channels at a time. Neighbouring lanes have neighbouring runs.
struct compute_column {
    using arguments = column_args;
    static constexpr int most_lanes = 64, width = run;

    UML_HOST_DEVICE static int lanes(const column_args&) { return most_lanes; }
    UML_HOST_DEVICE static std::int64_t count(const column_args& a, int images) {
        return static_cast<std::int64_t>(images) * runs(a.x.c);
    }
    UML_HOST_DEVICE static int totals(const column_args& a) { return a.kind == column::softmax ? 2 : 1; }
    UML_HOST_DEVICE static bool largest(const column_args& a, int phase) {
        return a.kind == column::softmax && phase == 0;
    }
    UML_HOST_DEVICE static void part(const column_args& a, int phase, std::int64_t i, int lane, known_sums<width> known,
                                     float (&sums)[width]) {
        const auto image = static_cast<int>(quotient(i, runs(a.x.c)));
        const int k = static_cast<int>(i - std::int64_t{image} * runs(a.x.c)) * run;
        for (float& s : sums) s = largest(a, phase) ? -INFINITY : 0.0F;
#if defined(__CUDA_ARCH__)
    #pragma unroll 2
#endif
        for (std::int64_t p = lane; p < a.x.pixels(); p += most_lanes) {
            const float weight = a.kind == column::weighted ? get(a.weight, image, p, 0) : 0.0F;
            float x[run], factor[run];
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
                else
                    sums[j] += expf(x[j] - known[0][j]);
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
                made[j] = a.kind == column::weighted ? known[0][j] : known[0][j] / static_cast<float>(pixels);
            if (lane == 0) put_run(a.y, image, 0, k, made);
            return;
        }
        for (std::int64_t p = lane; p < pixels; p += most_lanes) {
            get_run(a.x, image, p, k, made);
            for (int j = 0; j < run; ++j) made[j] = expf(made[j] - known[0][j]) / known[1][j];
            put_run(a.y, image, p, k, made);
        }
    }
};

/// Both means of a run of channels: of a part of the pixels.
struct compute_attention {
    using arguments = attention_args;
    static constexpr int most_lanes = 64, width = attention_sums - 1; ///< in the first phase the largest, alone

    UML_HOST_DEVICE static int lanes(const attention_args&) { return most_lanes; }
    /// Parts follow each other, in each all runs of channels.
    UML_HOST_DEVICE static std::int64_t count(const attention_args& a, int images) {
        return std::int64_t{images} * a.parts * runs(a.x.c);
    }
    UML_HOST_DEVICE static int totals(const attention_args&) { return 2; }
    UML_HOST_DEVICE static bool largest(const attention_args&, int phase) { return phase == 0; }
    struct place_of_part {
        int image, part, k;
        UML_HOST_DEVICE place_of_part(const attention_args& a, std::int64_t i) {
            const auto row = static_cast<int>(quotient(i, runs(a.x.c)));
            k = static_cast<int>(i - std::int64_t{row} * runs(a.x.c)) * run;
            image = row / a.parts;
            part = row - image * a.parts;
        }
        [[nodiscard]] UML_HOST_DEVICE float* sums(const attention_args& a) const {
            return a.sums + ((std::int64_t{image} * runs(a.x.c) + k / run) * a.parts + part) * attention_sums;
        }
    };
    UML_HOST_DEVICE static void part(const attention_args& a, int phase, std::int64_t i, int lane,
                                     known_sums<width> known, float (&sums)[width]) {
        const place_of_part at(a, i);
        const auto pixels = static_cast<int>(a.x.pixels()), each = (pixels + a.parts - 1) / a.parts;
        const int first = at.part * each, last = first + each < pixels ? first + each : pixels;
        for (float& s : sums) s = phase == 0 ? -INFINITY : 0.0F;
#if defined(__CUDA_ARCH__)
    #pragma unroll 2
#endif
        for (int p = first + lane; p < last; p += most_lanes) {
            const float score = get(a.scores, at.image, p, 0);
            if (phase == 0) {
                sums[0] = score > sums[0] ? score : sums[0];
                continue;
            }
            float x[run];
            get_run(a.x, at.image, p, at.k, x);
            const float weight = expf(score - known[0][0]);
            sums[0] += weight;
            for (int j = 0; j < run; ++j) {
                sums[1 + j] += weight * x[j];
                sums[1 + run + j] += x[j];
            }
        }
    }
    UML_HOST_DEVICE static void end(const attention_args& a, int image, int k, const float (&sums)[width]) {
        float made[run], mean[run];
        for (int j = 0; j < run; ++j) {
            made[j] = sums[1 + j] / sums[0];
            mean[j] = sums[1 + run + j] / static_cast<float>(a.x.pixels());
        }
        tensor first = a.y, second = a.y;
        first.c = second.c = a.x.c;
        second.data = static_cast<char*>(a.y.data) + a.x.c * (a.y.type == element::f32 ? 4 : 2);
        put_run(first, image, 0, k, made);
        put_run(second, image, 0, k, mean);
    }
    UML_HOST_DEVICE static void finish(const attention_args& a, std::int64_t i, int lane, known_sums<width> known) {
        if (lane != 0) return;
        const place_of_part at(a, i);
        if (a.parts == 1) return end(a, at.image, at.k, known[1]);
        float* const to = at.sums(a);
        to[0] = known[0][0];
        for (int j = 0; j < width; ++j) to[1 + j] = known[1][j];
    }
};

/// The sums of the parts together.
struct compute_attention_end {
    using arguments = attention_args;
    static constexpr int most_lanes = 32, width = compute_attention::width;

    UML_HOST_DEVICE static int lanes(const attention_args&) { return most_lanes; }
    UML_HOST_DEVICE static std::int64_t count(const attention_args& a, int images) {
        return std::int64_t{images} * runs(a.x.c);
    }
    UML_HOST_DEVICE static int totals(const attention_args&) { return 2; }
    UML_HOST_DEVICE static bool largest(const attention_args&, int phase) { return phase == 0; }
    UML_HOST_DEVICE static void part(const attention_args& a, int phase, std::int64_t i, int lane,
                                     known_sums<width> known, float (&sums)[width]) {
        for (float& s : sums) s = phase == 0 ? -INFINITY : 0.0F;
        for (int p = lane; p < a.parts; p += most_lanes) {
            const float* const from = a.sums + (i * a.parts + p) * attention_sums;
            if (phase == 0) {
                sums[0] = from[0] > sums[0] ? from[0] : sums[0];
                continue;
            }
            const float share = expf(from[0] - known[0][0]);
            for (int j = 0; j <= run; ++j) sums[j] += share * from[1 + j];
            for (int j = run + 1; j < width; ++j) sums[j] += from[1 + j];
        }
    }
    UML_HOST_DEVICE static void finish(const attention_args& a, std::int64_t i, int lane, known_sums<width> known) {
        const auto image = static_cast<int>(quotient(i, runs(a.x.c)));
        if (lane == 0)
            compute_attention::end(a, image, static_cast<int>(i - std::int64_t{image} * runs(a.x.c)) * run, known[1]);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
