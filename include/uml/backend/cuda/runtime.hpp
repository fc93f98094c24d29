// What the CUDA backend asks of a device: the runtime's functions as one table, and what they give as owned objects.
// The device's table is in cuda.hpp, the host's in host.hpp.
#pragma once

#include "uml/backend/cuda/arguments.hpp"
#include "uml/core/result.hpp"

#include <cstring>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

enum class memory_kind : std::uint8_t { host, device, both };

/// Functions give 0 or the runtime's error. Copies go between host and device, whichever their addresses are.
struct runtime {
    int (*devices)(int& count) = nullptr;
    int (*versions)(int& driver, int& library) = nullptr;          ///< 1000 · major + 10 · minor
    int (*capability)(int device, int& major_and_minor) = nullptr; ///< 10 · major + minor
    int (*use)(int device) = nullptr;                              ///< by the calling thread
    int (*allocate)(void*& made, std::size_t bytes) = nullptr;
    int (*release)(void*) = nullptr;
    int (*allocate_host)(void*& made, std::size_t bytes) = nullptr; ///< which a device can copy from by itself
    int (*release_host)(void*) = nullptr;
    int (*clear)(void* to, std::size_t bytes) = nullptr;
    int (*copy)(void* to, const void* from, std::size_t bytes) = nullptr; ///< and waits
    int (*copy_later)(void* to, const void* from, std::size_t bytes, void* stream) = nullptr;
    /// The same of `rows` rows of `bytes` each, `gap` apart at `from` and without gaps at `to`.
    int (*copy_rows_later)(void* to, const void* from, std::size_t gap, std::size_t bytes, std::size_t rows,
                           void* stream) = nullptr;
    int (*look)(const void* address, memory_kind& kind, int& device) = nullptr; ///< whose memory it is
    int (*make_stream)(void*& made) = nullptr;
    int (*release_stream)(void*) = nullptr;
    int (*wait)(void* stream) = nullptr;
    int (*make_event)(void*& made) = nullptr;
    int (*release_event)(void*) = nullptr;
    int (*record)(void* event, void* stream) = nullptr;
    int (*follow)(void* stream, void* event) = nullptr; ///< what comes next on the stream begins after the event
    int (*begin_graph)(void* stream) = nullptr;         ///< what is put on the stream from here on is only recorded
    int (*end_graph)(void*& made, void* stream) = nullptr;
    int (*launch_graph)(void* graph, void* stream) = nullptr;
    int (*release_graph)(void*) = nullptr;
    void (*forget)() = nullptr; ///< this thread's last error, which the next kernel would be blamed for
    const char* (*sentence)(int error) = nullptr;
    bool (*of_memory)(int error) = nullptr;     ///< whether the device has too little memory
    bool (*of_old_driver)(int error) = nullptr; ///< whether the driver is older than the runtime
    const kernel_table& (*kernels)() = nullptr;
    int no_memory = 0; ///< the error that says so, for memory of the host
};

/// The runtime's error as ours; success for 0.
[[nodiscard]] inline result<void> checked(const runtime& on, int error, const char* doing) {
    if (error == 0) return {};
    return fail(on.of_memory(error) ? errc::out_of_memory : errc::device, {"CUDA, ", doing, ": ", on.sentence(error)});
}

/// Something of the runtime's that is given back at the end.
class owned {
public:
    owned() = default;
    owned(void* what, int (*release)(void*)) : what_(what), release_(release) {}
    owned(owned&& other) noexcept { swap(other); }
    owned& operator=(owned&& other) noexcept {
        swap(other);
        return *this;
    }
    ~owned() {
        if (what_ != nullptr) (void)release_(what_);
    }

    [[nodiscard]] void* get() const { return what_; }
    [[nodiscard]] std::byte* bytes() const { return static_cast<std::byte*>(what_); }

private:
    void swap(owned& other) noexcept {
        std::swap(what_, other.what_);
        std::swap(release_, other.release_);
    }
    void* what_ = nullptr;
    int (*release_)(void*) = nullptr;
};

/// Memory of the device, or, `on_host`, of the host for copies; zeros.
[[nodiscard]] inline result<owned> make_memory(const runtime& on, std::int64_t bytes, bool on_host, const char* what) {
    void* p = nullptr;
    const auto size = static_cast<std::size_t>(bytes > 0 ? bytes : 1);
    const int error = on_host ? on.allocate_host(p, size) : on.allocate(p, size);
    if (error != 0)
        return fail(on.of_memory(error) ? errc::out_of_memory : errc::device,
                    {"CUDA, ", bytes, " bytes for ", what,
                     on_host ? " on the host: " : " on the device: ", on.sentence(error)});
    owned made(p, on_host ? on.release_host : on.release);
    if (on_host)
        std::memset(p, 0, size);
    else if (auto r = checked(on, on.clear(p, size), "clearing memory"); !r)
        return r.error();
    return result<owned>(std::move(made));
}
[[nodiscard]] inline result<owned> make_stream(const runtime& on) {
    void* p = nullptr;
    if (auto r = checked(on, on.make_stream(p), "a stream"); !r) return r.error();
    return result<owned>(owned(p, on.release_stream));
}
[[nodiscard]] inline result<owned> make_event(const runtime& on) {
    void* p = nullptr;
    if (auto r = checked(on, on.make_event(p), "an event"); !r) return r.error();
    return result<owned>(owned(p, on.release_event));
}

/// Whether the device can be had: each reason that it cannot is an error of its own.
[[nodiscard]] inline result<void> check_device(const runtime& on, int device) {
    int count = 0, driver = 0, library = 0, capability = 0;
    const int error = on.devices(count);
    if (on.versions(driver, library) == 0 && driver > 0 && (on.of_old_driver(error) || driver / 1000 < library / 1000))
        return fail(errc::unsupported, {"the CUDA driver, for ", driver / 1000, ".", driver % 1000 / 10,
                                        ", is older than the CUDA runtime ", library / 1000, ".", library % 1000 / 10});
    if (error != 0) return fail(errc::unsupported, {"no CUDA device: ", on.sentence(error)});
    if (count == 0) return fail(errc::unsupported, "no CUDA device");
    if (device >= count)
        return fail(errc::invalid_argument, {"there is no CUDA device ", device, ", only ", count, " from 0 on"});
    if (auto r = checked(on, on.capability(device, capability), "the device's properties"); !r) return r;
    constexpr int least = 80; // bf16 and TF32 products
    if (capability < least)
        return fail(errc::unsupported, {"CUDA device ", device, " has compute capability ", capability / 10, ".",
                                        capability % 10, "; 8.0 or newer is needed"});
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
