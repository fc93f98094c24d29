// A fuzzer's bytes as the choices that make a structured input: whatever the bytes are, the choices are valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

inline void require(bool holds, const char* what = "", double a = 0, double b = 0) {
    if (holds) return;
    std::fprintf(stderr, "not so: %s (%.17g, %.17g)\n", what, a, b);
    std::abort();
}

class input {
public:
    input(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}

    [[nodiscard]] bool empty() const { return next_ == end_; }
    /// Zeros behind the end.
    int byte() { return next_ == end_ ? 0 : *next_++; }
    int below(int n) { return (n > 256 ? byte() << 8 | byte() : byte()) % n; }
    int between(int least, int most) { return least + below(most - least + 1); }
    bool flag() { return (byte() & 1) != 0; }
    /// Up to a zero byte.
    std::string text() {
        std::string s;
        while (next_ != end_ && *next_ != 0) s += static_cast<char>(*next_++);
        if (next_ != end_) ++next_;
        return s;
    }
    [[nodiscard]] std::string_view rest() const {
        return {reinterpret_cast<const char*>(next_), static_cast<std::size_t>(end_ - next_)};
    }

private:
    const std::uint8_t* next_;
    const std::uint8_t* end_;
};

} // namespace fuzz
