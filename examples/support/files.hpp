// Files: reading whole, writing whole, listing the pictures of a folder, and names for what is made of them.
#pragma once

#include "uml/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// The bytes of a regular file of at most `most` bytes.
[[nodiscard]] uml::result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& file, std::uintmax_t most);

/// Writes the whole file under a temporary name beside it, then renames it.
[[nodiscard]] uml::result<void> write_file(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
[[nodiscard]] uml::result<void> write_file(const std::filesystem::path& file, std::string_view text);

/// The PNG and JPEG files of a folder by their endings, sorted by name; folders in it are not entered.
[[nodiscard]] uml::result<std::vector<std::filesystem::path>> pictures_in(const std::filesystem::path& folder);

/// One name per file: its stem, with -2, -3 ... behind it where an earlier file has taken the name. Names that differ
/// only in case count as equal, so that the files they lead to exist on any file system.
[[nodiscard]] std::vector<std::string> unique_stems(const std::vector<std::filesystem::path>& files);

/// A path as UTF-8.
[[nodiscard]] std::string to_utf8(const std::filesystem::path& p);

} // namespace support
