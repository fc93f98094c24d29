#include "support/arguments.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace support {

uml::result<arguments> arguments::parse(int count, const char* const* words, std::span<const option> known) {
    arguments a;
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--") {
            a.words_.insert(a.words_.end(), words + i + 1, words + count);
            break;
        }
        if (!word.starts_with("--")) {
            if (word.size() > 1 && word[0] == '-')
                return uml::fail(uml::errc::invalid_argument, {"unknown option ", word, "; options have two dashes"});
            a.words_.emplace_back(word);
            continue;
        }
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const auto found = std::find_if(known.begin(), known.end(), [&](const option& o) { return o.name == name; });
        if (found == known.end()) return uml::fail(uml::errc::invalid_argument, {"unknown option ", name});
        std::string value;
        if (equals != std::string_view::npos) {
            if (found->values == 0) return uml::fail(uml::errc::invalid_argument, {name, " takes no value"});
            if (found->values > 1) return uml::fail(uml::errc::invalid_argument, {name, " needs two values behind it"});
            value = word.substr(equals + 1);
        }
        for (int n = 0; equals == std::string_view::npos && n < found->values; ++n) {
            if (i + 1 == count)
                return uml::fail(uml::errc::invalid_argument,
                                 {name, " needs ", found->values == 1 ? "a value" : "two values"});
            // A value that was forgotten, most likely.
            if (const std::string_view next = words[i + 1]; next.starts_with("--"))
                return uml::fail(
                    uml::errc::invalid_argument,
                    {name, " needs ", found->values == 1 ? "a value" : "two values", " and is followed by ", next});
            value += (n > 0 ? " " : "") + std::string(words[++i]);
        }
        // An unset variable of a script, most likely.
        if (found->values == 1 && value.empty())
            return uml::fail(uml::errc::invalid_argument, {name, " needs a value"});
        if (!a.values_.emplace(name, value).second)
            return uml::fail(uml::errc::invalid_argument, {name, " is given twice"});
    }
    return a;
}

std::string arguments::value(std::string_view name, std::string_view otherwise) const {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::string(otherwise) : found->second;
}

uml::result<int> arguments::integer(std::string_view name, int least, int most, int otherwise) const {
    if (!has(name)) return otherwise;
    const std::string text = value(name);
    int n = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (failed != std::errc{} || end != text.data() + text.size() || n < least || n > most)
        return uml::fail(uml::errc::invalid_argument,
                         {name, " wants a whole number from ", least, " to ", most, ", not '", text, "'"});
    return n;
}

uml::result<double> arguments::number(std::string_view name, double least, double most, double otherwise) const {
    if (!has(name)) return otherwise;
    const std::string text = value(name);
    char* end = nullptr;
    errno = 0;
    const double n = std::strtod(text.c_str(), &end);
    // strtod takes more than decimal numbers: hexadecimal ones, spaces before them.
    const bool decimal = text.find_first_not_of("0123456789.eE+-") == text.npos;
    if (text.empty() || *end != '\0' || !decimal || !(n >= least && n <= most))
        return uml::fail(uml::errc::invalid_argument, {name, " wants a decimal number from ", static_cast<int>(least),
                                                       " to ", static_cast<int>(most), ", not '", text, "'"});
    if (errno == ERANGE)
        return uml::fail(uml::errc::invalid_argument, {name, ": ", text, " is too near 0 to be told from it"});
    return n;
}

uml::result<std::optional<level_range>> arguments::levels() const {
    if (!has("--levels")) return std::optional<level_range>();
    const std::string text = value("--levels");
    level_range l;
    const char* const end = text.data() + text.size();
    const auto low = std::from_chars(text.data(), end, l.low);
    const auto high = low.ptr == end ? low : std::from_chars(low.ptr + 1, end, l.high);
    if (low.ec != std::errc{} || low.ptr == end || *low.ptr != ' ' || high.ec != std::errc{} || high.ptr != end ||
        l.low < 0 || l.high <= l.low || l.high > 65535)
        return uml::fail(uml::errc::invalid_argument,
                         {"--levels wants two whole numbers LOW HIGH with 0 <= LOW < HIGH <= 65535, not '", text, "'"});
    return std::optional<level_range>(l);
}

} // namespace support
