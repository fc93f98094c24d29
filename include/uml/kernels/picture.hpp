// A caller's picture as a tensor. The kernel itself is picture.inc.
#pragma once

#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// `out` gets the picture, 8-bit values divided by 255. One channel of the picture stands for all of out's.
struct picture_args {
    image_view picture;
    target out;
};

[[nodiscard]] constexpr row_split picture_split(const picture_args& a) { return split_rows(a.out.h, a.out.w, a.out.c); }
[[nodiscard]] constexpr int picture_jobs(const picture_args& a) { return picture_split(a).jobs; }

/// n / 255 for every byte.
struct byte_values {
    float value[256] = {};
    constexpr byte_values() {
        for (int i = 0; i < 256; ++i) value[i] = static_cast<float>(i) / 255.f;
    }
};
inline constexpr byte_values byte_value{};

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
