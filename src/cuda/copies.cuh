// Asynchronous copies into shared memory, of both kinds of tiles.
#pragma once

#include "uml/backend/cuda/block.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

__device__ __forceinline__ unsigned shared_address(const void* p) {
    return static_cast<unsigned>(__cvta_generic_to_shared(p));
}
/// Bytes into shared memory without waiting, zeros where `from` is null.
struct copy_later {
    const void* any; ///< a valid address
    template <int bytes> __device__ __forceinline__ void operator()(void* to, const void* from) const {
        asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(shared_address(to)),
                     "l"(from != nullptr ? from : any), "r"(from != nullptr ? bytes : 0), "n"(bytes)
                     : "memory");
    }
};
/// Chunks: `near` ones are kept by the multiprocessor. Nothing is read from where nothing is.
struct copy_chunk {
    unsigned shared;
    template <bool near> __device__ __forceinline__ void put(int to, std::uintptr_t from, bool there) const {
        if constexpr (near)
            asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(shared + to), "l"(from),
                         "r"(there ? chunk_bytes : 0)
                         : "memory");
        else
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared + to), "l"(from),
                         "r"(there ? chunk_bytes : 0)
                         : "memory");
    }
};

__device__ __forceinline__ void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Until so many closed groups are left on their way.
template <int left> __device__ __forceinline__ void wait_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
