// SHA-256 (FIPS 180-4), to tell whether a file is still the one that it was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace support {

/// A hash in the making: `add` bytes, then ask for 64 hexadecimal digits once.
class sha256 {
public:
    void add(std::span<const std::uint8_t> bytes);
    [[nodiscard]] std::string hex();

private:
    void block(const std::uint8_t* bytes);

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::uint8_t, 64> rest_{};
    std::uint64_t length_ = 0;
};

/// Of all bytes at once.
[[nodiscard]] std::string hash_of(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string hash_of(std::string_view text);

} // namespace support
