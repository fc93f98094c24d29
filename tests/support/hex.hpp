// Bytes that a test's table holds as hexadecimal digits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace uml_test {

[[nodiscard]] inline std::vector<std::uint8_t> from_hex(const std::string& digits) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

} // namespace uml_test
