// Bytes for weights and arenas: from the heap, or the caller's; aligned to 64 either way.
#pragma once

#include "uml/core/huge_pages.hpp"
#include "uml/core/result.hpp"

#include <cstddef>
#include <cstdlib>
#include <span>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A block of 64-byte aligned memory, owned or borrowed. Move only. From the heap it is not initialised.
class memory_block {
public:
    static constexpr std::size_t alignment = 64;

    memory_block() = default;
    memory_block(memory_block&& other) noexcept { swap(other); }
    memory_block& operator=(memory_block&& other) noexcept {
        memory_block moved(std::move(other)); // what it was moved from is empty, as a model that was moved away must be
        swap(moved);
        return *this;
    }
    ~memory_block() { std::free(owned_); }

    [[nodiscard]] static result<memory_block> allocate(std::int64_t bytes, const char* what) {
        memory_block b;
        // On a machine of 32 bits a network may be larger than all memory.
        if (static_cast<std::uint64_t>(bytes) <= static_cast<std::size_t>(-1) / 2 - alignment)
            b.owned_ = std::malloc(static_cast<std::size_t>(bytes) + alignment);
        if (b.owned_ == nullptr) return fail(errc::out_of_memory, {"no memory for ", bytes, " bytes of ", what});
        b.data_ = aligned(static_cast<std::byte*>(b.owned_));
        ask_for_huge_pages(b.data_, static_cast<std::size_t>(bytes));
        return result<memory_block>(std::move(b));
    }
    /// The caller's memory, which must outlive the block. It may begin anywhere: up to 63 bytes are skipped.
    [[nodiscard]] static result<memory_block> borrow(std::span<std::byte> given, std::int64_t bytes, const char* what) {
        std::byte* const first = aligned(given.data());
        const std::int64_t usable = static_cast<std::int64_t>(given.size()) - (first - given.data());
        if (usable < bytes)
            return fail(errc::too_small, {"the memory for ", what, " has ", usable, " bytes from a multiple of 64 on, ",
                                          bytes, " are needed"});
        memory_block b;
        b.data_ = first;
        return result<memory_block>(std::move(b));
    }

    /// The caller's memory, or from the heap where none is given.
    [[nodiscard]] static result<memory_block> make(std::span<std::byte> given, std::int64_t bytes, const char* what) {
        return given.empty() ? allocate(bytes, what) : borrow(given, bytes, what);
    }

    [[nodiscard]] std::byte* data() const { return data_; }
    template <class T> [[nodiscard]] T* as(std::int64_t byte_offset = 0) const {
        return reinterpret_cast<T*>(data_ + byte_offset);
    }

private:
    static std::byte* aligned(std::byte* p) {
        const auto address = reinterpret_cast<std::uintptr_t>(p);
        return p + ((alignment - address % alignment) % alignment);
    }
    void swap(memory_block& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(owned_, other.owned_);
    }

    std::byte* data_ = nullptr;
    void* owned_ = nullptr;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
