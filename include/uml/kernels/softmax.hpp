// Softmax over the pixels of one channel, in two phases. The kernel itself is softmax.inc.
#pragma once

#include "uml/kernels/pixel_sums.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// out(p) = exp(x(p)) / sum of exp(x). One channel each.
struct softmax_args {
    source x;
    target out;
    float* shared = nullptr; ///< memory of softmax_shared_bytes
};

/// Memory that all threads share: per block its largest value and the sum of its exponentials.
[[nodiscard]] constexpr std::size_t softmax_shared_bytes(shape x) {
    return static_cast<std::size_t>(split_pixels(x.pixels()).blocks) * 2 * sizeof(float);
}
/// All jobs of the first must be done before the second.
inline constexpr int softmax_phases = 2;
/// Independent jobs of either phase.
[[nodiscard]] constexpr int softmax_jobs(const softmax_args& a) { return split_pixels(a.x.pixels()).blocks; }

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
