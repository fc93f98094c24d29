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

namespace buffer_detail {

/// A buffer of elements of any type, so that what grows it is compiled once.
class untyped {
public:
    untyped() = default;
    untyped(untyped&& other) noexcept : data_(other.data_), size_(other.size_), capacity_(other.capacity_) {
        other.data_ = nullptr;
        other.size_ = other.capacity_ = 0;
    }
    untyped& operator=(untyped&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~untyped() { std::free(data_); }

    [[nodiscard]] std::size_t size() const { return size_; }

protected:
    [[nodiscard, gnu::noinline]] bool reserve(std::size_t count, std::size_t each) {
        if (count <= capacity_) return true;
        if (count > static_cast<std::size_t>(-1) / each) return false;
        void* const larger = std::realloc(data_, count * each);
        if (larger == nullptr) return false;
        data_ = larger;
        capacity_ = count;
        return true;
    }
    [[nodiscard]] bool resize_uninitialized(std::size_t count, std::size_t each) {
        if (!reserve(count, each)) return false;
        size_ = count;
        return true;
    }
    [[nodiscard, gnu::noinline]] bool resize(std::size_t count, std::size_t each) {
        const std::size_t before = size_;
        if (!resize_uninitialized(count, each)) return false;
        if (count > before) std::memset(static_cast<char*>(data_) + before * each, 0, (count - before) * each);
        return true;
    }
    /// Room for one more element.
    [[nodiscard]] bool grow(std::size_t each) {
        return size_ < capacity_ || reserve(capacity_ < 8 ? 16 : capacity_ * 2, each);
    }

    void* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace buffer_detail

/// Owns elements that can be copied as bytes. Move only; a moved-from buffer is empty.
template <class T> class buffer : public buffer_detail::untyped {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));

public:
    /// Makes room for `count` elements in all; false if the heap refuses, with nothing changed.
    [[nodiscard]] bool reserve(std::size_t count) { return untyped::reserve(count, sizeof(T)); }

    /// Makes the size `count`; new elements are zero bytes. False if the heap refuses, with nothing changed.
    [[nodiscard]] bool resize(std::size_t count) { return untyped::resize(count, sizeof(T)); }

    /// The same, but new elements hold anything.
    [[nodiscard]] bool resize_uninitialized(std::size_t count) {
        return untyped::resize_uninitialized(count, sizeof(T));
    }

    /// Appends one element; false if the heap refuses, with nothing changed.
    [[nodiscard]] bool append(const T& element) {
        const T copy = element; // it may live in this buffer
        if (!grow(sizeof(T))) return false;
        ::new (static_cast<void*>(data() + size_)) T(copy);
        ++size_;
        return true;
    }

    [[nodiscard]] T* data() { return static_cast<T*>(data_); }
    [[nodiscard]] const T* data() const { return static_cast<const T*>(data_); }
    // Every type of span costs compile time, to check its concepts: what needs none takes these.
    [[nodiscard]] T& operator[](std::size_t i) { return data()[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return data()[i]; }
    [[nodiscard]] T* begin() { return data(); }
    [[nodiscard]] T* end() { return data() + size_; }
    [[nodiscard]] const T* begin() const { return data(); }
    [[nodiscard]] const T* end() const { return data() + size_; }
    [[nodiscard]] std::span<std::byte> bytes() { return {static_cast<std::byte*>(data_), size_ * sizeof(T)}; }
    [[nodiscard]] std::span<T> span() { return {data(), size_}; }
    [[nodiscard]] std::span<const T> span() const { return {data(), size_}; }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
