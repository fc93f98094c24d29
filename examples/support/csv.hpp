// Tables as comma-separated values (RFC 4180): reading strictly, and quoting.
#pragma once

#include "uml/core/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// Record by record. A byte order mark is skipped; records end with LF or CRLF; empty lines are none. Fields are parted
/// by commas, or by semicolons where the first line has no comma outside quotes. What the format does not allow, a
/// quote in the middle of a field or one that is never closed, or a carriage return alone, is an error that names the
/// line.
class csv_reader {
public:
    explicit csv_reader(std::string_view text); ///< which must stay where it is

    /// The fields of the next record; nothing after the last.
    [[nodiscard]] uml::result<std::optional<std::vector<std::string>>> next();

    /// The line on which the last record began, from 1.
    [[nodiscard]] std::size_t line() const { return line_; }
    /// The bytes up to the end of the last record that had one: what follows it may have been cut off.
    [[nodiscard]] std::size_t complete() const { return complete_; }
    /// Whether an error came from a quote that is open at the end of the text.
    [[nodiscard]] bool cut() const { return cut_; }

private:
    [[nodiscard]] uml::result<bool> quoted(std::string& field);
    [[nodiscard]] uml::error zero_byte() const;

    std::string_view text_;
    char separator_ = ',';
    std::size_t at_ = 0, line_ = 1, next_line_ = 1, complete_ = 0;
    bool cut_ = false;
};

/// What a cell holds for a text: an apostrophe in front where a spreadsheet would take it for a formula (it begins with
/// = + - @, wide ones too, a tab or a line feed) or for such a cell (one with apostrophes in front of it). What moves a
/// terminal's cursor but these two is \xNN, a byte each.
[[nodiscard]] std::string csv_cell(std::string_view text);

/// A cell as it is written, quoted if it must be.
[[nodiscard]] std::string csv_field(std::string_view text);

} // namespace support
