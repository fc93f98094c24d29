// The figures behind the figures: four charts as SVG files.
#pragma once

#include "evaluate/scores.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace evaluate {

/// Writes reliability.svg, risk-coverage.svg, roc.svg and dice.svg into a folder.
[[nodiscard]] uml::result<void> write_plots(const std::filesystem::path& folder, const score_table& t,
                                            const std::vector<std::string>& classes);

} // namespace evaluate
