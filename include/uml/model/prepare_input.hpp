// A camera's frame as the weights say that pictures are.
#pragma once

#include "uml/model/check_picture.hpp"
#include "uml/model/input_rule.hpp"
#include "uml/picture/fit.hpp"

#include <optional>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What the caller says of a frame.
struct framing {
    std::optional<pixel_layout> layout{}; ///< else grey, rgb or rgba, as it has 1, 3 or 4 channels
    rectangle region{};                   ///< of the frame; all of it if it has no pixels
    bool letterbox = false;               ///< keep the ratio of the sides; else stretch, as uml-train does
};

/// A picture for model::run, and where the frame's pixels lie in it, for map_back and mask_back.
struct prepared_input {
    image_view picture;
    placement where;
    constexpr operator const image_view&() const { return picture; }
};

namespace model_detail {

[[nodiscard]] inline pixel_layout layout_of(const image_view& frame, const framing& how) {
    return how.layout            ? *how.layout
           : frame.channels == 4 ? pixel_layout::rgba
           : frame.channels == 3 ? pixel_layout::rgb
                                 : pixel_layout::grey;
}
[[nodiscard]] inline fitting fitting_of(const input_rule& rule, const framing& how) {
    return {.filter = rule.filter, .region = how.region, .letterbox = how.letterbox, .fill = 0};
}
/// Bytes of the picture: of floats where levels are changed.
[[nodiscard]] inline std::int64_t picture_bytes(const input_rule& rule, const image_view& frame, const shape& s) {
    const bool floats = frame.type == image_view::sample::f32 || !rule.keeps_levels();
    return (s.size() * (floats ? 4 : 1) + 7) / 8 * 8;
}

/// Black and white of the rule as 0 and 1; what is beyond them, by a filter too, is cut off.
class levels_of {
public:
    explicit levels_of(const input_rule& rule)
        : black_(rule.levels[0] / 255), factor_(255 / (rule.levels[1] - rule.levels[0])) {}
    /// NaN stays, and is refused by run.
    [[nodiscard]] float operator()(float v) const {
        const float x = (v - black_) * factor_;
        return x < 0 ? 0.F : x > 1 ? 1.F : x;
    }

private:
    float black_, factor_;
};

[[nodiscard]] inline result<std::int64_t> input_bytes(const input_rule& rule, const image_view& frame, const shape& s,
                                                      const framing& how) {
    const auto scratch = fit_bytes(frame, s.h, s.w, s.c, fitting_of(rule, how));
    if (!scratch) return scratch.error();
    return picture_bytes(rule, frame, s) + *scratch + picture_detail::alignment_loss;
}

[[nodiscard]] inline result<prepared_input> prepare_input(const input_rule& rule, const image_view& frame,
                                                          const shape& s, std::span<std::byte> memory,
                                                          const framing& how) {
    if (!rule.unknown.empty())
        return fail(errc::unsupported, {"prepare_input: the weights' metadata uml.input has ", rule.unknown.view(),
                                        ", which this version cannot follow"});
    if (auto r = picture_detail::check_layout(frame, layout_of(frame, how), s.c, "prepare_input: the frame"); !r)
        return r.error();
    const bool floats = frame.type == image_view::sample::f32;
    if (floats && !samples_in_range(frame))
        return fail(errc::invalid_argument,
                    "prepare_input: float samples must be from 0 (black) to 1 (white); here are others, or NaN");
    const auto needed = input_bytes(rule, frame, s, how);
    if (!needed) return needed.error();
    std::byte* const first = picture_detail::aligned_scratch(memory, *needed - picture_detail::alignment_loss);
    if (first == nullptr) return picture_detail::too_little("prepare_input", *needed, memory.size());
    const std::int64_t bytes = picture_bytes(rule, frame, s);
    const std::span scratch(first + bytes, static_cast<std::size_t>(*needed - picture_detail::alignment_loss - bytes));
    auto* const numbers = reinterpret_cast<float*>(first);
    // Bytes that become floats lie in the last quarter of those: each is read before it is written over.
    auto* const samples = reinterpret_cast<std::uint8_t*>(first) + (rule.keeps_levels() ? 0 : 3 * s.size());
    const image_span to = floats ? image_span(numbers, s.h, s.w, s.c) : image_span(samples, s.h, s.w, s.c);
    const auto where = fit(frame, layout_of(frame, how), to, scratch, fitting_of(rule, how));
    if (!where) return where.error();
    if (!floats && rule.keeps_levels()) return prepared_input{to, *where};
    const levels_of levelled(rule);
    for (std::int64_t i = 0; i < s.size(); ++i)
        numbers[i] = levelled(floats ? numbers[i] : static_cast<float>(samples[i]) / 255);
    return prepared_input{image_span(numbers, s.h, s.w, s.c), *where};
}

} // namespace model_detail

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
