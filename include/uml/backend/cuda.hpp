// The network on an NVIDIA GPU: own kernels, one graph a run. Link uml::cuda, which has the kernels and the CUDA
// runtime.
#pragma once

#include "uml/backend/cuda/engine.hpp"

#include <cuda_runtime_api.h>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace gpu::on_device {

[[nodiscard]] inline cudaStream_t stream_of(void* s) { return static_cast<cudaStream_t>(s); }
[[nodiscard]] inline cudaEvent_t event_of(void* e) { return static_cast<cudaEvent_t>(e); }

/// Both return before memory of the device is written, and our streams do not wait for the default one.
[[nodiscard]] inline int waited(cudaError_t error) {
    return error != cudaSuccess ? error : cudaStreamSynchronize(cudaStreamLegacy);
}

inline int end_graph(void*& made, void* stream) {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t ready = nullptr;
    int error = cudaStreamEndCapture(stream_of(stream), &graph);
    if (error == cudaSuccess) error = cudaGraphInstantiate(&ready, graph, 0);
    if (graph != nullptr) (void)cudaGraphDestroy(graph);
    made = ready;
    return error;
}

inline constexpr runtime functions{
    .devices = [](int& count) -> int { return cudaGetDeviceCount(&count); },
    .versions = [](int& driver, int& library) -> int {
        const int error = cudaDriverGetVersion(&driver);
        return error != cudaSuccess ? error : static_cast<int>(cudaRuntimeGetVersion(&library));
    },
    .capability = [](int device, int& both) -> int {
        int high = 0, low = 0;
        const int error = cudaDeviceGetAttribute(&high, cudaDevAttrComputeCapabilityMajor, device);
        if (error != cudaSuccess) return error;
        const int second = cudaDeviceGetAttribute(&low, cudaDevAttrComputeCapabilityMinor, device);
        both = 10 * high + low;
        return second;
    },
    .use = [](int device) -> int { return cudaSetDevice(device); },
    .allocate = [](void*& made, std::size_t bytes) -> int { return cudaMalloc(&made, bytes); },
    .release = [](void* p) -> int { return cudaFree(p); },
    .allocate_host = [](void*& made, std::size_t bytes) -> int { return cudaMallocHost(&made, bytes); },
    .release_host = [](void* p) -> int { return cudaFreeHost(p); },
    .clear = [](void* to, std::size_t bytes) -> int { return waited(cudaMemset(to, 0, bytes)); },
    .copy = [](void* to, const void* from, std::size_t bytes) -> int {
        return waited(cudaMemcpy(to, from, bytes, cudaMemcpyDefault));
    },
    .copy_later = [](void* to, const void* from, std::size_t bytes, void* stream) -> int {
        return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_of(stream));
    },
    .copy_rows_later = [](void* to, const void* from, std::size_t gap, std::size_t bytes, std::size_t rows,
                          void* stream) -> int {
        return cudaMemcpy2DAsync(to, bytes, from, gap, bytes, rows, cudaMemcpyDefault, stream_of(stream));
    },
    .look = [](const void* address, memory_kind& kind, int& device) -> int {
        cudaPointerAttributes a{};
        const int error = cudaPointerGetAttributes(&a, address);
        kind = a.type == cudaMemoryTypeDevice    ? memory_kind::device
               : a.type == cudaMemoryTypeManaged ? memory_kind::both
                                                 : memory_kind::host;
        device = a.device;
        return error;
    },
    .make_stream = [](void*& made) -> int {
        cudaStream_t s = nullptr;
        const int error = cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);
        made = s;
        return error;
    },
    .release_stream = [](void* s) -> int { return cudaStreamDestroy(stream_of(s)); },
    .wait = [](void* s) -> int { return cudaStreamSynchronize(stream_of(s)); },
    .make_event = [](void*& made) -> int {
        cudaEvent_t e = nullptr;
        const int error = cudaEventCreateWithFlags(&e, cudaEventDisableTiming);
        made = e;
        return error;
    },
    .release_event = [](void* e) -> int { return cudaEventDestroy(event_of(e)); },
    .record = [](void* e, void* s) -> int { return cudaEventRecord(event_of(e), stream_of(s)); },
    .follow = [](void* s, void* e) -> int { return cudaStreamWaitEvent(stream_of(s), event_of(e), 0); },
    .begin_graph = [](void* s) -> int {
        return cudaStreamBeginCapture(stream_of(s), cudaStreamCaptureModeThreadLocal);
    },
    .end_graph = end_graph,
    .launch_graph = [](void* g, void* s) -> int {
        return cudaGraphLaunch(static_cast<cudaGraphExec_t>(g), stream_of(s));
    },
    .release_graph = [](void* g) -> int { return cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(g)); },
    .forget = [] { (void)cudaGetLastError(); },
    .sentence = [](int error) { return cudaGetErrorString(static_cast<cudaError_t>(error)); },
    .of_memory = [](int error) { return error == cudaErrorMemoryAllocation; },
    .of_old_driver = [](int error) { return error == cudaErrorInsufficientDriver; },
    .kernels = device_kernels,
    .no_memory = cudaErrorMemoryAllocation};

} // namespace gpu::on_device

/// An NVIDIA GPU of compute capability 8.0 or newer. Errors beside those of the engine's members (cuda/engine.hpp):
/// errc::device where a call of the runtime fails.
struct cuda final {
    using engine = gpu::engine_of<cuda>;

    int device = 0; ///< the runtime's number
    /// f32, or faster: tf32 rounds the operands of products, bf16 tensors and weights too.
    uml::precision precision = uml::precision::f32;
    int images = 1;                ///< pictures that one run takes, 1..256
    cudaStream_t stream = nullptr; ///< where runs are put; null: a stream of the workspace's own

    [[nodiscard]] static const gpu::runtime& functions() { return gpu::on_device::functions; }
    friend constexpr bool operator==(const cuda&, const cuda&) = default;
};
static_assert(backend<cuda> && device_engine<cuda::engine>);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
