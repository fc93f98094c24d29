// Files to write. A result appears under its name only when it is whole and on the disk, never in the place of
// something that the program reads, and never through a link to what is not the user's own file.
#pragma once

#include "support/descriptor.hpp"
#include "uml/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace support {

/// From now on nothing of this program puts another file in the place of the one that is there now under this name (or
/// any other name of it).
void never_overwrite(const std::filesystem::path& file, std::string_view because = "an input of this program");

/// Why it is not overwritten; empty where it may be.
[[nodiscard]] std::string_view kept_because(const std::filesystem::path& file);

/// Whether what is written to this file comes among what the program prints, and is not thrown away.
[[nodiscard]] bool comes_among_what_is_printed(const std::filesystem::path& file);

/// Whether results can go to these places, before work begins: none is an input, a folder, `-` or cannot be written to,
/// and no two are one file. What has gone by the time of writing is refused then.
[[nodiscard]] uml::result<void> check_outputs(std::span<const std::filesystem::path> files);

/// Writes the whole file under a temporary name beside it, brings it to the disk, then renames it. What was there
/// before keeps its permissions; where these forbid to write, it stays. A device or a named pipe is written to as it
/// is. A symbolic link is followed where it belongs to the user (or root) and leads to a regular file of the user or to
/// a character device or a pipe. Temporary files that a program which was killed has left in the folder are removed.
[[nodiscard]] uml::result<void> write_file(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
[[nodiscard]] uml::result<void> write_file(const std::filesystem::path& file, std::string_view text);

/// A file to which whole lines are added by one program at a time.
class line_file {
public:
    /// Opens or creates it and locks it until this object goes; refused where another program has the lock.
    [[nodiscard]] static uml::result<line_file> open(const std::filesystem::path& file);

    /// Whether it is a device or a pipe: there is nothing to read back, and no lock.
    [[nodiscard]] bool is_stream() const { return stream_; }
    /// What is in it.
    [[nodiscard]] uml::result<std::string> content() const;
    /// Puts other text in its place, all or nothing.
    [[nodiscard]] uml::result<void> replace(std::string_view text);
    /// Adds text at its end, all or nothing.
    [[nodiscard]] uml::result<void> append(std::string_view text);
    /// Brings it to the disk.
    [[nodiscard]] uml::result<void> finish();

private:
    std::filesystem::path file_;
    descriptor open_;
    bool stream_ = false;
};

/// Everything in an open file from a place on.
[[nodiscard]] uml::result<std::string> read_from(const descriptor& open, std::uint64_t from,
                                                 const std::filesystem::path& name);

/// Writes all of it. False where that fails; `errno` says why.
[[nodiscard]] bool write_all(const descriptor& open, std::string_view text);

/// Whether an open file still has its name. What is added to one that was removed or replaced meanwhile is lost.
[[nodiscard]] uml::result<void> check_named(const descriptor& open, const std::filesystem::path& file);

/// "NAME: cannot be written: " and what the system says.
[[nodiscard]] uml::error cannot_write(const std::filesystem::path& file);

} // namespace support
