// Files to read: whole, safely, and the pictures of a folder.
#pragma once

#include "support/text.hpp"
#include "uml/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace support {

/// The bytes of a regular file of at most `most` bytes. A device or a pipe is refused and never waited for; so is a
/// file that changes its size meanwhile.
[[nodiscard]] uml::result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& file, std::uintmax_t most);

/// The SHA-256 of a regular file of any size, as hexadecimal digits.
[[nodiscard]] uml::result<std::string> hash_file(const std::filesystem::path& file);

/// What is in a folder, sorted by name. In place of std::filesystem::directory_iterator, which ends the program where
/// memory runs out: the way on is noexcept in libstdc++.
[[nodiscard]] uml::result<std::vector<std::filesystem::path>> entries_of(const std::filesystem::path& folder);

/// The picture files of a folder by their endings, sorted by name. Folders in it are entered where `recursive` is true,
/// except links to folders and `not_into`.
[[nodiscard]] uml::result<std::vector<std::filesystem::path>>
pictures_in(const std::filesystem::path& folder, bool recursive = false, const std::filesystem::path& not_into = {});

/// The absolute path without links, `.` and `..`; as given where it cannot be found.
[[nodiscard]] std::filesystem::path full_path(const std::filesystem::path& p);

/// What the system says about `errno`.
[[nodiscard]] std::string system_reason();

} // namespace support
