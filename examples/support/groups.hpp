// Which cases of a labelled folder belong together: patients, by a column of labels.csv.
#pragma once

#include "uml/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// A number for each of `ids`, equal where the column says the same; 0, 1, ... in the order in which they first occur.
/// labels.csv is that of `folder`, or of `folder/split` if a split is named. Fails when it has no such column, or a row
/// has nothing there.
[[nodiscard]] uml::result<std::vector<std::uint32_t>> read_groups(const std::filesystem::path& folder,
                                                                  std::string_view split, std::string_view column,
                                                                  const std::vector<std::string>& ids);

} // namespace support
