// Copies of channels: concatenation, shuffling, repetition. The kernel itself is copy.inc.
#pragma once

#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

enum class copying : std::uint8_t {
    plain,   ///< channel by channel
    shuffle, ///< output channel g * C / count + j = input channel count * j + g
    tile     ///< all channels, repeated until `out` is full
};

/// Height and width of `in` and `out` are the same. A concatenation is one plain copy per input.
struct copy_args {
    copying kind = copying::plain;
    source in;
    target out;
    int count = 1;
    halves half{}; ///< in; out
};

[[nodiscard]] constexpr row_split copy_split(const copy_args& a) { return split_rows(a.out.h, a.out.w, a.out.c); }
[[nodiscard]] constexpr int copy_jobs(const copy_args& a) { return copy_split(a).jobs; }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
