// Pictures that are written to, and parts of pictures: views of the caller's memory.
#pragma once

#include "uml/core/rows.hpp"

#include <cstddef>
#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// An image_view whose pixels may be written.
struct image_span {
    void* data = nullptr;
    image_view::sample type = image_view::sample::u8;
    int height = 0, width = 0, channels = 0;
    std::int64_t row_bytes = 0; ///< from a row to the next

    constexpr image_span() = default;
    constexpr image_span(std::uint8_t* pixels, int h, int w, int c, std::int64_t row_stride_bytes = 0)
        : data(pixels), height(h), width(w), channels(c),
          row_bytes(row_stride_bytes != 0 ? row_stride_bytes : std::int64_t{w} * c) {}
    constexpr image_span(float* pixels, int h, int w, int c, std::int64_t row_stride_bytes = 0)
        : data(pixels), type(image_view::sample::f32), height(h), width(w), channels(c),
          row_bytes(row_stride_bytes != 0 ? row_stride_bytes : image_view::row_of_floats(w, c)) {}

    constexpr operator image_view() const {
        image_view v;
        v.data = data, v.type = type, v.height = height, v.width = width, v.channels = channels;
        v.row_bytes = row_bytes;
        return v;
    }
};

/// A part of a picture, in pixels.
struct rectangle {
    int y = 0, x = 0, height = 0, width = 0;
    friend constexpr bool operator==(const rectangle&, const rectangle&) = default;
};

namespace picture_detail {

[[nodiscard]] constexpr std::int64_t sample_bytes(image_view::sample type) {
    return type == image_view::sample::f32 ? 4 : 1;
}

/// Whether the view can be read: it has pixels, and check_rows().
[[nodiscard, gnu::cold]] inline result<void> check_view(const image_view& v, const char* what) {
    if (v.data == nullptr || v.height < 1 || v.width < 1 || v.channels < 1)
        return fail(errc::invalid_argument, {what, ": no pixels"});
    return check_rows(v, what);
}

[[nodiscard]] inline bool inside(const rectangle& r, int height, int width) {
    return r.y >= 0 && r.x >= 0 && r.height > 0 && r.width > 0 && r.height <= height - r.y && r.width <= width - r.x;
}

template <class T> [[nodiscard]] const T* row_of(const image_view& v, int y) {
    return reinterpret_cast<const T*>(static_cast<const std::byte*>(v.data) + y * v.row_bytes);
}
template <class T> [[nodiscard]] T* row_of(const image_span& v, int y) {
    return reinterpret_cast<T*>(static_cast<std::byte*>(v.data) + y * v.row_bytes);
}

} // namespace picture_detail

/// The part of the picture as a picture: the same memory. Errors: errc::invalid_argument if it does not lie inside.
[[nodiscard]] inline result<image_view> crop(const image_view& v, const rectangle& part) {
    if (auto r = picture_detail::check_view(v, "crop"); !r) return r.error();
    if (!picture_detail::inside(part, v.height, v.width))
        return fail(errc::invalid_argument, {"crop: ", part.height, " x ", part.width, " pixels from (", part.y, ", ",
                                             part.x, ") on do not lie inside ", v.height, " x ", v.width});
    image_view cut = v;
    cut.data = static_cast<const std::byte*>(v.data) + part.y * v.row_bytes +
               std::int64_t{part.x} * v.channels * picture_detail::sample_bytes(v.type);
    cut.height = part.height, cut.width = part.width;
    return cut;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
