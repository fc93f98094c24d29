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

/// Reads labels.csv (columns id, label and name, others are ignored; UTF-8, RFC 4180, also with semicolons) of
/// `folder`, or of `folder/split` if a split is named, and finds every case's files: images/ID.png, .jpg, .jpeg, .tif
/// or .tiff and masks/ID.png, endings in any case. Fails with the line and the first thing that is missing or wrong: a
/// column, a label that is no number of `classes`, a name that is another class's or none's (where the weights name
/// theirs), an id that appears twice, a picture or a mask that is not there.
[[nodiscard]] uml::result<std::vector<labelled_case>>
read_dataset(const std::filesystem::path& folder, std::string_view split, const std::vector<std::string>& classes);

/// The images of that folder that no row names.
[[nodiscard]] std::vector<std::string> images_without_row(const std::vector<labelled_case>& cases);

/// Reads a mask, as `support::to_regions` says.
[[nodiscard]] uml::result<support::picture> read_mask(const std::filesystem::path& file, int regions);

} // namespace evaluate
