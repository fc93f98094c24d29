#include "support/program.hpp"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace support {

void keep_standard_streams_apart() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(number, F_GETFD) >= 0) continue;
        // The lowest free number is this one. Reading standard input fails, as does writing the others.
        (void)::open("/dev/null", (number == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    }
}

bool printed() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

} // namespace support
