// The command line of uml-analyze.
#pragma once

#include "support/engine.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace analyze {

/// What the user asked for.
struct options {
    support::engine_request engine;
    std::vector<std::string> inputs; ///< pictures and folders
    std::string folder;              ///< where pictures go; empty: none are written
    std::vector<std::string> kinds;  ///< of pictures
    std::string csv;                 ///< empty: none
    bool json = false, resume = false, help = false, version = false;
};

/// Fails with a sentence that says what is wrong with the command line.
[[nodiscard]] uml::result<options> parse_options(int count, const char* const* words);

[[nodiscard]] std::string help_text();

} // namespace analyze
