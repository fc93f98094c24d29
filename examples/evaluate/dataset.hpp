// A folder of labelled pictures: images/, masks/ and labels.csv.
#pragma once

#include "support/picture.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace evaluate {

/// One row of labels.csv with its files.
struct labelled_case {
    std::string id;
    int label = 0;
    std::filesystem::path image, mask;
};

/// Reads labels.csv (columns id, label and name, others are ignored) of `folder`, or of `folder/split` if a split is
/// named, and finds every case's files. Fails with the first thing that is missing or wrong: a column, a label that is
/// no number below `classes`, an id that appears twice, a picture or a mask that is not there.
[[nodiscard]] uml::result<std::vector<labelled_case>> read_dataset(const std::filesystem::path& folder,
                                                                   std::string_view split, int classes);

/// Reads a mask: with two regions any value above 127 is region 1 unless all values are 0 and 1; otherwise values are
/// the regions' numbers. Fails on a value that is no region.
[[nodiscard]] uml::result<support::picture> read_mask(const std::filesystem::path& file, int regions);

} // namespace evaluate
