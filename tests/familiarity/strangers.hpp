// Pictures that no network for brain slices should know: made from nothing, or from slices whose content is destroyed.
#pragma once

#include "support/picture.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace familiarity {

/// One kind of them: grey, of the size of `slice`, a picture of the right kind that some kinds are made from.
struct stranger {
    std::string_view name;
    support::picture (*make)(const support::picture& slice, std::uint64_t seed);
};

[[nodiscard]] std::span<const stranger> strangers();

} // namespace familiarity
