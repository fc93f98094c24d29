// The CUDA backend's kernels but for the products in tiles, and the table of all. The library's templates stay out of
// here: nvcc 13.0 miscompiles some C++20.
#include "several.cuh"
#include "tile.cuh"

#include "uml/backend/cuda/sums.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {
namespace {

constexpr int threads = 256;

/// An element of the result for each thread.
template <class F>
__global__ void __launch_bounds__(threads, 3)
    each(const __grid_constant__ several<typename F::arguments> all, int images) {
    const int which = all.which(blockIdx.x);
    const typename F::arguments& a = all.of[which];
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x - all.begin[which]) * threads + threadIdx.x;
    if (i < F::count(a, images)) F::at(a, i);
}
template <class F> int launch_each(const void* arguments, int count, int images, void* stream) {
    const several<typename F::arguments> all(arguments, count, [images](const typename F::arguments& a) {
        return (F::count(a, images) + threads - 1) / threads;
    });
    each<F><<<all.blocks(), threads, 0, static_cast<cudaStream_t>(stream)>>>(all, images);
    return cudaGetLastError();
}

__device__ float combine(float a, float b, bool largest) { return largest ? (b > a ? b : a) : a + b; }
/// Lanes of a warp share a sum, a power of two, `apart` from each other; every lane gets it. The order is fixed: the
/// same bits every time.
__device__ float combine_warp(float x, int lanes, int apart, bool largest) {
    for (int distance = lanes * apart / 2; distance >= apart; distance /= 2)
        x = combine(x, __shfl_xor_sync(0xffffffffU, x, distance), largest);
    return x;
}
/// Of a block's warps, in each of which `groups` lanes have sums of their own.
template <int groups, int width> __device__ void combine_block(float (&x)[width], bool largest) {
    constexpr int warps = threads / 32;
    __shared__ float parts[warps][groups][width];
    const int group = static_cast<int>(threadIdx.x) % groups;
    __syncthreads(); // the parts of the phase before have been read
    if (threadIdx.x % 32 < groups)
#pragma unroll
        for (int j = 0; j < width; ++j) parts[threadIdx.x / 32][group][j] = x[j];
    __syncthreads();
#pragma unroll
    for (int j = 0; j < width; ++j) {
        x[j] = parts[0][group][j];
        for (int i = 1; i < warps; ++i) x[j] = combine(x[j], parts[i][group][j], largest);
    }
}

/// Of a multiprocessor at once: as many as registers allow.
template <class F> constexpr int blocks = 3;
template <> constexpr int blocks<compute_dot> = 2;
template <> constexpr int blocks<compute_column> = 2;

/// A sum for each group of lanes: neighbours in a warp, or every so many threads of a block.
template <class F>
__global__ void __launch_bounds__(threads, blocks<F>)
    each_sum(const __grid_constant__ several<typename F::arguments> all, int images) {
    constexpr bool of_block = F::most_lanes > 32;
    constexpr int groups = threads / F::most_lanes; ///< of a block
    const int which = all.which(blockIdx.x), thread = static_cast<int>(threadIdx.x);
    const typename F::arguments& a = all.of[which];
    const int lanes = F::lanes(a), lane = of_block ? thread / groups : thread % lanes;
    const std::int64_t mine = static_cast<std::int64_t>(blockIdx.x - all.begin[which]) * (threads / lanes) +
                              (of_block ? thread % groups : thread / lanes);
    const std::int64_t last = F::count(a, images) - 1, i = mine < last ? mine : last; // a warp's lanes stay together
    float totals[most_totals][F::width] = {}, part[F::width];
    for (int phase = 0; phase < F::totals(a); ++phase) {
        const bool largest = F::largest(a, phase);
        F::part(a, phase, i, lane, totals, part);
#pragma unroll
        for (float& one : part) one = combine_warp(one, of_block ? 32 / groups : lanes, of_block ? groups : 1, largest);
        if constexpr (of_block) combine_block<groups>(part, largest);
#pragma unroll
        for (int k = 0; k < most_totals; ++k)
#pragma unroll
            for (int j = 0; j < F::width; ++j) totals[k][j] = k == phase ? part[j] : totals[k][j]; // stay in registers
    }
    if (mine <= last) F::finish(a, i, lane, totals);
}
template <class F> int launch_sum(const void* arguments, int count, int images, void* stream) {
    const several<typename F::arguments> all(arguments, count, [images](const typename F::arguments& a) {
        const int groups = threads / F::lanes(a);
        return (F::count(a, images) + groups - 1) / groups;
    });
    each_sum<F><<<all.blocks(), threads, 0, static_cast<cudaStream_t>(stream)>>>(all, images);
    return cudaGetLastError();
}

constexpr kernel_table table{
    {launch_each<compute_picture>, launch_each<compute_conv>, launch_sum<compute_vector>, launch_conv_tile,
     launch_conv_pieces, launch_each<compute_pointwise>, launch_each<compute_move>, launch_each<compute_pool>,
     launch_each<compute_resize>, launch_sum<compute_dot>, launch_sum<compute_row>, launch_sum<compute_column>,
     launch_sum<compute_attention>, launch_sum<compute_attention_end>, launch_each<compute_matrix>}};

} // namespace

const kernel_table& device_kernels() { return table; }

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
