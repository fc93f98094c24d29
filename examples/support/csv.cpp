#include "support/csv.hpp"

namespace support {

csv_records read_csv(std::string_view text, bool to_end) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    csv_records found;
    std::vector<std::string> row(1);
    bool inside_quotes = false;
    const auto end_row = [&](std::size_t next) {
        if (row.size() > 1 || !row[0].empty()) found.rows.push_back(row);
        row.assign(1, {});
        found.length = next;
    };
    for (std::size_t i = text.starts_with(mark) ? mark.size() : 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' && inside_quotes && i + 1 < text.size() && text[i + 1] == '"')
            row.back() += text[++i];
        else if (c == '"')
            inside_quotes = !inside_quotes;
        else if (!inside_quotes && c == ',')
            row.emplace_back();
        else if (!inside_quotes && c == '\n')
            end_row(i + 1);
        else if (inside_quotes || c != '\r')
            row.back() += c;
    }
    if (to_end && found.length < text.size()) end_row(text.size());
    return found;
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

} // namespace support
