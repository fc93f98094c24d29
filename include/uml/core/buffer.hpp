// A growing array on the heap that reports a refused allocation instead of ending the program.
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Owns elements that can be copied as bytes. Move only; a moved-from buffer is empty.
template <class T> class buffer {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));

public:
    buffer() = default;
    buffer(buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    buffer& operator=(buffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~buffer() { std::free(data_); }

    /// Makes room for `count` elements in all; false if the heap refuses, with nothing changed.
    [[nodiscard]] bool reserve(std::size_t count) {
        if (count <= capacity_) return true;
        if (count > static_cast<std::size_t>(-1) / sizeof(T)) return false;
        void* const larger = std::realloc(static_cast<void*>(data_), count * sizeof(T));
        if (larger == nullptr) return false;
        data_ = static_cast<T*>(larger);
        capacity_ = count;
        return true;
    }

    /// Makes the size `count`; new elements are zero bytes. False if the heap refuses, with nothing changed.
    [[nodiscard]] bool resize(std::size_t count) {
        if (!reserve(count)) return false;
        if (count > size_) std::memset(static_cast<void*>(data_ + size_), 0, (count - size_) * sizeof(T));
        size_ = count;
        return true;
    }

    /// The same, but new elements hold anything.
    [[nodiscard]] bool resize_uninitialized(std::size_t count) {
        if (!reserve(count)) return false;
        size_ = count;
        return true;
    }

    /// Appends one element; false if the heap refuses, with nothing changed.
    [[nodiscard]] bool append(const T& element) {
        const T copy = element; // it may live in this buffer
        if (size_ == capacity_ && !reserve(capacity_ < 8 ? 16 : capacity_ * 2)) return false;
        ::new (static_cast<void*>(data_ + size_)) T(copy);
        ++size_;
        return true;
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] T* data() { return data_; }
    [[nodiscard]] const T* data() const { return data_; }
    [[nodiscard]] std::span<T> span() { return {data_, size_}; }
    [[nodiscard]] std::span<const T> span() const { return {data_, size_}; }

private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
