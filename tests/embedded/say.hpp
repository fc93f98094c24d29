// Text for whoever watches, and the program's end, without a heap: system calls, or semihosting on a bare processor.
#pragma once

#include <string_view>

namespace embedded {

void say(std::string_view words);
[[noreturn]] void end(int status);

} // namespace embedded
