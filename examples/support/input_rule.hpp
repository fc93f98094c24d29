// What a weights file says of the pictures that its network was trained on (`uml.input`), and whether these programs
// make such pictures.
#pragma once

#include "support/engine.hpp"

#include <string>

namespace support {

/// Anything of the rule (uml::input_rule_from) that these programs do not do is refused with a sentence: they make
/// pictures of the network's channels, of all levels, with the bilinear filter.
[[nodiscard]] uml::result<void> check_input_rule(const std::string& weights, const model_facts& model);

/// The same for the text alone; `file` is for the sentence.
[[nodiscard]] uml::result<void> check_input_rule(std::string_view text, std::string_view file, int channels);

/// A regular file of which no result may take the place; refused where it is a device or a pipe, which could be waited
/// for without end.
[[nodiscard]] uml::result<void> check_weights_file(const std::string& weights);

} // namespace support
