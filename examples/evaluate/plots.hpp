// The figures behind the figures: four charts as SVG files.
#pragma once

#include "evaluate/scores.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace evaluate {

/// The files of `write_plots`.
inline constexpr std::array<std::string_view, 4> plot_names{"reliability.svg", "risk-coverage.svg", "roc.svg",
                                                            "dice.svg"};

/// Writes them into a folder.
[[nodiscard]] uml::result<void> write_plots(const std::filesystem::path& folder, const score_table& t,
                                            const std::vector<std::string>& classes);

} // namespace evaluate
