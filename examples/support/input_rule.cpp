#include "support/input_rule.hpp"

#include "support/files.hpp"
#include "support/output.hpp"
#include "uml/io/file.hpp"
#include "uml/io/json_value.hpp"

namespace support {
namespace {

// Two numbers in an array.
bool is_pair(const uml::json::value& v, double first, double second) {
    if (v.type() != uml::json::kind::array) return false;
    std::vector<double> numbers;
    for (const auto item : v.items()) numbers.push_back(item.number().value_or(-1));
    return numbers == std::vector<double>{first, second};
}

} // namespace

uml::result<void> check_input_rule(std::string_view text, std::string_view file, int channels) {
    const auto rule = uml::json::parse(text, "uml.input");
    if (!rule || rule->type() != uml::json::kind::object) return {};
    for (const auto [key, v] : rule->members()) {
        const bool known = key.says("channels") ? v.says(channels == 1 ? "grey" : "rgb")
                           : key.says("range")  ? is_pair(v, 0, 1)
                           : key.says("levels") ? is_pair(v, 0, 255)
                                                : key.says("resampling") && v.says("bilinear");
        if (!known)
            return uml::fail(uml::errc::unsupported, file, ": its network wants pictures with ",
                             printable(key.source()), ": ", printable(v.source().substr(0, 80)),
                             ", which this program does not make");
    }
    return {};
}

uml::result<void> check_input_rule(const std::string& weights, const model_facts& model) {
    const auto file = uml::open_weights(weights.c_str());
    if (!file) return file.error();
    const auto text = file->metadata("uml.input");
    return text ? check_input_rule(*text, shown(weights), model.channels) : uml::result<void>();
}

uml::result<void> check_weights_file(const std::string& weights) {
    std::error_code ignored;
    const auto status = std::filesystem::status(weights, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        return uml::fail(uml::errc::cannot_read, shown(weights), ": not a file");
    never_overwrite(weights);
    return {};
}

} // namespace support
