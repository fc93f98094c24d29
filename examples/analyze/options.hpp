// The command line of uml-analyze.
#pragma once

#include "support/engine.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace analyze {

/// The kinds of pictures that can be written.
inline constexpr std::array<std::string_view, 4> all_kinds{"overlay", "mask", "uncertainty", "reliable"};
inline constexpr std::string_view kind_on_request = "set";         ///< takes calibrated weights
inline constexpr std::string_view shown_when_withheld = "overlay"; ///< without class and contours then

/// What the user asked for.
struct options {
    support::engine_request engine;
    std::vector<std::string> inputs;            ///< pictures and folders
    std::string folder;                         ///< where pictures go; empty: none are written
    std::vector<std::string> kinds;             ///< of pictures
    std::string csv;                            ///< empty: none
    std::optional<support::level_range> levels; ///< of pictures with more than 8 bits
    bool json = false, resume = false, recursive = false, help = false, version = false;
    bool show_unfamiliar = false; ///< class and mask of pictures of no known kind too
};

/// Fails with a sentence that says what is wrong with the command line.
[[nodiscard]] uml::result<options> parse_options(int count, const char* const* words);

[[nodiscard]] std::string help_text();

} // namespace analyze
