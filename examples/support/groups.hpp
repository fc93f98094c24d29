// Which cases of a labelled folder belong together: patients, by a column of labels.csv.
#pragma once

#include "uml/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// The group of every case, and what the groups are called.
struct case_groups {
    std::vector<std::uint32_t> of; ///< a number a case: 0, 1, ... in the order in which the groups first occur
    std::vector<std::string> names;
};

/// The groups of `ids` by what the column says. labels.csv is that of `folder`, or of `folder/split` if a split is
/// named. Fails when it has no such column, or a row has nothing there.
[[nodiscard]] uml::result<case_groups> read_groups(const std::filesystem::path& folder, std::string_view split,
                                                   std::string_view column, const std::vector<std::string>& ids);

} // namespace support
