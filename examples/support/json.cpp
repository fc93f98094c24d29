#include "support/json.hpp"

#include <charconv>
#include <cmath>

namespace support {
namespace {

// Length of the well-formed UTF-8 sequence at the beginning of s, 0 if there is none.
std::size_t sequence_length(std::string_view s) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || s.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const unsigned second = byte(1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
        return 0;
    return length;
}

} // namespace

std::string number_text(double number, int digits) {
    if (!std::isfinite(number)) return {};
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::general, digits);
    return {buffer, end.ptr};
}

json_writer& json_writer::key(std::string_view name) {
    before_value();
    quote(name);
    text_ += ": ";
    after_key_ = true;
    return *this;
}

json_writer& json_writer::value(std::string_view text) {
    before_value();
    quote(text);
    return *this;
}

json_writer& json_writer::value(double number) {
    if (!std::isfinite(number)) return null();
    before_value();
    text_ += number_text(number);
    return *this;
}

json_writer& json_writer::value(std::int64_t number) {
    before_value();
    text_ += std::to_string(number);
    return *this;
}

json_writer& json_writer::value(bool yes) {
    before_value();
    text_ += yes ? "true" : "false";
    return *this;
}

json_writer& json_writer::null() {
    before_value();
    text_ += "null";
    return *this;
}

json_writer& json_writer::open(char bracket) {
    before_value();
    text_ += bracket;
    ++depth_;
    first_ = true;
    return *this;
}

json_writer& json_writer::close(char bracket) {
    --depth_;
    if (!first_) new_line();
    text_ += bracket;
    first_ = false;
    if (depth_ == 0) text_ += '\n';
    return *this;
}

void json_writer::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (!first_) text_ += ',';
    if (depth_ > 0) new_line();
    first_ = false;
}

void json_writer::new_line() {
    text_ += '\n';
    text_.append(static_cast<std::size_t>(depth_) * 2, ' ');
}

void json_writer::quote(std::string_view s) {
    constexpr char hex[] = "0123456789abcdef";
    text_ += '"';
    while (!s.empty()) {
        const char c = s.front();
        const std::size_t length = sequence_length(s);
        if (length == 0) {
            text_ += "\xef\xbf\xbd";
        } else if (c == '"' || c == '\\') {
            (text_ += '\\') += c;
        } else if (c == '\n') {
            text_ += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            ((text_ += "\\u00") += hex[c >> 4]) += hex[c & 15];
        } else {
            text_ += s.substr(0, length);
        }
        s.remove_prefix(length == 0 ? 1 : length);
    }
    text_ += '"';
}

} // namespace support
