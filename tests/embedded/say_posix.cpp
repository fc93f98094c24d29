#include "say.hpp"

#include <cstddef>
#include <unistd.h>

namespace embedded {

void say(std::string_view words) {
    while (!words.empty()) {
        const ssize_t written = write(1, words.data(), words.size());
        if (written <= 0) return;
        words.remove_prefix(static_cast<std::size_t>(written));
    }
}
void end(int status) { _exit(status); }

} // namespace embedded
