// Shapes and views of tensors and pictures. Views own nothing.
#pragma once

#include "uml/version.hpp"

#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Channels, height and width of one image's tensor.
struct shape {
    std::int32_t c = 0, h = 0, w = 0;

    [[nodiscard]] constexpr std::int64_t pixels() const { return static_cast<std::int64_t>(h) * w; }
    [[nodiscard]] constexpr std::int64_t size() const { return pixels() * c; }
    friend constexpr bool operator==(const shape&, const shape&) = default;
};

/// Height × width × channels in memory, channels last; `step` elements from a pixel to the next, rows without gaps.
template <class T> struct tensor_view {
    T* data = nullptr;
    int h = 0, w = 0, c = 0;
    std::int64_t step = 0;

    [[nodiscard]] constexpr T& operator()(int y, int x, int k) const {
        return data[(static_cast<std::int64_t>(y) * w + x) * step + k];
    }
    [[nodiscard]] constexpr T* pixel(std::int64_t p) const { return data + p * step; }
    [[nodiscard]] constexpr std::int64_t pixels() const { return static_cast<std::int64_t>(h) * w; }
};

/// A picture of the caller's: height × width × (1 or 3) channels, interleaved, 8 bits (0..255) or float (0..1). A
/// network refuses floats outside 0..1, and NaN; bicubic and Lanczos resizing of floats can leave that range.
struct image_view {
    enum class sample : std::uint8_t { u8, f32 };

    const void* data = nullptr;
    sample type = sample::u8;
    int height = 0, width = 0, channels = 0;
    std::int64_t row_bytes = 0; ///< from a row to the next

    constexpr image_view() = default;
    constexpr image_view(const std::uint8_t* pixels, int h, int w, int c, std::int64_t row_stride_bytes = 0)
        : data(pixels), height(h), width(w), channels(c),
          row_bytes(row_stride_bytes ? row_stride_bytes : static_cast<std::int64_t>(w) * c) {}
    constexpr image_view(const float* pixels, int h, int w, int c, std::int64_t row_stride_bytes = 0)
        : data(pixels), type(sample::f32), height(h), width(w), channels(c),
          row_bytes(row_stride_bytes ? row_stride_bytes : row_of_floats(w, c)) {}

    /// Bytes of a row of floats without gaps. What is beyond 64 bits wraps round; no memory holds that, and
    /// check_rows() refuses it.
    [[nodiscard]] static constexpr std::int64_t row_of_floats(int w, int c) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(static_cast<std::int64_t>(w) * c) * 4);
    }
};

/// A picture in the memory of a backend's device: `at.data` is an address there. For the backends that have one.
struct device_picture {
    image_view at{};

    constexpr device_picture() = default;
    constexpr explicit device_picture(const image_view& picture) : at(picture) {}
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
