// Convolutions of any kernel, stride and dilation as products of matrices (implicit GEMM): rows are output pixels of
// one image, columns output channels, the inner dimension taps × input channels, channels fastest. A block makes a tile
// of 64 × 64, its four warps 32 × 32 each, in steps of 32 inner indices that asynchronous copies bring into shared
// memory, zeros where a tap lies outside of the image. Rows in shared memory are padded so that the fragments' words
// come from 32 different banks. Products by mma.sync (compute capability 8.0 and newer); group.cu has those of bf16 for
// Hopper.
#include "tile.cuh"

#include "group.cuh"
#include "several.cuh"

#include "uml/backend/cuda/compute.hpp"
#include "uml/backend/cuda/fragments.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {
namespace {

constexpr int threads = 128, warp_rows = 32, warp_columns = 32;
constexpr int fragments_down = warp_rows / mma_rows, fragments_across = warp_columns / mma_columns;

/// How operands of the products lie in shared memory.
template <products how> struct stored {
    static constexpr bool halves = how == products::bf16;
    static constexpr int bytes = halves ? 2 : 4, per_chunk = 16 / bytes;
    static constexpr int row_words = tile_inner * bytes / 4, pitch = row_words + 4; ///< words
    static constexpr int chunks = tile_inner / per_chunk;                           ///< of a row
    static constexpr int stages = halves ? 4 : 2;
    static constexpr int turns = tile_rows * chunks / threads; ///< chunks that a thread copies, of each operand
    static_assert(tile_rows == tile_columns && tile_rows * chunks % threads == 0);
};

__device__ unsigned shared_address(const void* p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }
/// 16 bytes into shared memory, zeros if they are not there.
__device__ void copy_chunk(void* to, const void* from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
                 "r"(there ? 16 : 0)
                 : "memory");
}
__device__ void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int left> __device__ void wait_copies() { asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory"); }

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
__global__ void __launch_bounds__(threads) conv_tile(const __grid_constant__ several<conv_args> all) {
    using form = stored<how>;
    const int which = all.which(blockIdx.x);
    const conv_args& a = all.of[which];
    const tile_place place(a, blockIdx.x - all.begin[which], tile_rows, tile_columns);
    __shared__ alignas(16) std::uint32_t x_tiles[form::stages][tile_rows * form::pitch];
    __shared__ alignas(16) std::uint32_t w_tiles[form::stages][tile_columns * form::pitch];
    const int thread = static_cast<int>(threadIdx.x), image = place.image, first_channel = place.first_channel;
    const std::int64_t first_pixel = place.first_pixel, pixels = a.y.pixels();
    const char* const x_data = static_cast<const char*>(a.x.data) + image * a.x.image * form::bytes;
    const char* const w_data = static_cast<const char*>(a.weights) + image * a.weight_image * form::bytes;

    // A thread copies the same chunk of several rows.
    const int chunk = thread % form::chunks, row0 = thread / form::chunks;
    constexpr int row_gap = threads / form::chunks;
    conv_window from[form::turns];
    for (int i = 0; i < form::turns; ++i) from[i] = conv_window(a, first_pixel + row0 + i * row_gap);

    const auto fill = [&](int step) {
        const int inner = step * tile_inner + chunk * form::per_chunk;
        std::uint32_t* const x_to = x_tiles[step % form::stages] + chunk * 4;
        std::uint32_t* const w_to = w_tiles[step % form::stages] + chunk * 4;
        const int tap = inner / a.x.c, channel = inner - tap * a.x.c;
#pragma unroll
        for (int i = 0; i < form::turns; ++i) {
            const int row = row0 + i * row_gap;
            const bool in_result = first_pixel + row < pixels;
            if (a.chunks) {
                const std::int64_t source = in_result && inner < a.inner ? from[i].source(a, tap) : -1;
                const std::int64_t offset = source < 0 ? 0 : source * a.x.step + channel;
                copy_chunk(x_to + row * form::pitch, x_data + offset * form::bytes, source >= 0);
            } else {
                for (int j = 0; j < form::per_chunk; ++j) {
                    const float v = in_result ? conv_operand(a, image, from[i], inner + j) : 0.0F;
                    write(x_to + row * form::pitch, form::halves ? element::bf16 : element::f32, j, v);
                }
            }
            const std::int64_t w = static_cast<std::int64_t>(first_channel + row) * a.weight_out + inner;
            copy_chunk(w_to + row * form::pitch, w_data + w * form::bytes, true);
        }
    };

    const int steps = (a.inner + tile_inner - 1) / tile_inner;
    for (int s = 0; s < form::stages - 1; ++s) {
        if (s < steps) fill(s);
        close_copies();
    }
    const int lane = thread % 32, warp = thread / 32;
    const int warp_row = warp % 2 * warp_rows, warp_column = warp / 2 * warp_columns;
    float sums[fragments_down][fragments_across][4] = {};
    for (int step = 0; step < steps; ++step) {
        wait_copies<form::stages - 2>();
        __syncthreads(); // the tile is there, and all have read the one that is overwritten next
        if (step + form::stages - 1 < steps) fill(step + form::stages - 1);
        close_copies();
        const std::uint32_t* const x = x_tiles[step % form::stages];
        const std::uint32_t* const w = w_tiles[step % form::stages];
        // Sums of a step are formed apart: the units cut their sums off, and fewer follow each other.
        float parts[fragments_down][fragments_across][4] = {};
#pragma unroll
        for (int word = 0; word < form::row_words; word += mma_words) {
            std::uint32_t fx[fragments_down][4], fw[fragments_across][2];
#pragma unroll
            for (int i = 0; i < fragments_down; ++i)
#pragma unroll
                for (int r = 0; r < 4; ++r) {
                    const position p = first_operand(lane, r);
                    fx[i][r] = x[(warp_row + i * mma_rows + p.row) * form::pitch + word + p.word];
                }
#pragma unroll
            for (int j = 0; j < fragments_across; ++j)
#pragma unroll
                for (int r = 0; r < 2; ++r) {
                    const position p = second_operand(lane, r);
                    fw[j][r] = w[(warp_column + j * mma_columns + p.row) * form::pitch + word + p.word];
                }
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
        }
#pragma unroll
        for (int i = 0; i < fragments_down; ++i)
#pragma unroll
            for (int j = 0; j < fragments_across; ++j)
#pragma unroll
                for (int r = 0; r < 4; ++r) sums[i][j][r] += parts[i][j][r];
    }
    wait_copies<0>();
#pragma unroll
    for (int i = 0; i < fragments_down; ++i)
#pragma unroll
        for (int j = 0; j < fragments_across; ++j)
#pragma unroll
            for (int r = 0; r < 4; ++r) {
                const position p = sum_position(lane, r);
                const std::int64_t pixel = first_pixel + warp_row + i * mma_rows + p.row;
                const int o = first_channel + warp_column + j * mma_columns + p.word;
                if (pixel < pixels && o < a.y.c) conv_end(a, image, pixel, o, sums[i][j][r]);
            }
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
    case products::plain: return cudaErrorInvalidValue; // compute_conv's
    }
    return cudaGetLastError();
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
