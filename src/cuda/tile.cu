// Convolutions of any kernel, stride and dilation as products of matrices (implicit GEMM) by mma.sync (compute
// capability 8.0 and newer): see tile.hpp. Asynchronous copies bring operands into shared memory, zeros where a tap
// lies outside of the image, while the units work on what came before; group.cu has the products of bf16 for Hopper.
#include "tile.cuh"

#include "copies.cuh"
#include "group.cuh"
#include "several.cuh"

#include "uml/backend/cuda/tile.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {
namespace {

using namespace tile;

template <products how>
__device__ void multiply(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    if constexpr (how == products::bf16)
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                     "{%0,%1,%2,%3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    else
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                     "{%0,%1,%2,%3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
/// Words of f32 as TF32 numbers, and what is left of each, whose last bits the unit cuts off; NaN stays in that.
template <int n> __device__ void split(const std::uint32_t (&x)[n], std::uint32_t (&high)[n], std::uint32_t (&low)[n]) {
#pragma unroll
    for (int i = 0; i < n; ++i) {
        high[i] = (x[i] + 0x1000U) & 0xffffe000U;
        low[i] = bits_of(float_of(x[i]) - float_of(high[i]));
    }
}
template <int n> __device__ void round(std::uint32_t (&x)[n]) {
#pragma unroll
    for (std::uint32_t& word : x) word = bits_of(to_tf32(float_of(word)));
}

template <products how, bool whole>
__global__ void __launch_bounds__(threads, how == products::bf16 ? 4 : 3)
    conv_tile(const __grid_constant__ several<conv_args> all) {
    using form = stored<how>;
    extern __shared__ __align__(16) std::uint32_t room[];
    const int which = all.which(blockIdx.x);
    const conv_args& a = all.of[which];
    const tile_place place(a, blockIdx.x - all.begin[which], tile_rows, tile_columns);
    const int thread = static_cast<int>(threadIdx.x);
    const int steps = (a.inner + tile_inner - 1) / tile_inner;
    // Fills step by step; what follows the last is empty, which keeps the count.
    const auto filling = [&] {
        if constexpr (whole)
            return whole_filler<how>(a, place.image, place.first_pixel, place.first_channel, thread / form::chunks,
                                     thread % form::chunks);
        else
            return filler<how>(block_operands<form::type>(a, place.image, place.first_pixel, place.first_channel),
                               thread);
    };
    auto mine = filling();
    const int first = (thread / form::chunks * form::pitch + thread % form::chunks * (chunk_bytes / 4)) * 4;
    const auto fill = [&](int step) {
        const int stage = step % form::stages * form::stage_words;
        if (step < steps) {
            if constexpr (whole)
                mine.template fill<form::row_gap * form::pitch * 4>(
                    first + stage * 4, first + (stage + tile_rows * form::pitch) * 4, copy_chunk{shared_address(room)});
            else
                mine.fill(block_operands<form::type>(a, place.image, place.first_pixel, place.first_channel), step,
                          room + stage, room + stage + tile_rows * form::pitch, copy_later{a.weights});
        }
        close_copies();
    };

#pragma unroll 1
    for (int s = 0; s < form::stages - 1; ++s) fill(s);
    const int lane = thread % 32, warp = thread / 32;
    float sums[fragments_down][fragments_across][4] = {};
#pragma unroll 1
    for (int step = 0; step < steps; ++step) {
        wait_copies<form::stages - 2>();
        __syncthreads(); // the tile is there, and all have read the one that is overwritten next
        fill(step + form::stages - 1);
        const std::uint32_t* const x = room + step % form::stages * form::stage_words;
        const std::uint32_t* const w = x + tile_rows * form::pitch;
        // Sums of a few products are formed apart: the units cut their sums off, and in f32 that must stay small.
        constexpr bool exact = how == products::three;
        float parts[fragments_down][fragments_across][4] = {};
#pragma unroll(exact ? 1 : form::row_words / mma_words)
        for (int word = 0; word < form::row_words; word += mma_words) {
            std::uint32_t fx[fragments_down][4], fw[fragments_across][2];
#pragma unroll
            for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                for (int r = 0; r < 4; ++r) fx[i][r] = x[first_word<how>(warp, lane, i, r, word)];
#pragma unroll
            for (int j = 0; j < fragments_across; ++j)
#pragma unroll
                for (int r = 0; r < 2; ++r) fw[j][r] = w[second_word<how>(warp, lane, j, r, word)];
            if constexpr (how == products::bf16) {
#pragma unroll
                for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                    for (int j = 0; j < fragments_across; ++j) multiply<how>(parts[i][j], fx[i], fw[j]);
            } else if constexpr (how == products::tf32) {
#pragma unroll
                for (int i = 0; i < fragments_down; ++i) round(fx[i]);
#pragma unroll
                for (int j = 0; j < fragments_across; ++j) {
                    round(fw[j]);
#pragma unroll
                    for (int i = 0; i < fragments_down; ++i) multiply<how>(parts[i][j], fx[i], fw[j]);
                }
            } else {
                std::uint32_t xh[fragments_down][4], xl[fragments_down][4], wh[fragments_across][2],
                    wl[fragments_across][2];
#pragma unroll
                for (int i = 0; i < fragments_down; ++i) split(fx[i], xh[i], xl[i]);
#pragma unroll
                for (int j = 0; j < fragments_across; ++j) split(fw[j], wh[j], wl[j]);
                // Products that need each other's sums stand apart.
                float few[fragments_down][fragments_across][4] = {};
                const auto multiply_all = [&](const auto& x_part, const auto& w_part) {
#pragma unroll
                    for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                        for (int j = 0; j < fragments_across; ++j) multiply<how>(few[i][j], x_part[i], w_part[j]);
                };
                multiply_all(xl, wh);
                multiply_all(xh, wl);
                multiply_all(xh, wh);
#pragma unroll
                for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                    for (int j = 0; j < fragments_across; ++j)
#pragma unroll
                        for (int r = 0; r < 4; ++r) sums[i][j][r] += few[i][j][r];
            }
        }
        if constexpr (!exact)
#pragma unroll
            for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                for (int j = 0; j < fragments_across; ++j)
#pragma unroll
                    for (int r = 0; r < 4; ++r) sums[i][j][r] += parts[i][j][r];
    }
    wait_copies<0>();
    __syncthreads(); // no one reads the tiles any more
    const block_sums<tile_rows, tile_columns, threads> done{reinterpret_cast<float*>(room)};
    static_assert(done.bytes <= form::shared_bytes);
#pragma unroll
    for (int i = 0; i < fragments_down; ++i)
#pragma unroll
        for (int j = 0; j < fragments_across; ++j)
#pragma unroll
            for (int r = 0; r < 4; ++r) {
                const position p = sum_place(warp, lane, i, j, r);
                done.keep(p.row, p.word, sums[i][j][r]);
            }
    __syncthreads();
    done.finish(a, place.image, place.first_pixel, place.first_channel, thread);
}

template <products how, bool whole> int launch(const void* arguments, int count, int images, void* stream) {
    const several<conv_args> all(arguments, count, [images](const conv_args& a) {
        return tile_place::blocks(a, images, tile_rows, tile_columns);
    });
    constexpr int bytes = stored<how>::shared_bytes;
    const cudaError_t error =
        cudaFuncSetAttribute(conv_tile<how, whole>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    if (error != cudaSuccess) return error;
    conv_tile<how, whole><<<all.blocks(), threads, bytes, static_cast<cudaStream_t>(stream)>>>(all);
    return cudaGetLastError();
}

} // namespace

int launch_conv_tile(const void* arguments, int count, int images, void* stream) {
    switch (static_cast<const conv_args*>(arguments)->how) {
    case products::bf16:
        if (has_groups()) return launch_conv_group(arguments, count, images, stream);
        return launch<products::bf16, true>(arguments, count, images, stream);
    case products::tf32: return launch<products::tf32, true>(arguments, count, images, stream);
    case products::three: return launch<products::three, true>(arguments, count, images, stream);
    case products::plain:
    case products::lanes: break; // other kernels'
    }
    return cudaErrorInvalidValue;
}
int launch_conv_pieces(const void* arguments, int count, int images, void* stream) {
    switch (static_cast<const conv_args*>(arguments)->how) {
    case products::bf16: return launch<products::bf16, false>(arguments, count, images, stream);
    case products::tf32: return launch<products::tf32, false>(arguments, count, images, stream);
    case products::three: return launch<products::three, false>(arguments, count, images, stream);
    case products::plain:
    case products::lanes: break;
    }
    return cudaErrorInvalidValue;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
