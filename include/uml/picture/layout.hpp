// What the samples of a frame are, and its pixels as grey or as red, green and blue.
#pragma once

#include "uml/picture/span.hpp"

#include <cstdint>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The order of a frame's samples. Of NV12 the view is the first plane, which holds the luma: a picture of 1 channel,
/// with 16 for black and 235 for white (`nv12`) or 0 and 255 (`nv12_full`), as the camera's documents say.
enum class pixel_layout : std::uint8_t { grey, rgb, bgr, rgba, bgra, nv12, nv12_full };

/// Channels that a view of this layout has.
[[nodiscard]] constexpr int channels_of(pixel_layout l) {
    return l == pixel_layout::rgb || l == pixel_layout::bgr     ? 3
           : l == pixel_layout::rgba || l == pixel_layout::bgra ? 4
                                                                : 1;
}

namespace picture_detail {

/// BT.601 in Pillow's integer arithmetic; floats with the same weights.
template <class T> [[nodiscard]] T luma(T red, T green, T blue) {
    if constexpr (std::is_same_v<T, float>)
        return (19595.F * red + 38470.F * green + 7471.F * blue) * (1.F / 65536.F);
    else
        return static_cast<std::uint8_t>((19595u * red + 38470u * green + 7471u * blue + 0x8000u) >> 16);
}

/// Black and white of video as 0 and 255, rounded to nearest; what is beyond them is cut off.
[[nodiscard]] inline std::uint8_t full_range(std::uint8_t y) {
    const int value = ((y - 16) * 510 + 219) / 438;
    return static_cast<std::uint8_t>(y < 16 ? 0 : value > 255 ? 255 : value);
}

[[nodiscard, gnu::cold]] inline result<void> check_layout(const image_view& v, pixel_layout l, int channels,
                                                          const char* what) {
    if (auto r = check_view(v, what); !r) return r;
    if (v.channels != channels_of(l))
        return fail(errc::invalid_argument, {what, ": ", v.channels, " channels, its layout has ", channels_of(l)});
    const bool video = l == pixel_layout::nv12 || l == pixel_layout::nv12_full;
    if (video && v.type != image_view::sample::u8)
        return fail(errc::invalid_argument, {what, ": NV12 has 8-bit samples"});
    if (channels != 1 && channels != 3)
        return fail(errc::invalid_argument, {what, ": ", channels, " channels are wanted, which is neither 1 nor 3"});
    if (video && channels == 3)
        return fail(errc::unsupported, {what, ": NV12 gives grey; convert it where 3 channels are wanted"});
    return {};
}

/// Row y with 1 channel (grey) or 3 (red, green, blue): `to` filled, or the row itself where it is that already.
template <class T>
[[nodiscard]] const T* converted_row(const image_view& v, pixel_layout l, int channels, int y, T* to) {
    const T* const from = row_of<T>(v, y);
    const int n = v.channels, red = l == pixel_layout::bgr || l == pixel_layout::bgra ? 2 : 0;
    if (n == 1) {
        if constexpr (std::is_same_v<T, std::uint8_t>)
            if (l == pixel_layout::nv12) {
                for (int x = 0; x < v.width; ++x) to[x] = full_range(from[x]);
                return to;
            }
        if (channels == 1) return from;
        for (int x = 0; x < v.width; ++x) to[3 * x] = to[3 * x + 1] = to[3 * x + 2] = from[x];
        return to;
    }
    if (channels == 3 && n == 3 && red == 0) return from;
    const T* p = from;
    for (int x = 0; x < v.width; ++x, p += n)
        if (channels == 1) {
            to[x] = luma<T>(p[red], p[1], p[2 - red]);
        } else {
            to[3 * x] = p[red];
            to[3 * x + 1] = p[1];
            to[3 * x + 2] = p[2 - red];
        }
    return to;
}

} // namespace picture_detail

/// The frame with the channels of `to`, 1 (grey) or 3 (red, green, blue), at its own size. Of 8-bit samples grey is
/// Pillow's `convert("L")` bit for bit: (19595 R + 38470 G + 7471 B + 2^15) / 2^16. Alpha is left out. `to` has the
/// frame's size and kind of samples, and other memory. Errors: errc::invalid_argument, unsupported.
[[nodiscard]] inline result<void> convert(const image_view& from, pixel_layout layout, const image_span& to) {
    using namespace picture_detail;
    if (auto r = check_view(to, "convert: the result"); !r) return r;
    if (auto r = check_layout(from, layout, to.channels, "convert"); !r) return r;
    if (from.type != to.type || from.height != to.height || from.width != to.width)
        return fail(errc::invalid_argument, "convert: the result has another size or other samples than the frame");
    const auto all = [&]<class T>(T) {
        for (int y = 0; y < from.height; ++y) {
            T* const out = row_of<T>(to, y);
            const T* const row = converted_row(from, layout, to.channels, y, out);
            for (int i = 0; row != out && i < to.width * to.channels; ++i) out[i] = row[i];
        }
    };
    if (from.type == image_view::sample::f32)
        all(0.F);
    else
        all(std::uint8_t{0});
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
