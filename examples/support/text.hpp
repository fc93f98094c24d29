// Text from strangers, made safe to show: names of files, of classes and of columns may hold any byte.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace support {

/// The same text where it is UTF-8; any other byte as \xNN, and the backslash of a text that looks so as \x5c:
/// different texts stay different.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// How many bytes of the text are UTF-8, from its beginning on.
[[nodiscard]] std::size_t utf8_bytes(std::string_view text);

/// For a terminal: valid UTF-8 in which control characters and those that turn the direction of writing are \xNN or
/// \u{NNNN}, so that no name can move the cursor or colour what follows. `keep` are control characters left as they
/// are.
[[nodiscard]] std::string printable(std::string_view text, std::string_view keep = {});

/// The same with each byte of such a character as \xNN. Of text by valid_utf8 different ones stay different.
[[nodiscard]] std::string bytes_for_commands(std::string_view text, std::string_view keep);

/// The same JSON document with such characters as \uNNNN; the writer has escaped those of ASCII.
[[nodiscard]] std::string json_for_terminal(std::string_view document);

/// A path for a sentence: printable, shortened in its middle where it is long.
[[nodiscard]] std::string shown(const std::filesystem::path& p);

/// A path as valid UTF-8.
[[nodiscard]] std::string to_utf8(const std::filesystem::path& p);

/// ASCII letters in lower case.
[[nodiscard]] std::string lower(std::string s);

} // namespace support
