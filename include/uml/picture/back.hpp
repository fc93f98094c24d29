// The network's maps brought back to the frame's own pixels.
#pragma once

#include "uml/picture/fit.hpp"

#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace picture_detail {

[[nodiscard]] inline resize_plan back_plan(const placement& p, int channels) {
    constexpr auto filter = resampling::bilinear;
    return {{p.target.width, p.source.width, filter},
            {p.target.height, p.source.height, filter},
            channels,
            image_view::sample::f32};
}

[[nodiscard, gnu::cold]] inline result<void> check_back(const placement& p, int map_height, int map_width,
                                                        const image_span& to, const char* what) {
    if (auto r = check_view(to, what); !r) return r;
    if (!inside(p.target, map_height, map_width) || !inside(p.source, p.frame_height, p.frame_width))
        return fail(errc::invalid_argument,
                    {what, ": the placement is not of a picture of ", map_height, " x ", map_width, " pixels"});
    if (to.height != p.frame_height || to.width != p.frame_width)
        return fail(errc::invalid_argument, {what, ": the result has ", to.height, " x ", to.width,
                                             " pixels, the frame ", p.frame_height, " x ", p.frame_width});
    return {};
}

/// Calls row(y, numbers) for every row of the frame's region, from the top to the bottom.
template <class T, class F>
void rows_back(const tensor_view<const T>& map, const placement& p, std::byte* scratch, float* numbers, F row) {
    const arithmetic_mode own(denormals::kept);
    const auto source = [&](int y, float* buffer) -> const float* {
        const T* from = &map(p.target.y + y, p.target.x, 0);
        float* out = buffer;
        for (int x = 0; x < p.target.width; ++x, from += map.step)
            for (int k = 0; k < map.c; ++k) *out++ = static_cast<float>(from[k]);
        return buffer;
    };
    row_resizer<float, decltype(source)> rows(back_plan(p, map.c), scratch, source);
    for (int y = 0; y < p.source.height; ++y) {
        rows.row(y, numbers);
        row(y, numbers);
    }
}

[[nodiscard]] inline std::int64_t row_of_numbers(const placement& p, int channels) {
    return (std::int64_t{p.source.width} * channels * 4 + 7) / 8 * 8;
}

} // namespace picture_detail

/// Bytes of scratch memory that map_back and mask_back need for maps of so many channels.
[[nodiscard]] inline std::int64_t back_bytes(const placement& p, int channels) {
    using namespace picture_detail;
    return back_plan(p, channels).bytes() + row_of_numbers(p, channels) + alignment_loss;
}

/// A map of the network (logits, vacuity) at the frame's size, by the triangle filter: `to` holds floats, as many
/// channels as the map, and gets `outside` where the network has not looked. Errors: errc::invalid_argument, too_small.
template <class T>
[[nodiscard]] result<void> map_back(const tensor_view<const T>& map, const placement& p, const image_span& to,
                                    std::span<std::byte> scratch, float outside = 0) {
    using namespace picture_detail;
    if (auto r = check_back(p, map.h, map.w, to, "map_back"); !r) return r;
    if (to.type != image_view::sample::f32 || to.channels != map.c)
        return fail(errc::invalid_argument, {"map_back: the result holds floats of ", map.c, " channels"});
    const std::int64_t numbers_at = back_plan(p, map.c).bytes();
    std::byte* const memory = aligned_scratch(scratch, numbers_at + row_of_numbers(p, map.c));
    if (memory == nullptr) return too_little("map_back", back_bytes(p, map.c), scratch.size());
    fill_around(to, p.source, outside);
    rows_back(map, p, memory, reinterpret_cast<float*>(memory + numbers_at), [&](int y, const float* numbers) {
        float* out = row_of<float>(to, p.source.y + y) + std::int64_t{p.source.x} * map.c;
        for (int i = 0; i < p.source.width * map.c; ++i) out[i] = numbers[i];
    });
    return {};
}

/// The mask at the frame's size: in each pixel the region with the largest of the resized logits, the first of equals.
/// `to` holds bytes of one channel, and gets `outside` where the network has not looked.
/// Errors: errc::invalid_argument, too_small.
template <class T>
[[nodiscard]] result<void> mask_back(const tensor_view<const T>& logits, const placement& p, const image_span& to,
                                     std::span<std::byte> scratch, std::uint8_t outside = 0) {
    using namespace picture_detail;
    if (auto r = check_back(p, logits.h, logits.w, to, "mask_back"); !r) return r;
    if (to.type != image_view::sample::u8 || to.channels != 1 || logits.c > 256)
        return fail(errc::invalid_argument, "mask_back: the result holds bytes of 1 channel, for 256 regions at most");
    const std::int64_t numbers_at = back_plan(p, logits.c).bytes();
    std::byte* const memory = aligned_scratch(scratch, numbers_at + row_of_numbers(p, logits.c));
    if (memory == nullptr) return too_little("mask_back", back_bytes(p, logits.c), scratch.size());
    fill_around(to, p.source, outside);
    rows_back(logits, p, memory, reinterpret_cast<float*>(memory + numbers_at), [&](int y, const float* numbers) {
        std::uint8_t* const out = row_of<std::uint8_t>(to, p.source.y + y) + p.source.x;
        for (int x = 0; x < p.source.width; ++x, numbers += logits.c) {
            int best = 0;
            for (int k = 1; k < logits.c; ++k)
                if (numbers[k] > numbers[best]) best = k;
            out[x] = static_cast<std::uint8_t>(best);
        }
    });
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
