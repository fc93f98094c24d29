#include "support/csv.hpp"

#include "support/text.hpp"

#include <algorithm>
#include <array>

namespace support {

csv_reader::csv_reader(std::string_view text) : text_(text) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (text_.starts_with(mark)) at_ = mark.size();
    bool quotes = false, semicolon = false;
    for (std::size_t i = at_; i < text_.size() && (quotes || text_[i] != '\n'); ++i) {
        if (text_[i] == '"') quotes = !quotes;
        if (quotes) continue;
        if (text_[i] == ',') return;
        semicolon = semicolon || text_[i] == ';';
    }
    if (semicolon) separator_ = ';';
}

uml::error csv_reader::zero_byte() const {
    return uml::fail(uml::errc::malformed, {"line ", std::uint64_t{next_line_}, ": a zero byte; is it text in UTF-8?"});
}

// After an opening quote, up to and with the closing one. False where the text ends first.
uml::result<bool> csv_reader::quoted(std::string& field) {
    for (; at_ < text_.size(); ++at_) {
        if (text_[at_] == '\0') return zero_byte();
        if (text_[at_] != '"') {
            next_line_ += text_[at_] == '\n' ? 1 : 0;
            field += text_[at_];
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
            field += text_[at_++];
        } else {
            ++at_;
            const bool ends =
                at_ == text_.size() || text_[at_] == separator_ || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n";
            if (!ends)
                return uml::fail(uml::errc::malformed,
                                 {"line ", std::uint64_t{next_line_}, ": text behind a closing quote"});
            return true;
        }
    }
    return false;
}

uml::result<std::optional<std::vector<std::string>>> csv_reader::next() {
    using record = std::optional<std::vector<std::string>>;
    for (;;) {
        line_ = next_line_;
        if (at_ == text_.size()) return record();
        std::vector<std::string> fields(1);
        bool ended = false, empty = true;
        while (!ended && at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '"') {
                if (!fields.back().empty())
                    return uml::fail(uml::errc::malformed, {"line ", std::uint64_t{next_line_},
                                                            ": a quote inside a field that does not begin with one"});
                const auto closed = quoted(fields.back());
                if (!closed) return closed.error();
                if (!*closed) {
                    cut_ = true;
                    return uml::fail(uml::errc::malformed,
                                     {"line ", std::uint64_t{line_}, ": a quote is opened and never closed"});
                }
                empty = false;
            } else if (c == separator_) {
                fields.emplace_back();
                empty = false;
            } else if (c == '\n' || (c == '\r' && at_ < text_.size() && text_[at_] == '\n')) {
                at_ += c == '\r' ? 1 : 0;
                ++next_line_;
                ended = true;
                complete_ = at_;
            } else if (c == '\0') {
                return zero_byte();
            } else if (c == '\r') {
                return uml::fail(uml::errc::malformed, {"line ", std::uint64_t{next_line_},
                                                        ": a carriage return alone; lines end with LF or CRLF"});
            } else {
                fields.back() += c;
                empty = false;
            }
        }
        if (!empty) return record(std::move(fields));
    }
}

std::string csv_cell(std::string_view text) {
    // As ASCII and as wide as an ideograph, which spreadsheets of East Asia take for the same.
    constexpr std::array<std::string_view, 10> signs{"=",  "+",      "-",      "@",      "\t",
                                                     "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    // Also before an apostrophe that stands before such a beginning: no two texts become one.
    const std::string_view begin = text.substr(std::min(text.find_first_not_of('\''), text.size()));
    const bool formula = std::any_of(signs.begin(), signs.end(), [&](auto sign) { return begin.starts_with(sign); });
    return (formula ? "'" : "") + bytes_for_commands(text, "\t\n");
}

std::string csv_field(std::string_view text) {
    std::string field = csv_cell(text);
    if (field.find_first_of(",;\"\r\n") == std::string::npos) return field;
    std::string quoted = "\"";
    for (const char c : field) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

} // namespace support
