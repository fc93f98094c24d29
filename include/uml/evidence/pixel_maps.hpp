// Measures of a Dirichlet for every pixel of an image, written into the caller's memory.
#pragma once

#include "uml/core/result.hpp"
#include "uml/core/tensor.hpp"
#include "uml/evidence/dirichlet.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Writes measure(dirichlet of pixel p) to out[p] for all h * w pixels, row by row. `values` has one channel per class
/// (NHWC, any step) and holds alpha or evidence. Fails when the view is empty or has fewer than two channels, or when
/// `out` is too small. The numbers themselves are trusted.
template <class T, class U, class F>
requires std::floating_point<std::remove_const_t<T>> result<void> map_pixels(tensor_view<T> values, std::span<U> out,
                                                                             F&& measure, holds what = holds::alpha) {
    using number = std::remove_const_t<T>;
    if (values.data == nullptr || values.h < 1 || values.w < 1 || values.c < 2 || values.step < values.c)
        return fail(errc::invalid_argument, {"pixel map: a view of ", values.h, " x ", values.w, " pixels with ",
                                             values.c, " classes, ", values.step, " apart, cannot be used"});
    const std::int64_t pixels = values.pixels();
    if (out.size() < static_cast<std::uint64_t>(pixels))
        return fail(errc::too_small, {"pixel map: room for ", static_cast<std::uint64_t>(out.size()), " pixels, ",
                                      pixels, " are needed"});
    for (std::int64_t p = 0; p < pixels; ++p)
        out[static_cast<std::size_t>(p)] =
            static_cast<U>(measure(dirichlet<number>(values.pixel(p), values.c, 1, what)));
    return {};
}

/// Vacuity K / S of every pixel, in (0, 1].
template <class T>
result<void> vacuity_map(tensor_view<T> values, std::span<std::remove_const_t<T>> out, holds what = holds::alpha) {
    return map_pixels(
        values, out, [](const auto& d) { return d.vacuity(); }, what);
}

/// Dissonance of every pixel, in [0, 1).
template <class T>
result<void> dissonance_map(tensor_view<T> values, std::span<std::remove_const_t<T>> out, holds what = holds::alpha) {
    return map_pixels(
        values, out, [](const auto& d) { return d.dissonance(); }, what);
}

/// Entropy of the expected probabilities of every pixel, in nats.
template <class T>
result<void> entropy_map(tensor_view<T> values, std::span<std::remove_const_t<T>> out, holds what = holds::alpha) {
    return map_pixels(
        values, out, [](const auto& d) { return d.entropy(); }, what);
}

/// Mutual information of every pixel, in nats.
template <class T>
result<void> mutual_information_map(tensor_view<T> values, std::span<std::remove_const_t<T>> out,
                                    holds what = holds::alpha) {
    return map_pixels(
        values, out, [](const auto& d) { return d.mutual_information(); }, what);
}

/// Expected probability of class k of every pixel. Fails as map_pixels does, and when there is no class k.
template <class T>
result<void> probability_map(tensor_view<T> values, int k, std::span<std::remove_const_t<T>> out,
                             holds what = holds::alpha) {
    if (k < 0 || k >= values.c)
        return fail(errc::invalid_argument, {"pixel map: class ", k, " of ", values.c, " classes does not exist"});
    return map_pixels(
        values, out, [k](const auto& d) { return d.probability(k); }, what);
}

/// The most probable class of every pixel, at most 256 classes.
template <class T> result<void> predicted_map(tensor_view<T> values, std::span<std::uint8_t> out) {
    return map_pixels(values, out, [](const auto& d) { return d.predicted(); });
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
