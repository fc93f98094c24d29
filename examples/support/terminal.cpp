#include "support/terminal.hpp"

#include "support/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#ifdef _WIN32
    #include <io.h>
#else
    #include <unistd.h>
#endif

namespace support {

bool errors_seen_by_a_person() {
#ifdef _WIN32
    return _isatty(2) != 0;
#else
    return isatty(2) != 0;
#endif
}

bool terminal_has_unicode() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view locale = value;
        return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
    }
    return false;
}

std::string text_bar(double value, int width, bool unicode) {
    const int full = static_cast<int>(std::lround(std::clamp(value, 0.0, 1.0) * width));
    std::string bar;
    for (int i = 0; i < width; ++i) bar += i < full ? (unicode ? "\u2588" : "#") : (unicode ? "\u2591" : ".");
    return bar;
}

progress::progress(int total)
    : total_(total), on_(total > 1 && errors_seen_by_a_person()), unicode_(terminal_has_unicode()),
      start_(std::chrono::steady_clock::now()) {}

void progress::show(std::string_view item) {
    if (!on_) return;
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::string left;
    if (done_ > 0) {
        const long seconds = std::lround(passed / done_ * (total_ - done_));
        char text[48];
        std::snprintf(text, sizeof text, "  %ld:%02ld left", seconds / 60, seconds % 60);
        left = text;
    }
    const std::string bar = text_bar(static_cast<double>(done_) / total_, 24, unicode_);
    std::fprintf(stderr, "\r\033[K%s %d/%d%s  %.40s", bar.c_str(), done_, total_, left.c_str(),
                 printable(item).c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void progress::clear() {
    if (drawn_) std::fputs("\r\033[K", stderr);
    drawn_ = false;
}

} // namespace support
