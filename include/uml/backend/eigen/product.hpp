// A convolution whose matrix product is Eigen's: blocks of pixels are gathered, multiplied, finished.
#pragma once

#include "uml/backend/cpu/operation.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::eigen_detail {

/// Extents of one product. So small that what Eigen packs stays on the stack: it never asks for heap memory.
inline constexpr int rows = 96, depth = 256, columns = 32;

/// Products are written transposed, output channels first: where OpenMP is on, Eigen spreads a product over threads of
/// its own unless the result has at most 32 rows by its type. Those threads beside the executor's would ruin the speed.
using result_view = Eigen::Map<Eigen::Matrix<float, columns, Eigen::Dynamic>>;
static_assert(result_view::MaxRowsAtCompileTime <= 32);

[[nodiscard]] constexpr int parts(int n, int of) { return (n + of - 1) / of; }

/// Weights as a matrix [kernel · kernel · in][out], out padded to whole blocks of columns, then the bias likewise.
[[nodiscard]] constexpr std::int64_t padded_outputs(const node& n) { return parts(n.out.c, columns) * columns; }
[[nodiscard]] constexpr std::int64_t weights_size(const shape& in, const node& n) {
    return padded_outputs(n) * (static_cast<std::int64_t>(in.c) * n.win.kernel * n.win.kernel + 1);
}
/// Floats of scratch memory that each thread needs: gathered pixels and sums.
inline constexpr std::int64_t scratch_size = rows * (depth + columns);

inline void pack(const shape& in, const node& n, const dense_parameter& d, float* to) {
    const std::int64_t outputs = padded_outputs(n), taps = static_cast<std::int64_t>(n.win.kernel) * n.win.kernel;
    for (std::int64_t t = 0; t < taps; ++t)
        for (std::int64_t k = 0; k < in.c; ++k)
            for (std::int64_t o = 0; o < outputs; ++o)
                *to++ = o < d.out ? static_cast<float>(d.values[(o * in.c + k) * taps + t]) : 0.0F;
    for (std::int64_t o = 0; o < outputs; ++o)
        *to++ = o < d.out && d.bias != nullptr ? static_cast<float>(d.bias[o]) : 0.0F;
}

/// One convolution; a job is a block of output pixels times a block of output channels.
struct convolution {
    const node& n;
    tensor_view<const float> x;
    tensor_view<const float> residual; ///< empty if there is none
    const float* weights;
    tensor_view<float> y;

    [[nodiscard]] int jobs() const { return parts(static_cast<int>(y.pixels()), rows) * parts(y.c, columns); }

    static void run_job(const convolution& c, int job, void* scratch) { c.run(job, static_cast<float*>(scratch)); }

private:
    void run(int job, float* scratch) const {
        using pixels_view = Eigen::Map<const Eigen::MatrixXf>;
        using weights_view = Eigen::Map<const Eigen::Matrix<float, columns, Eigen::Dynamic>, 0, Eigen::OuterStride<>>;
        const int groups = parts(y.c, columns);
        const std::int64_t first = static_cast<std::int64_t>(job / groups) * rows, outputs = padded_outputs(n);
        const int count = static_cast<int>(std::min<std::int64_t>(rows, y.pixels() - first));
        const int o = job % groups * columns, inner = x.c * n.win.kernel * n.win.kernel;
        result_view sums(scratch + rows * depth, columns, count);
        sums.colwise() = Eigen::Map<const Eigen::Vector<float, columns>>(weights + inner * outputs + o);
        for (int k = 0; k < inner; k += depth) {
            const int part = std::min(depth, inner - k);
            gather(first, count, k, part, scratch);
            sums.noalias() += weights_view(weights + k * outputs + o, columns, part, Eigen::OuterStride<>(outputs)) *
                              pixels_view(scratch, part, count);
        }
        finish(first, count, o, sums.data());
    }

    /// Columns [k, k + part) of the pixels' windows; tap by tap, each with all channels; zeros outside the picture.
    void gather(std::int64_t first, int count, int k, int part, float* to) const {
        for (int i = 0; i < count; ++i) {
            const int oy = static_cast<int>((first + i) / y.w), ox = static_cast<int>((first + i) % y.w);
            for (int done = 0; done < part;) {
                const int tap = (k + done) / x.c, channel = (k + done) % x.c,
                          run = std::min(x.c - channel, part - done);
                const int iy = oy * n.win.stride - n.win.pad + tap / n.win.kernel * n.win.dilation;
                const int ix = ox * n.win.stride - n.win.pad + tap % n.win.kernel * n.win.dilation;
                if (iy < 0 || ix < 0 || iy >= x.h || ix >= x.w)
                    std::fill_n(to, run, 0.0F);
                else
                    std::copy_n(&x(iy, ix, channel), run, to);
                to += run;
                done += run;
            }
        }
    }

    void finish(std::int64_t first, int count, int o, const float* sums) const {
        const int channels = std::min(columns, y.c - o);
        for (int i = 0; i < count; ++i)
            for (int k = 0; k < channels; ++k) {
                const float added = residual.data != nullptr ? residual.pixel(first + i)[o + k] : 0.0F;
                y.pixel(first + i)[o + k] = activated(sums[i * columns + k] + added);
            }
    }

    /// The node's activation of one number; no exponential overflows.
    [[nodiscard]] float activated(float v) const {
        const float shrunk = std::exp(-std::abs(v));
        switch (n.act) {
        case activation::none: break;
        case activation::relu: return v > 0 ? v : 0.0F;
        case activation::sigmoid: return (v >= 0 ? 1.0F : shrunk) / (1 + shrunk);
        case activation::softplus: return (v > 0 ? v : 0.0F) + std::log1p(shrunk);
        case activation::exp_negative: return std::exp(-v);
        }
        return v;
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::eigen_detail

#include "uml/core/end.inc"
