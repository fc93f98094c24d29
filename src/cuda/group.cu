// Convolutions in bf16 as products of tiles (implicit GEMM) by wgmma: compute capability 9.0 alone, and only code for
// 90a has the instruction, which UML_CUDA_HOPPER says is compiled. A block makes 64 pixels × 64 or 32 channels; tiles
// of three steps of 64 inner indices are on their way while the unit works on one.
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

constexpr int stages = 3;

/// What this thread has copied is seen by the unit.
__device__ __forceinline__ void show_copies() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
__device__ __forceinline__ void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void end_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void wait_for_products() { asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory"); }
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
        #undef UML_16
        #undef UML_4

/// The stages of tiles: those of the pixels, those of the weights behind them.
template <int columns> struct filled {
    static constexpr int weights_at = group::rows * group::row_bytes;
    static constexpr int stage_bytes = weights_at + columns * group::row_bytes;

    const group::operands& from;
    const group::filler& mine;
    const copy_later copy;
    unsigned char* shared;

    [[nodiscard]] __device__ unsigned char* stage(int step) const { return shared + step % stages * stage_bytes; }
    __device__ void fill(int step, int steps) const {
        if (step < steps) mine.fill<columns>(from, step, stage(step), stage(step) + weights_at, copy);
        close_copies(); // an empty one keeps the count
    }
};

    #endif

template <int columns>
__global__ void __launch_bounds__(group::threads) conv_group(const __grid_constant__ several<conv_args> all) {
    #if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    __shared__ __align__(1024) unsigned char shared[stages * filled<columns>::stage_bytes];
    const int which = all.which(blockIdx.x);
    const conv_args& a = all.of[which];
    const tile_place place(a, blockIdx.x - all.begin[which], group::rows, columns);
    const group::operands from(a, place.image, place.first_pixel, place.first_channel);
    const group::filler mine(from, static_cast<int>(threadIdx.x));
    const filled<columns> tiles{from, mine, {a.weights}, shared};
    const int steps = group::steps(a);
        #pragma unroll 1
    for (int s = 0; s < stages - 1; ++s) tiles.fill(s, steps);
    float sums[columns / 2];
        #pragma unroll
    for (float& s : sums) s = 0;
    for (int step = 0; step < steps; ++step) {
        wait_copies<stages - 2>();
        show_copies();
        wait_for_products(); // of the step before, whose stage is filled next
        __syncthreads();     // for all threads
        const unsigned char* const stage = tiles.stage(step);
        const unsigned long long x = descriptor(stage), w = descriptor(stage + filled<columns>::weights_at);
        begin_products();
        #pragma unroll
        for (int i = 0; i < group::products; ++i) add_products(sums, x + 2 * i, w + 2 * i); // 32 bytes further each
        end_products();
        tiles.fill(step + stages - 1, steps);
    }
    wait_for_products();
        #pragma unroll
    for (float& s : sums) settle(s);
    wait_copies<0>();
    __syncthreads(); // no one reads the tiles any more
    const int thread = static_cast<int>(threadIdx.x);
    const block_sums<group::rows, columns, group::threads> done{reinterpret_cast<float*>(shared)};
    static_assert(done.bytes <= sizeof shared);
        #pragma unroll
    for (int i = 0; i < columns / 2; ++i) done.keep(group::sum_row(thread, i), group::sum_column(thread, i), sums[i]);
    __syncthreads();
    done.finish(from, thread);
    #else
    (void)all;
    #endif
}

template <int columns> several<conv_args> in_blocks(const void* arguments, int count, int images) {
    return {arguments, count,
            [images](const conv_args& a) { return tile_place::blocks(a, images, group::rows, columns); }};
}
template <int columns> int launch(const several<conv_args>& all, void* stream) {
    conv_group<columns><<<all.blocks(), group::threads, 0, static_cast<cudaStream_t>(stream)>>>(all);
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
    // Narrow tiles where wide ones would leave most of the device idle.
    constexpr unsigned enough = 256;
    const auto wide = in_blocks<64>(arguments, count, images);
    return wide.blocks() >= enough ? launch<64>(wide, stream)
                                   : launch<32>(in_blocks<32>(arguments, count, images), stream);
}

#endif

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
