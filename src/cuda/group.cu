// Convolutions in bf16 as products of tiles (implicit GEMM) by wgmma: compute capability 9.0 alone, and only code for
// 90a has the instruction, which UML_CUDA_HOPPER says is compiled. Tiles of the steps to come, of 64 inner indices
// each, are on their way while the unit works on two.
#include "copies.cuh"
#include "group.cuh"
#include "several.cuh"

#include "uml/backend/cuda/group.hpp"

#include <cuda_runtime_api.h>

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

#if !defined(UML_CUDA_HOPPER)

bool has_groups() { return false; }
int launch_conv_group(const void*, int, int, void*) { return cudaErrorInvalidValue; }

#else

namespace {

    #if defined(__CUDA_ARCH_FEAT_SM90_ALL)

/// What this thread has copied is seen by the unit.
__device__ __forceinline__ void show_copies() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
__device__ __forceinline__ void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void end_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/// Until so many of what was ended last are left.
template <int left> __device__ __forceinline__ void wait_for_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(left) : "memory");
}
/// Nothing that reads the number is moved before this place.
__device__ __forceinline__ void settle(float& sum) { asm volatile("" : "+f"(sum)::"memory"); }

/// A tile for the unit: rows of 128 bytes, permuted; eight rows are 1024 bytes.
__device__ __forceinline__ unsigned long long descriptor(const void* tile) {
    constexpr unsigned long long eight_rows = 1024 >> 4, permuted_128 = 1;
    return (static_cast<unsigned long long>(shared_address(tile) & 0x3FFFFU) >> 4) | (1ULL << 16) | (eight_rows << 32) |
           (permuted_128 << 62);
}

        #define UML_4(d, i) "+f"(d[i]), "+f"(d[(i) + 1]), "+f"(d[(i) + 2]), "+f"(d[(i) + 3])
        #define UML_16(d, i) UML_4(d, i), UML_4(d, (i) + 4), UML_4(d, (i) + 8), UML_4(d, (i) + 12)
/// sums += 64 pixels × 16 inner indices × 32 columns.
__device__ __forceinline__ void add_products(float (&d)[16], unsigned long long x, unsigned long long w) {
    asm volatile("wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,"
                 "%14,%15}, %16, %17, 1, 1, 1, 0, 0;"
                 : UML_16(d, 0)
                 : "l"(x), "l"(w));
}
/// The same for 64 columns.
__device__ __forceinline__ void add_products(float (&d)[32], unsigned long long x, unsigned long long w) {
    asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,"
                 "%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}, %32, %33, 1, 1, 1, 0, 0;"
                 : UML_16(d, 0), UML_16(d, 16)
                 : "l"(x), "l"(w));
}
/// The same for 128 columns.
__device__ __forceinline__ void add_products(float (&d)[64], unsigned long long x, unsigned long long w) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,"
        "%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31,%32,%33,%34,%35,%36,%37,%38,"
        "%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63}, "
        "%64, %65, 1, 1, 1, 0, 0;"
        : UML_16(d, 0), UML_16(d, 16), UML_16(d, 32), UML_16(d, 48)
        : "l"(x), "l"(w));
}
        #undef UML_16
        #undef UML_4

    #endif

template <class Block>
__global__ void __launch_bounds__(Block::threads) conv_group(const __grid_constant__ several<conv_args> all) {
    #if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    extern __shared__ unsigned char room[];
    constexpr unsigned pattern = 1024; // bytes after which a tile's permutation is the same again
    unsigned char* const shared = room + (pattern - shared_address(room) % pattern) % pattern;
    const int thread = static_cast<int>(threadIdx.x), which = all.which(blockIdx.x);
    const conv_args& a = all.of[which];
    const tile_place place(a, blockIdx.x - all.begin[which], Block::rows, Block::columns);
    const int chunk = thread % group::chunks, first_row = thread / group::chunks;
    typename Block::filler mine(a, place.image, place.first_pixel, place.first_channel, first_row, chunk);
    const int first = group::place(first_row, chunk);
    const copy_chunk copy{shared_address(shared)};
    const int steps = group::steps(a);
    const auto fill = [&](int step) {
        const int to = first + step % Block::stages * Block::stage_bytes;
        if (step < steps) mine.template fill<Block::gap * group::row_bytes>(to, to + Block::weights_at, copy);
        close_copies(); // an empty one keeps the count
    };

    constexpr int ahead = Block::stages - 2;
        #pragma unroll 1
    for (int s = 0; s < ahead; ++s) fill(s);
    float sums[Block::columns / 2];
        #pragma unroll
    for (float& s : sums) s = 0;
    const int mine_at = thread / group::unit_threads * group::unit_rows * group::row_bytes;
        #pragma unroll 1
    for (int step = 0; step < steps; ++step) {
        wait_copies<ahead - 1>();
        show_copies();
        __syncthreads(); // for all threads
        const unsigned char* const stage = shared + step % Block::stages * Block::stage_bytes;
        const unsigned long long x = descriptor(stage + mine_at), w = descriptor(stage + Block::weights_at);
        begin_products();
        #pragma unroll
        for (int i = 0; i < group::products; ++i) add_products(sums, x + 2 * i, w + 2 * i); // 32 bytes further each
        end_products();
        fill(step + ahead); // where the step before last was
        wait_for_products<1>();
    }
    wait_for_products<0>();
        #pragma unroll
    for (float& s : sums) settle(s);
    wait_copies<0>();
    __syncthreads(); // no one reads the tiles any more
    const typename Block::sums done{reinterpret_cast<float*>(shared)};
        #pragma unroll
    for (int i = 0; i < Block::columns / 2; ++i)
        done.keep(group::sum_row(thread, i), group::sum_column(thread, i), sums[i]);
    __syncthreads();
    done.finish(a, place.image, place.first_pixel, place.first_channel, thread);
    #else
    (void)all;
    #endif
}

/// As blocks of one shape; how many those are.
template <class Block> several<conv_args> in_blocks(const void* arguments, int count, int images) {
    return {arguments, count,
            [images](const conv_args& a) { return tile_place::blocks(a, images, Block::rows, Block::columns); }};
}
template <class Block> int launch(const void* arguments, int count, int images, void* stream) {
    constexpr int bytes = Block::shared_bytes + 1024;
    const cudaError_t error =
        cudaFuncSetAttribute(conv_group<Block>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    if (error != cudaSuccess) return error;
    const auto all = in_blocks<Block>(arguments, count, images);
    conv_group<Block><<<all.blocks(), Block::threads, bytes, static_cast<cudaStream_t>(stream)>>>(all);
    return static_cast<int>(cudaGetLastError());
}

} // namespace

bool has_groups() {
    int device = 0, major = 0, minor = 0;
    return cudaGetDevice(&device) == cudaSuccess &&
           cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
           cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) == cudaSuccess && major == 9 &&
           minor == 0;
}

int launch_conv_group(const void* arguments, int count, int images, void* stream) {
    // By measurements on an H200: the largest blocks that fill the device. Where each multiprocessor has one alone, or
    // none is full, more stages; else fewer, so that blocks share it.
    constexpr unsigned full = 120, shared = 264;
    constexpr int few = 4;
    const auto* const a = static_cast<const conv_args*>(arguments);
    int widest = 0, narrowest = a->y.c, longest = 0;
    for (int i = 0; i < count; ++i) {
        widest = a[i].y.c > widest ? a[i].y.c : widest;
        narrowest = a[i].y.c < narrowest ? a[i].y.c : narrowest;
        longest = group::steps(a[i]) > longest ? group::steps(a[i]) : longest;
    }
    const auto blocks = [&]<class Block>(Block) { return in_blocks<Block>(arguments, count, images).blocks(); };
    const auto run = [&]<class Block>(Block) { return launch<Block>(arguments, count, images, stream); };
    using group::block;
    if (widest <= 32) {
        if (longest <= few) return run(block<128, 32, 3>{});
        if (blocks(block<128, 32, 4>{}) >= full) return run(block<128, 32, 4>{});
    } else if (narrowest <= 64) {
        if (blocks(block<128, 64, 4>{}) >= full) return run(block<128, 64, 4>{});
    } else {
        const unsigned n = blocks(block<128, 128, 4>{});
        if (n >= shared || (n >= full && longest <= few)) return run(block<128, 128, 3>{});
        if (n >= full) return run(block<128, 128, 4>{});
        if (blocks(block<64, 64, 6>{}) >= full) return run(block<64, 64, 6>{});
    }
    return run(block<64, 32, 8>{});
}

#endif

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
