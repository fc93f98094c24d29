// Fusion pixel by pixel: several evidence maps of one image (flips turned back, models) into one map of opinions.
#pragma once

#include "uml/core/result.hpp"
#include "uml/core/tensor.hpp"
#include "uml/evidence/dirichlet.hpp"
#include "uml/evidence/fusion.hpp"
#include "uml/evidence/opinion.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Fuses maps of alpha or evidence, all of one size, K channels each. `out` has the same height and width and K + 1
/// channels: the K beliefs, then the vacuity. `scratch` needs K + 1 elements for each map. Fails when sizes do not fit
/// or memory is too small; the numbers themselves are trusted.
template <class T>
requires std::floating_point<std::remove_const_t<T>> result<void>
fuse_pixels(fusion_rule rule, std::span<const tensor_view<T>> maps, std::span<std::remove_const_t<T>> scratch,
            tensor_view<std::remove_const_t<T>> out, holds what = holds::alpha) {
    using number = std::remove_const_t<T>;
    if (maps.empty()) return fail(errc::invalid_argument, "pixel fusion: there is no map to fuse");
    const int classes = maps[0].c;
    for (const auto& map : maps)
        if (map.h != out.h || map.w != out.w || map.c != classes || classes < 2 || map.step < map.c)
            return fail(errc::wrong_shape, {"pixel fusion: maps of ", map.h, " x ", map.w, " x ", map.c, " and of ",
                                            out.h, " x ", out.w, " x ", classes, " do not fit together"});
    if (out.c != classes + 1 || out.step < out.c)
        return fail(errc::wrong_shape,
                    {"pixel fusion: the result has ", out.c, " channels, ", classes + 1, " are needed"});
    const std::size_t row = static_cast<std::size_t>(classes) + 1;
    if (scratch.size() < maps.size() * row)
        return fail(errc::too_small, {"pixel fusion: scratch memory of ", static_cast<std::uint64_t>(scratch.size()),
                                      " elements, ", static_cast<std::uint64_t>(maps.size() * row), " are needed"});

    const opinion_table<number> sources(scratch.first(maps.size() * row), classes);
    for (std::int64_t p = 0; p < out.pixels(); ++p) {
        for (std::size_t i = 0; i < maps.size(); ++i)
            sources[i].assign(dirichlet<number>(maps[i].pixel(p), classes, 1, what));
        fusion::apply(rule, sources, opinion<number>(std::span<number>(out.pixel(p), row)));
    }
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
