// Any bytes as a table: what is read can be written and read again, and nothing written is a formula.
#include "support/csv.hpp"
#include "support/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    support::csv_reader reader(text);
    std::size_t line = 0;
    for (;;) {
        const auto record = reader.next();
        require(reader.complete() <= size);
        if (!record) {
            require(!record.error().what.empty());
            break;
        }
        if (!*record) break;
        require(reader.line() > line);
        line = reader.line();
        std::string row;
        for (const std::string& field : **record) row += (row.empty() ? "" : ",") + support::csv_field("x" + field);
        row += ",end\n";
        support::csv_reader again(row);
        const auto copy = again.next();
        require(copy && *copy && (**copy).size() == (**record).size() + 1);
        for (std::size_t i = 0; i < (**record).size(); ++i)
            require((**copy)[i] == "x" + support::bytes_for_commands((**record)[i], "\t\n"));
        const std::string field = support::csv_field((**record)[0]);
        require(field.empty() || std::string_view("=+-@\t\r\n").find(field[0]) == std::string_view::npos);
    }
    const std::string shown = support::printable(text);
    for (const char c : shown) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    // It is UTF-8: no byte of it is escaped, only the backslash of a text that looks like an escaped byte.
    std::string back = support::valid_utf8(shown);
    for (std::size_t at = 0; (at = back.find("\\x5c", at)) != std::string::npos;) back.replace(at++, 4, "\\");
    require(back == shown);
    return 0;
}
