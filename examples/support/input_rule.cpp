#include "support/input_rule.hpp"

#include "support/files.hpp"
#include "support/output.hpp"
#include "uml/io/file.hpp"
#include "uml/model/read_input_rule.hpp"

namespace support {
uml::result<void> check_input_rule(std::string_view text, std::string_view file, int channels) {
    const uml::input_rule rule = uml::input_rule_from(text, channels);
    const std::string_view other = !rule.unknown.empty()                      ? rule.unknown.view()
                                   : rule.filter != uml::resampling::bilinear ? "another filter than bilinear"
                                   : !rule.keeps_levels()                     ? "other levels than [0, 255]"
                                                                              : "";
    if (other.empty()) return {};
    return uml::fail(uml::errc::unsupported,
                     {file, ": its network wants pictures with ", other, ", which this program does not make"});
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
        return uml::fail(uml::errc::cannot_read, {shown(weights), ": not a file"});
    never_overwrite(weights);
    return {};
}

} // namespace support
