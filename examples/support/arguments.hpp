// Command lines: `--name value`, `--name=value`, `--flag`, and everything else in order.
#pragma once

#include "support/picture.hpp"
#include "uml/core/result.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// An option that a program knows.
struct option {
    std::string_view name; ///< with its dashes
    int values = 1;        ///< how many words behind it belong to it
};

/// A command line taken apart.
class arguments {
public:
    /// Fails with a sentence on an unknown option, a missing, empty or superfluous value, and an option given twice.
    /// A value that begins with two dashes stands behind `=`, `--name=--value`.
    /// Several values of one option are kept with a space between. After `--` everything is a plain word.
    [[nodiscard]] static uml::result<arguments> parse(int count, const char* const* words,
                                                      std::span<const option> known);

    [[nodiscard]] bool has(std::string_view name) const { return values_.contains(std::string(name)); }
    [[nodiscard]] std::string value(std::string_view name, std::string_view otherwise = {}) const;
    [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

    /// The value as a number in [least, most]; `otherwise` where the option is absent; a sentence if it is no such
    /// number.
    [[nodiscard]] uml::result<int> integer(std::string_view name, int least, int most, int otherwise) const;
    [[nodiscard]] uml::result<double> number(std::string_view name, double least, double most, double otherwise) const;
    /// `--levels LOW HIGH`, the samples that become black and white; none where it is absent.
    [[nodiscard]] uml::result<std::optional<level_range>> levels() const;

private:
    std::map<std::string, std::string> values_;
    std::vector<std::string> words_;
};

} // namespace support
