// The CUDA backend's sums over channels and over pixels. Lanes share a sum: each forms a part, the parts are combined,
// each finishes some of the results. `lanes` run side by side on a device, one after the other on the host.
#pragma once

#include "uml/backend/cuda/compute.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

inline constexpr int most_totals = 3;

/// One sum for each pixel of each image.
struct compute_row {
    using arguments = row_args;
    static constexpr int lanes = 32;

    UML_HOST_DEVICE static std::int64_t count(const row_args& a, int images) { return images * a.x.pixels(); }
    UML_HOST_DEVICE static int totals(const row_args& a) { return a.kind == row::norm ? 2 : 1; }
    UML_HOST_DEVICE static bool largest(const row_args&, int) { return false; }
    /// A lane's part of the phase's total, knowing the totals of the phases before.
    UML_HOST_DEVICE static float part(const row_args& a, int phase, std::int64_t i, int lane, const float* known) {
        const auto image = static_cast<int>(i / a.x.pixels());
        const std::int64_t pixel = i - image * a.x.pixels();
        float sum = 0;
        if (a.kind == row::gate) {
            const float trust = expf(-get(a.vacuity, image, pixel, 0));
            for (int o = lane; o < a.from_x.c; o += lanes) {
                const float h = trust * get(a.from_x, image, pixel, o) + get(a.from_mutual, image, pixel, o);
                sum += h > 0 ? h * a.weights[o] : 0.0F;
            }
            return sum;
        }
        const float mean = phase == 1 ? known[0] / static_cast<float>(a.x.c) : 0.0F;
        for (int k = lane; k < a.x.c; k += lanes) {
            const float x = get(a.x, image, pixel, k);
            if (a.kind == row::sum || a.kind == row::opinion)
                sum += x + a.value;
            else if (a.kind == row::dot)
                sum += x * (a.weights != nullptr ? a.weights[k] : get(a.factors, image, 0, k));
            else
                sum += phase == 0 ? x : (x - mean) * (x - mean);
        }
        return sum;
    }
    UML_HOST_DEVICE static void finish(const row_args& a, std::int64_t i, int lane, const float* known) {
        const auto image = static_cast<int>(i / a.x.pixels());
        const std::int64_t pixel = i - image * a.x.pixels();
        if (a.kind == row::sum || a.kind == row::dot) {
            const float offset = a.offset.data != nullptr ? get(a.offset, image, 0, 0) : 0.0F;
            if (lane == 0) put(a.y, image, pixel, 0, activated(known[0] + offset, a.act) + a.value);
            return;
        }
        const auto n = static_cast<float>(a.x.c);
        if (a.kind == row::opinion) {
            for (int k = lane; k < a.x.c; k += lanes) put(a.y, image, pixel, k, get(a.x, image, pixel, k) + a.value);
            if (lane == 0) put(a.y, image, pixel, a.x.c, n / known[0]);
            return;
        }
        const float mean = known[0] / n;
        float factor = 0;
        if (a.kind == row::gate)
            factor = expf(-get(a.vacuity, image, pixel, 0)) / (1 + expf(-(known[0] + a.weights[a.from_x.c])));
        else
            factor = 1 / sqrtf(known[1] / n + 1e-5F);
        for (int k = lane; k < a.x.c; k += lanes) {
            const float x = get(a.x, image, pixel, k);
            put(a.y, image, pixel, k,
                a.kind == row::gate ? x * factor : activated((x - mean) * factor * a.weights[k] + a.shift[k], a.act));
        }
    }
};

/// One sum for each channel of each image.
struct compute_column {
    using arguments = column_args;
    static constexpr int lanes = 256;

    UML_HOST_DEVICE static std::int64_t count(const column_args& a, int images) {
        return static_cast<std::int64_t>(images) * a.x.c;
    }
    UML_HOST_DEVICE static bool has_softmax(const column_args& a) {
        return a.kind == column::softmax || a.kind == column::attended;
    }
    UML_HOST_DEVICE static int totals(const column_args& a) {
        return a.kind == column::attended ? 3 : a.kind == column::softmax ? 2 : 1;
    }
    UML_HOST_DEVICE static bool largest(const column_args& a, int phase) { return has_softmax(a) && phase == 0; }
    UML_HOST_DEVICE static float part(const column_args& a, int phase, std::int64_t i, int lane, const float* known) {
        const auto image = static_cast<int>(i / a.x.c), k = static_cast<int>(i % a.x.c);
        const std::int64_t pixels = a.x.pixels();
        float sum = largest(a, phase) ? -INFINITY : 0.0F;
        for (std::int64_t p = lane; p < pixels; p += lanes) {
            const float x =
                a.kind == column::attended && phase < 2 ? get(a.weight, image, p, 0) : get(a.x, image, p, k);
            if (a.kind == column::mean)
                sum += x;
            else if (a.kind == column::weighted)
                sum += x * get(a.weight, image, p, 0);
            else if (a.kind == column::instructed)
                sum += x + x * get(a.weight, image, p, k);
            else if (phase == 0)
                sum = x > sum ? x : sum;
            else if (phase == 1)
                sum += expf(x - known[0]);
            else
                sum += expf(get(a.weight, image, p, 0) - known[0]) * x;
        }
        return sum;
    }
    UML_HOST_DEVICE static void finish(const column_args& a, std::int64_t i, int lane, const float* known) {
        const auto image = static_cast<int>(i / a.x.c), k = static_cast<int>(i % a.x.c);
        const std::int64_t pixels = a.x.pixels();
        if (a.kind != column::softmax) {
            const float total = a.kind == column::weighted   ? known[0]
                                : a.kind == column::attended ? known[2] / known[1]
                                                             : known[0] / static_cast<float>(pixels);
            if (lane == 0) put(a.y, image, 0, k, total);
            return;
        }
        for (std::int64_t p = lane; p < pixels; p += lanes)
            put(a.y, image, p, k, expf(get(a.x, image, p, k) - known[0]) / known[1]);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
