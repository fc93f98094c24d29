// A writer of JSON: the caller names keys and values in order, the writer sets commas, lines and escapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace support {

class json_writer {
public:
    json_writer& begin_object() { return open('{'); }
    json_writer& end_object() { return close('}'); }
    json_writer& begin_array() { return open('['); }
    json_writer& end_array() { return close(']'); }
    json_writer& key(std::string_view name);

    json_writer& value(std::string_view text); ///< bytes that are no UTF-8 become U+FFFD
    json_writer& value(const char* text) { return value(std::string_view(text)); }
    json_writer& value(double number); ///< nine digits; null if not finite
    json_writer& value(std::int64_t number);
    json_writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
    json_writer& value(bool yes);
    json_writer& null();

    template <class T> json_writer& field(std::string_view name, const T& v) { return key(name).value(v); }

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    json_writer& open(char bracket);
    json_writer& close(char bracket);
    void before_value();
    void new_line();
    void quote(std::string_view s);

    std::string text_;
    int depth_ = 0;
    bool first_ = true, after_key_ = false;
};

/// The same nine digits for other formats; empty if not finite.
[[nodiscard]] std::string number_text(double number, int digits = 9);

} // namespace support
