// A camera's frame as the network wants it: a region of it, grey or colour, at the network's size.
#pragma once

#include "uml/picture/layout.hpp"
#include "uml/picture/resize.hpp"

#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

struct fitting {
    resampling filter = resampling::bilinear;
    rectangle region{};     ///< of the frame; all of it if it has no pixels
    bool letterbox = false; ///< keep the ratio of the sides and fill what is left, half on each side; else stretch
    float fill = 0;         ///< the samples there: 0..255 of 8 bits, 0..1 of floats
};

/// Where a frame's pixels lie in the network's picture.
struct placement {
    int frame_height = 0, frame_width = 0;
    rectangle source{}; ///< in the frame
    rectangle target{}; ///< in the network's picture
    friend constexpr bool operator==(const placement&, const placement&) = default;
};

/// Where `fit` would put the frame in a picture of that size. Errors: errc::invalid_argument.
[[nodiscard]] inline result<placement> place(int frame_height, int frame_width, int height, int width,
                                             const fitting& how = {}) {
    if (frame_height < 1 || frame_width < 1 || height < 1 || width < 1)
        return fail(errc::invalid_argument, "fit: no pixels");
    const bool whole = how.region.height == 0 && how.region.width == 0;
    placement p{frame_height,
                frame_width,
                whole ? rectangle{0, 0, frame_height, frame_width} : how.region,
                {0, 0, height, width}};
    if (!picture_detail::inside(p.source, frame_height, frame_width))
        return fail(errc::invalid_argument,
                    {"fit: the region of ", p.source.height, " x ", p.source.width, " pixels from (", p.source.y, ", ",
                     p.source.x, ") on does not lie inside ", frame_height, " x ", frame_width});
    if (!how.letterbox) return p;
    // The side that fills the picture, without a rounding: h / height against w / width.
    const std::int64_t h = p.source.height, w = p.source.width;
    const auto share = [](std::int64_t side, std::int64_t to, std::int64_t from) { // rounded, at least a pixel
        const std::int64_t n = (2 * side * to + from) / (2 * from);
        return static_cast<int>(n < 1 ? 1 : n);
    };
    if (h * width >= w * height)
        p.target.width = share(w, height, h);
    else
        p.target.height = share(h, width, w);
    p.target.y = (height - p.target.height) / 2;
    p.target.x = (width - p.target.width) / 2;
    return p;
}

namespace picture_detail {

[[nodiscard]] inline resize_plan plan_of(const placement& p, image_view::sample type, int channels, resampling filter) {
    return {{p.source.width, p.target.width, filter}, {p.source.height, p.target.height, filter}, channels, type};
}

template <class T> void fill_around(const image_span& to, const rectangle& inside, T value) {
    for (int y = 0; y < to.height; ++y) {
        T* const row = row_of<T>(to, y);
        const bool beside = y >= inside.y && y < inside.y + inside.height;
        const int left = (beside ? inside.x : to.width) * to.channels;
        const int right = (beside ? inside.x + inside.width : to.width) * to.channels;
        for (int i = 0; i < left; ++i) row[i] = value;
        for (int i = right; i < to.width * to.channels; ++i) row[i] = value;
    }
}

[[nodiscard]] inline image_span part_of(const image_span& s, const rectangle& r) {
    image_span part = s;
    part.data =
        static_cast<std::byte*>(s.data) + r.y * s.row_bytes + std::int64_t{r.x} * s.channels * sample_bytes(s.type);
    part.height = r.height, part.width = r.width;
    return part;
}

template <class T>
void fit_samples(const image_view& source, pixel_layout layout, const resize_plan& plan, const placement& p,
                 const image_span& to, std::byte* scratch, float fill) {
    if (p.target != rectangle{0, 0, to.height, to.width}) {
        if constexpr (std::is_same_v<T, float>)
            fill_around<float>(to, p.target, fill);
        else
            fill_around<std::uint8_t>(to, p.target,
                                      static_cast<std::uint8_t>(!(fill > 0)   ? 0
                                                                : fill >= 255 ? 255
                                                                              : static_cast<int>(fill + 0.5F)));
    }
    resize_rows<T>(
        plan, scratch, [&](int y, T* buffer) { return converted_row(source, layout, plan.channels, y, buffer); },
        part_of(to, p.target));
}

} // namespace picture_detail

/// Bytes of scratch memory that `fit` of such a frame needs. Errors: errc::invalid_argument.
[[nodiscard]] inline result<std::int64_t> fit_bytes(const image_view& frame, int height, int width, int channels,
                                                    const fitting& how = {}) {
    const auto p = place(frame.height, frame.width, height, width, how);
    if (!p) return p.error();
    return picture_detail::plan_of(*p, frame.type, channels, how.filter).bytes() + picture_detail::alignment_loss;
}

/// The frame's region in `to`: first grey or red, green and blue as `to` has 1 or 3 channels, then resized, as training
/// prepares pictures. `to` has the frame's kind of samples, and other memory. No heap: `scratch` has fit_bytes().
/// Returns where the frame's pixels came to lie, for map_back and mask_back. Errors: errc::invalid_argument,
/// unsupported, too_small; nothing is written then.
[[nodiscard]] inline result<placement> fit(const image_view& frame, pixel_layout layout, const image_span& to,
                                           std::span<std::byte> scratch, const fitting& how = {}) {
    using namespace picture_detail;
    if (auto r = check_view(to, "fit: the result"); !r) return r.error();
    if (auto r = check_layout(frame, layout, to.channels, "fit"); !r) return r.error();
    if (frame.type != to.type) return fail(errc::invalid_argument, "fit: the result has other samples than the frame");
    const auto p = place(frame.height, frame.width, to.height, to.width, how);
    if (!p) return p.error();
    const resize_plan plan = plan_of(*p, frame.type, to.channels, how.filter);
    std::byte* const memory = aligned_scratch(scratch, plan.bytes());
    if (memory == nullptr) return too_little("fit", plan.bytes() + alignment_loss, scratch.size());
    const auto source = crop(frame, p->source);
    if (!source) return source.error();
    if (frame.type == image_view::sample::f32)
        fit_samples<float>(*source, layout, plan, *p, to, memory, how.fill);
    else
        fit_samples<std::uint8_t>(*source, layout, plan, *p, to, memory, how.fill);
    return *p;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
