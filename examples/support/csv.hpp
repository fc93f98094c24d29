// Comma-separated tables (RFC 4180): fields in quotes where they need them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace support {

/// The complete records of a text.
struct csv_records {
    std::vector<std::vector<std::string>> rows;
    std::size_t length = 0; ///< of the text up to the end of the last complete record
};

/// A record ends with a line break; what comes after the last one is left out, unless `to_end`. Empty lines are
/// skipped, and a byte order mark.
[[nodiscard]] csv_records read_csv(std::string_view text, bool to_end);

/// A field as it stands in a table.
[[nodiscard]] std::string csv_field(std::string_view text);

} // namespace support
