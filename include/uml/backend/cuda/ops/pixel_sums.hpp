// Over the pixels of each channel: attention, sums, softmax.
#pragma once

#include "uml/backend/cuda/launch_writer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// In how many parts an attention's sums are formed, and the memory for them.
[[nodiscard]] constexpr int attention_parts(std::int64_t pixels) {
    constexpr std::int64_t each = 512, most = 64;
    return static_cast<int>(pixels < 2 * each ? 1 : pixels / each < most ? pixels / each : most);
}
[[nodiscard]] constexpr std::int64_t attention_bytes(std::int64_t pixels, int channels) {
    const int parts = attention_parts(pixels);
    return parts == 1 ? 0 : block_bytes(std::int64_t{runs(channels)} * parts * attention_sums * 4);
}

inline constexpr operation attention_pool{
    .scratch_bytes = // scores, sums of parts
    [](const site& at) {
        const std::int64_t pixels = at.in(0).out.pixels();
        return float_bytes(pixels) + attention_bytes(pixels, at.in(0).out.c);
    },
    .packed_bytes = [](const site& at, precision) { return float_bytes(at.in(0).out.c); },
    .pack = [](packer& to, const site& at, precision, const dense_parameter& a,
               const dense_parameter&) { to.floats(a.values, at.in(0).out.c); },
    .launch =
        [](launch_writer& to, const site& at) {
            const node& n = at.n;
            const tensor x = to.in(at, 0);
            attention_args a{x, to.out(n), to.in_scratch(n, 0, x.h, x.w, 1, 1, element::f32),
                             attention_parts(x.pixels()), nullptr};
            row_args dot;
            dot.kind = row::dot;
            dot.x = x;
            dot.y = a.scores;
            dot.weights = to.floats(n);
            to.launch(0, kernel::dot, dot);
            a.sums = reinterpret_cast<float*>(to.scratch(n) + to.images() * float_bytes(x.pixels()));
            to.launch(1, kernel::attention, a);
            if (a.parts > 1) to.launch(2, kernel::attention_end, a);
        }};

/// One kernel; `factors`: its second input.
template <column kind, bool factors = false>
inline constexpr operation column_operation{.launch = [](launch_writer& to, const site& at) {
    to.launch(0, kernel::column, column_args{kind, to.in(at, 0), to.out(at.n), factors ? to.in(at, 1) : tensor{}});
}};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
