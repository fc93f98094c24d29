// How a picture's rows must lie in memory.
#pragma once

#include "uml/core/result.hpp"
#include "uml/core/tensor.hpp"

#include <cstdint>
#include <limits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// For views of at least 1 x 1 pixels of 1 channel: rows hold their pixels and do not reach beyond all memory; floats
/// lie at multiples of their size. That the memory is there is the caller's word. Errors: errc::invalid_argument.
[[nodiscard]] inline result<void> check_rows(const image_view& v, const char* what) {
    const std::int64_t sample = v.type == image_view::sample::f32 ? 4 : 1;
    // By division: a product of three sizes can exceed 64 bits.
    if (v.row_bytes / sample < std::int64_t{v.width} * v.channels)
        return fail(errc::invalid_argument, {what, ": a row of ", v.row_bytes, " bytes is shorter than its pixels"});
    if (v.row_bytes % sample != 0)
        return fail(errc::invalid_argument,
                    {what, ": a row of ", v.row_bytes, " bytes is not a whole number of floats"});
    if (v.row_bytes > std::numeric_limits<std::ptrdiff_t>::max() / v.height)
        return fail(errc::invalid_argument,
                    {what, ": ", v.height, " rows of ", v.row_bytes, " bytes are more than a memory can have"});
    if (reinterpret_cast<std::uintptr_t>(v.data) % static_cast<std::uintptr_t>(sample) != 0)
        return fail(errc::invalid_argument, {what, ": floats begin at an address that is no multiple of 4"});
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
