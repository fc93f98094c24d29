// Where the bytes of a weights file come from: memory, or whatever can read a range of bytes at an offset.
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A block of `size` bytes that can be read piece by piece. Move only: closes what it reads from.
class byte_source {
public:
    /// Copies out.size() bytes that begin at `offset` and lie inside the block; false if they cannot be had.
    using read_function = bool (*)(void* handle, std::uint64_t offset, std::span<std::byte> out);
    using close_function = void (*)(void* handle);

    byte_source(void* handle, std::uint64_t size, read_function reader, close_function closer)
        : handle_(handle), size_(size), read_(reader), close_(closer) {}
    /// Reads from memory that the caller keeps alive; any number of threads may.
    explicit byte_source(std::span<const std::byte> memory)
        : handle_(const_cast<std::byte*>(memory.data())), size_(memory.size()), read_(copy_from_memory) {}

    byte_source(byte_source&& other) noexcept
        : handle_(other.handle_), size_(std::exchange(other.size_, 0)), read_(other.read_),
          close_(std::exchange(other.close_, nullptr)) {}
    byte_source& operator=(byte_source&& other) noexcept {
        std::swap(handle_, other.handle_);
        std::swap(size_, other.size_);
        std::swap(read_, other.read_);
        std::swap(close_, other.close_);
        return *this;
    }
    ~byte_source() {
        if (close_ != nullptr) close_(handle_);
    }

    [[nodiscard]] std::uint64_t size() const { return size_; }

    /// False if the range does not lie inside the block or cannot be read.
    [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> out) const {
        if (offset > size_ || out.size() > size_ - offset) return false;
        return out.empty() || read_(handle_, offset, out);
    }

private:
    static bool copy_from_memory(void* handle, std::uint64_t offset, std::span<std::byte> out) {
        std::memcpy(out.data(), static_cast<const std::byte*>(handle) + offset, out.size());
        return true;
    }

    void* handle_;
    std::uint64_t size_;
    read_function read_;
    close_function close_ = nullptr;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
