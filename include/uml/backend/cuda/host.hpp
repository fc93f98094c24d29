// The CUDA backend without a device: the same engine, plan and graphs over functions of the host. It is there to be
// tested, and is slow.
#pragma once

#include "uml/backend/cuda/engine.hpp"
#include "uml/backend/cuda/host_kernels.hpp"

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace gpu::on_host {

/// What the host's runtime plays.
enum class fault : int { none, no_device, old_driver, old_device, no_memory, launch, running };
inline constexpr int said_no_device = 100, said_old_driver = 35, said_no_memory = 2;

/// Set by tests, read by every function here; and how many objects and blocks of memory are there.
inline std::atomic<fault> played{fault::none};
inline std::atomic<int> there{0};

/// What the host's runtime says is a device's memory: blocks by their ends, each with the device that was in use.
struct device_blocks {
    struct block {
        const std::byte* first;
        int device;
    };
    std::mutex lock{};
    std::map<const std::byte*, block> all{};

    void add(const void* p, std::size_t bytes, int device) {
        const std::lock_guard<std::mutex> now(lock);
        const auto* const first = static_cast<const std::byte*>(p);
        all[first + bytes] = {first, device};
    }
    void remove(const void* p) {
        const std::lock_guard<std::mutex> now(lock);
        const auto at = all.upper_bound(static_cast<const std::byte*>(p));
        if (at != all.end()) all.erase(at);
    }
    /// -1: of none.
    [[nodiscard]] int device_of(const void* p) {
        const std::lock_guard<std::mutex> now(lock);
        const auto* const address = static_cast<const std::byte*>(p);
        const auto at = all.upper_bound(address);
        return at != all.end() && at->second.first <= address ? at->second.device : -1;
    }
};
inline device_blocks blocks;
inline thread_local int device_in_use = 0;

struct event {
    graph* recording = nullptr; ///< of the stream that it was recorded on
};
struct copying_args {
    void* to;
    const void* from;
    std::size_t bytes;
};

inline int take(void*& made, std::size_t bytes) {
    if (played == fault::no_memory) return last_error = said_no_memory;
    made = std::malloc(bytes);
    if (made == nullptr) return said_no_memory;
    ++there;
    return 0;
}
inline int give(void* p) {
    std::free(p);
    --there;
    return 0;
}
template <class T> int make(void*& made) {
    made = new (std::nothrow) T;
    if (made == nullptr) return said_no_memory;
    ++there;
    return 0;
}
template <class T> int drop(void* p) {
    delete static_cast<T*>(p);
    --there;
    return 0;
}
struct copying_rows_args {
    void* to;
    const void* from;
    std::size_t gap, bytes, rows;
};
inline void copy_rows_now(const void* arguments, int, int) {
    const auto& c = *static_cast<const copying_rows_args*>(arguments);
    for (std::size_t i = 0; i < c.rows; ++i)
        std::memcpy(static_cast<std::byte*>(c.to) + i * c.bytes, static_cast<const std::byte*>(c.from) + i * c.gap,
                    c.bytes);
}
inline void copy_now(const void* arguments, int, int) {
    const auto& c = *static_cast<const copying_args*>(arguments);
    std::memcpy(c.to, c.from, c.bytes);
}

inline constexpr runtime functions{
    .devices =
        [](int& count) {
            count = played == fault::no_device || played == fault::old_driver ? 0 : 2;
            return played == fault::no_device ? said_no_device : played == fault::old_driver ? said_old_driver : 0;
        },
    .versions =
        [](int& driver, int& library) {
            driver = played == fault::old_driver ? 11040 : 13000;
            library = 13000;
            return 0;
        },
    .capability =
        [](int, int& both) {
            both = played == fault::old_device ? 75 : 90;
            return 0;
        },
    .use =
        [](int device) {
            device_in_use = device;
            return 0;
        },
    .allocate =
        [](void*& made, std::size_t bytes) {
            const int error = take(made, bytes);
            if (error == 0) blocks.add(made, bytes, device_in_use);
            return error;
        },
    .release =
        [](void* p) {
            blocks.remove(p);
            return give(p);
        },
    .allocate_host = take,
    .release_host = give,
    .clear =
        [](void* to, std::size_t bytes) {
            std::memset(to, 0, bytes);
            return 0;
        },
    .copy =
        [](void* to, const void* from, std::size_t bytes) {
            std::memcpy(to, from, bytes);
            return 0;
        },
    .copy_later =
        [](void* to, const void* from, std::size_t bytes, void* stream) {
            const copying_args c{to, from, bytes};
            return put(copy_now, &c, sizeof c, 1, 1, stream);
        },
    .copy_rows_later =
        [](void* to, const void* from, std::size_t gap, std::size_t bytes, std::size_t rows, void* stream) {
            const copying_rows_args c{to, from, gap, bytes, rows};
            return put(copy_rows_now, &c, sizeof c, 1, 1, stream);
        },
    .look =
        [](const void* address, memory_kind& kind, int& device) {
            device = blocks.device_of(address);
            kind = device < 0 ? memory_kind::host : memory_kind::device;
            return 0;
        },
    .make_stream = make<stream>,
    .release_stream = drop<stream>,
    .wait =
        [](void* s) { // one that is not there any more is for the sanitizers to find
            const bool there_still = static_cast<const volatile stream*>(s)->recording == nullptr;
            return played == fault::running || !there_still ? said_failed : 0;
        },
    .make_event = make<event>,
    .release_event = drop<event>,
    .record =
        [](void* e, void* s) {
            static_cast<event*>(e)->recording = static_cast<stream*>(s)->recording;
            return 0;
        },
    .follow =
        [](void* s, void* e) {
            static_cast<stream*>(s)->recording = static_cast<event*>(e)->recording;
            return 0;
        },
    .begin_graph =
        [](void* s) {
            void* made = nullptr;
            const int error = make<graph>(made);
            static_cast<stream*>(s)->recording = static_cast<graph*>(made);
            return error;
        },
    .end_graph =
        [](void*& made, void* s) {
            made = static_cast<stream*>(s)->recording;
            static_cast<stream*>(s)->recording = nullptr;
            return 0;
        },
    .launch_graph =
        [](void* g, void*) {
            if (played == fault::launch) return said_failed;
            for (const work& w : static_cast<graph*>(g)->all) w.call(w.arguments.data(), w.count, w.images);
            return 0;
        },
    .release_graph = drop<graph>,
    .forget = [] { last_error = 0; },
    .sentence =
        [](int error) {
            return error == said_no_memory    ? "out of memory"
                   : error == said_no_device  ? "no CUDA-capable device is detected"
                   : error == said_old_driver ? "CUDA driver version is insufficient for CUDA runtime version"
                                              : "unspecified launch failure";
        },
    .of_memory = [](int error) { return error == said_no_memory; },
    .of_old_driver = [](int error) { return error == said_old_driver; },
    .kernels = kernels,
    .no_memory = said_no_memory};

} // namespace gpu::on_host

/// The CUDA backend's plan and kernels on the host: the same members as `cuda`. For tests; it computes in loops.
struct cuda_on_host final {
    using engine = gpu::engine_of<cuda_on_host>;

    int device = 0;
    uml::precision precision = uml::precision::f32;
    int images = 1;
    void* stream = nullptr;

    [[nodiscard]] static const gpu::runtime& functions() { return gpu::on_host::functions; }
    friend constexpr bool operator==(const cuda_on_host&, const cuda_on_host&) = default;
};
static_assert(backend<cuda_on_host> && device_engine<cuda_on_host::engine>);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
