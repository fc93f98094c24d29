// Weights from a file, through cstdio. A header of its own: programs without files do without it.
#pragma once

#include "uml/io/safetensors.hpp"

#include <cstdint>
#include <cstdio>
#include <span>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace file_detail {

/// Keeps other threads from a file between finding a place in it and reading there.
class lock {
public:
    explicit lock(std::FILE* f) : file_(f) {
#if defined(_WIN32)
        _lock_file(file_);
#elif defined(__unix__) || defined(__APPLE__)
        flockfile(file_);
#endif
    }
    lock(const lock&) = delete;
    lock& operator=(const lock&) = delete;
    ~lock() {
#if defined(_WIN32)
        _unlock_file(file_);
#elif defined(__unix__) || defined(__APPLE__)
        funlockfile(file_);
#endif
    }

private:
    [[maybe_unused]] std::FILE* file_;
};

} // namespace file_detail

/// Opens a safetensors file, reads and checks its header only; tensors are read when asked for. The file stays open.
/// Errors: errc::cannot_read, malformed, unsupported, out_of_memory; each names the file, the tensor and the rule.
[[nodiscard]] inline result<weights_file> open_weights(const char* path) {
    std::FILE* const file = std::fopen(path, "rb");
    if (file == nullptr) return fail(errc::cannot_read, path, ": cannot be opened");
    const bool seekable = std::fseek(file, 0, SEEK_END) == 0;
    const long size = seekable ? std::ftell(file) : -1;
    byte_source source(
        file, size < 0 ? 0 : static_cast<std::uint64_t>(size),
        [](void* handle, std::uint64_t offset, std::span<std::byte> out) {
            const auto f = static_cast<std::FILE*>(handle);
            const file_detail::lock only_this_thread(f);
            return std::fseek(f, static_cast<long>(offset), SEEK_SET) == 0 &&
                   std::fread(out.data(), 1, out.size(), f) == out.size();
        },
        [](void* handle) { std::fclose(static_cast<std::FILE*>(handle)); });
    if (size < 0) return fail(errc::cannot_read, path, ": not a file of known size");
    return weights_file::open(std::move(source), path);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
