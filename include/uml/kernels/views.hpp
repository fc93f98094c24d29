// What the smaller kernels share: views, jobs over rows of an image, masks of lanes.
#pragma once

#include "uml/core/tensor.hpp"
#include "uml/kernels/common.hpp"

#include <algorithm>
#include <bit>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// A tensor that a kernel reads; whole vectors may be read where it ends.
using source = tensor_view<const float>;
/// A tensor that a kernel writes: exactly its channels.
using target = tensor_view<float>;

/// Whether a row is one run of floats.
template <class T> [[nodiscard]] constexpr bool dense(const tensor_view<T>& v) { return v.step == v.c; }

[[nodiscard]] constexpr std::size_t padded(int channels) { return static_cast<std::size_t>(round_up(channels, panel)); }

/// Rows of an image cut into jobs.
struct row_split {
    int rows = 1; ///< per job
    int jobs = 1;
};

/// Jobs of some 16,000 floats each, or a row where that is more.
[[nodiscard]] constexpr row_split split_rows(int h, std::int64_t floats_per_row) {
    constexpr std::int64_t wanted = 1 << 14;
    row_split s;
    s.rows = static_cast<int>(std::clamp<std::int64_t>(wanted / std::max<std::int64_t>(floats_per_row, 1), 1, h));
    s.jobs = div_up(h, s.rows);
    return s;
}
[[nodiscard]] constexpr row_split split_rows(int h, int w, int c) {
    return split_rows(h, static_cast<std::int64_t>(w) * c);
}

/// Taps [first, last) of a window that lie inside an extent when tap 0 stands at `origin`.
struct tap_range {
    int first = 0, last = 0;
};
[[nodiscard]] constexpr tap_range taps_inside(int origin, int extent, int taps, int dilation) {
    tap_range r;
    r.first = origin >= 0 ? 0 : div_up(-origin, dilation);
    r.last = origin >= extent ? 0 : std::min(taps, div_up(extent - origin, dilation));
    return r;
}

/// Sixteen floats of ones in every bit, then sixteen of zeros: masks of the first n lanes start at 16 - n.
struct lane_mask_table {
    float lane[2 * panel] = {};
    constexpr lane_mask_table() {
        for (int i = 0; i < panel; ++i) lane[i] = std::bit_cast<float>(0xffffffffu);
    }
};
inline constexpr lane_mask_table lane_mask{};

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
