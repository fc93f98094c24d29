// The pictures of a run: where each is, and what its results are to be called.
#pragma once

#include "analyze/options.hpp"
#include "support/manifest.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace analyze {

/// A picture to read, or a folder that cannot be read.
struct task {
    std::filesystem::path file;
    std::string problem;        ///< a sentence, where there is nothing to read
    std::filesystem::path stem; ///< what its results are to be called, with folders in front where these are kept
    std::string source{};       ///< its full path
    bool clash = false;         ///< another picture of this run is to be called the same
    std::string suffix{};       ///< hexadecimal digits that tell it from these: of its content, if that does
    std::size_t digits = support::suffix_lengths[0]; ///< how many of these it takes
};

/// Every picture once, in the order of the command line, the files of a folder by name. Under whatever names a picture
/// is there, it is called by its own, or else by the first of them in the alphabet. Names that differ only in case
/// count as the same, so that the files they lead to exist on any file system. From now on no result takes a picture's
/// place.
[[nodiscard]] std::vector<task> list_tasks(const options& o);

} // namespace analyze
