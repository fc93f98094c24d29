// What depends on the terminal: whether there is one, what it can show, and a progress bar.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace support {

/// Whether standard error is a terminal.
[[nodiscard]] bool errors_seen_by_a_person();

/// Whether the locale's encoding is UTF-8, so that blocks and signs beyond ASCII can be printed.
[[nodiscard]] bool terminal_has_unicode();

/// A horizontal bar of `width` characters for a value in [0, 1].
[[nodiscard]] std::string text_bar(double value, int width, bool unicode);

/// A progress bar on standard error; silent where that is not a terminal.
class progress {
public:
    explicit progress(int total);
    ~progress() { clear(); }
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    /// Says that work on an item begins.
    void show(std::string_view item);
    /// Says that one more item is done.
    void advance() { ++done_; }
    /// Takes the bar away, so that other lines can be written.
    void clear();

private:
    int total_, done_ = 0;
    bool on_, unicode_, drawn_ = false;
    std::chrono::steady_clock::time_point start_;
};

} // namespace support
