// Views between this library and xtensor (0.24 and newer) that share memory: nothing is copied, nothing is owned.
#pragma once

#include "uml/core/result.hpp"
#include "uml/core/tensor.hpp"

// xtensor 0.26 moved its headers into folders.
#if __has_include(<xtensor/containers/xadapt.hpp>)
    #include <xtensor/containers/xadapt.hpp>
    #include <xtensor/views/xview.hpp>
#else
    #include <xtensor/xadapt.hpp>
    #include <xtensor/xview.hpp>
#endif

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The tensor as an xtensor expression of shape (h, w, c). Writing to it writes to the tensor's own channels, unless T
/// is const. Valid as long as the tensor's memory.
template <class T> [[nodiscard]] auto as_xtensor(const tensor_view<T>& tensor) {
    // A view that leaves out the gaps: xtensor takes all memory of an adaptor for its own and would write to them.
    const std::array<std::size_t, 3> shape{static_cast<std::size_t>(tensor.h), static_cast<std::size_t>(tensor.w),
                                           static_cast<std::size_t>(tensor.step)};
    auto with_gaps = xt::adapt(tensor.data, shape[0] * shape[1] * shape[2], xt::no_ownership(), shape);
    return xt::view(std::move(with_gaps), xt::all(), xt::all(), xt::range(0, tensor.c));
}

/// A map of height * width numbers, row by row, as an xtensor expression of shape (height, width). `map` is at least
/// that large.
template <class T> [[nodiscard]] auto as_xtensor(std::span<T> map, int height, int width) {
    const auto h = static_cast<std::size_t>(height);
    const auto w = static_cast<std::size_t>(width);
    return xt::adapt(map.data(), h * w, xt::no_ownership(), std::array<std::size_t, 2>{h, w});
}

/// A picture held by an xtensor container or view with memory of its own: shape (h, w), or (h, w, c) with c 1 or 3, u8
/// or float, channels last. Rows may lie apart (a crop); pixels and channels may not: such a picture is refused, as is
/// any other shape. Valid as long as the container.
template <class E>
requires requires(const E& e) {
    e.data();
    e.strides();
}
[[nodiscard]] result<image_view> as_image(const E& picture) {
    using sample = std::remove_cvref_t<decltype(*picture.data())>;
    static_assert(std::same_as<sample, std::uint8_t> || std::same_as<sample, float>,
                  "a picture has elements of type std::uint8_t (0..255) or float (0..1)");
    const std::size_t rank = picture.dimension();
    if (rank != 2 && rank != 3)
        return fail(errc::wrong_shape, {"picture: ", static_cast<std::uint64_t>(rank),
                                        " dimensions, expected (height, width) or (height, width, channels)"});
    const auto extent = [&](std::size_t d) { return static_cast<int>(picture.shape()[d]); };
    // xtensor gives dimensions of one element the stride 0.
    const auto dense = [&](std::size_t d, int stride) {
        return extent(d) == 1 || static_cast<std::ptrdiff_t>(picture.strides()[d]) == stride;
    };
    const int channels = rank == 3 ? extent(2) : 1;
    if (channels != 1 && channels != 3)
        return fail(errc::wrong_shape, {"picture: ", channels, " channels, expected 1 or 3 in the last dimension"});
    if ((rank == 3 && !dense(2, 1)) || !dense(1, channels))
        return fail(errc::wrong_shape,
                    "picture: pixels or channels do not lie side by side; copy it to a row-major array");
    const auto row = static_cast<std::int64_t>(picture.strides()[0]) * static_cast<std::int64_t>(sizeof(sample));
    return image_view(picture.data() + picture.data_offset(), extent(0), extent(1), channels, row);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
