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
/// Words of f32 as TF32 numbers, and what is left of each as another.
template <int n> __device__ void split(const std::uint32_t (&x)[n], std::uint32_t (&high)[n], std::uint32_t (&low)[n]) {
    for (int i = 0; i < n; ++i) {
        const float h = to_tf32(float_of(x[i]));
        high[i] = bits_of(h);
        low[i] = bits_of(to_tf32(float_of(x[i]) - h));
    }
}

template <products how>
__global__ void __launch_bounds__(threads, how == products::bf16 ? 4 : 3)
    conv_tile(const __grid_constant__ several<conv_args> all) {
    using form = stored<how>;
    const int which = all.which(blockIdx.x);
    const conv_args& a = all.of[which];
    const tile_place place(a, blockIdx.x - all.begin[which], tile_rows, tile_columns);
    __shared__ alignas(16) std::uint32_t x_tiles[form::stages][tile_rows * form::pitch];
    __shared__ alignas(16) std::uint32_t w_tiles[form::stages][tile_columns * form::pitch];
    const int thread = static_cast<int>(threadIdx.x);
    const block_operands<form::type> operands(a, place.image, place.first_pixel, place.first_channel);
    const filler<how> mine(operands, thread);
    const copy_later copy{a.weights};
    const auto fill = [&](int step) {
        mine.fill(operands, step, x_tiles[step % form::stages], w_tiles[step % form::stages], copy);
    };

    const int steps = (a.inner + tile_inner - 1) / tile_inner;
    for (int s = 0; s < form::stages - 1; ++s) {
        if (s < steps) fill(s);
        close_copies();
    }
    const int lane = thread % 32, warp = thread / 32;
    float sums[fragments_down][fragments_across][4] = {};
    for (int step = 0; step < steps; ++step) {
        wait_copies<form::stages - 2>();
        __syncthreads(); // the tile is there, and all have read the one that is overwritten next
        if (step + form::stages - 1 < steps) fill(step + form::stages - 1);
        close_copies();
        const std::uint32_t* const x = x_tiles[step % form::stages];
        const std::uint32_t* const w = w_tiles[step % form::stages];
        // Sums of a few products are formed apart: the units cut their sums off, and in f32 that must stay small.
        constexpr bool apart = how == products::three;
        float parts[fragments_down][fragments_across][4] = {};
        const auto add_parts = [&] {
#pragma unroll
            for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                for (int j = 0; j < fragments_across; ++j)
#pragma unroll
                    for (int r = 0; r < 4; ++r) {
                        sums[i][j][r] += parts[i][j][r];
                        parts[i][j][r] = 0;
                    }
        };
#pragma unroll
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
            } else {
                std::uint32_t xh[fragments_down][4], xl[fragments_down][4], wh[fragments_across][2],
                    wl[fragments_across][2];
#pragma unroll
                for (int i = 0; i < fragments_down; ++i) split(fx[i], xh[i], xl[i]);
#pragma unroll
                for (int j = 0; j < fragments_across; ++j) split(fw[j], wh[j], wl[j]);
#pragma unroll
                for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                    for (int j = 0; j < fragments_across; ++j) {
                        if constexpr (how == products::three) {
                            multiply<how>(parts[i][j], xl[i], wh[j]);
                            multiply<how>(parts[i][j], xh[i], wl[j]);
                        }
                        multiply<how>(parts[i][j], xh[i], wh[j]);
                    }
            }
            if constexpr (apart) add_parts();
        }
        if constexpr (!apart) add_parts();
    }
    wait_copies<0>();
    __syncthreads(); // no one reads the tiles any more
    const block_sums<tile_rows, tile_columns, threads> done{reinterpret_cast<float*>(x_tiles)};
    static_assert(done.bytes <= sizeof x_tiles);
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
    done.finish(operands, thread);
}

template <products how> void launch(const void* arguments, int count, int images, cudaStream_t stream) {
    const several<conv_args> all(arguments, count, [images](const conv_args& a) {
        return tile_place::blocks(a, images, tile_rows, tile_columns);
    });
    conv_tile<how><<<all.blocks(), threads, 0, stream>>>(all);
}

} // namespace

int launch_conv_tile(const void* arguments, int count, int images, void* stream) {
    const auto on = static_cast<cudaStream_t>(stream);
    switch (static_cast<const conv_args*>(arguments)->how) {
    case products::bf16:
        if (has_groups()) return launch_conv_group(arguments, count, images, stream);
        launch<products::bf16>(arguments, count, images, on);
        break;
    case products::tf32: launch<products::tf32>(arguments, count, images, on); break;
    case products::three: launch<products::three>(arguments, count, images, on); break;
    case products::plain:
    case products::lanes: return cudaErrorInvalidValue; // other kernels'
    }
    return cudaGetLastError();
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
