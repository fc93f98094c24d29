// What a picture of the caller's must be before a network looks at it.
#pragma once

#include "uml/core/magnitude.hpp"
#include "uml/core/rows.hpp"

#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace model_detail {

/// Whether the float samples are in 0..1, but for what rounding leaves of a resized picture.
[[nodiscard]] inline bool samples_in_range(const image_view& v) {
    constexpr float slack = 1.f / 1024;
    const std::int64_t row = std::int64_t{v.width} * v.channels;
    for (int y = 0; y < v.height; ++y) {
        const char* const bytes = static_cast<const char*>(v.data) + y * v.row_bytes;
        if (!all_within(reinterpret_cast<const float*>(bytes), row, 0.5f, 0.5f + slack)) return false;
    }
    return true;
}

/// All but the samples. `s`: the shape of the network's input.
[[nodiscard]] inline result<void> check_picture_form(const image_view& v, const shape& s) {
    if (v.data == nullptr) return fail(errc::invalid_argument, "picture: no pixels");
    if (v.height != s.h || v.width != s.w)
        return fail(errc::wrong_shape, {"picture: ", v.height, " x ", v.width,
                                        " pixels (height x width), the network takes ", s.h, " x ", s.w});
    if (v.channels != s.c && v.channels != 1)
        return fail(errc::wrong_shape,
                    {"picture: ", v.channels, " channels, the network takes ", s.c, s.c > 1 ? " or 1" : ""});
    return check_rows(v, "picture");
}
[[nodiscard]] inline result<void> check_picture(const image_view& v, const shape& s) {
    if (auto r = check_picture_form(v, s); !r) return r;
    if (v.type == image_view::sample::f32 && !samples_in_range(v))
        return fail(errc::invalid_argument,
                    "picture: float samples must be from 0 (black) to 1 (white); here are others, or NaN");
    return {};
}

} // namespace model_detail

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
