// To be preloaded into a program: the call number UML_FAIL_AT (from 1) of the function UML_FAIL (flock, fsync, rename,
// ftruncate or write) fails with the error number UML_FAIL_WITH, and with UML_FAIL_ALL all after it. UML_FAIL_COUNT
// names a file that gets how many there were. Only what the program calls itself counts, not what the C library does
// for it.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr int here = -100; // AT_FDCWD, whose header has a struct flock
const char* wanted = "";
long at = 0;
int with = EIO;
bool all = false;
std::atomic<long> made{0};

long number(const char* name, long otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::atol(text);
}

__attribute__((constructor)) void begin() {
    if (const char* const name = std::getenv("UML_FAIL")) wanted = name;
    at = number("UML_FAIL_AT", 0);
    with = static_cast<int>(number("UML_FAIL_WITH", EIO));
    all = std::getenv("UML_FAIL_ALL") != nullptr;
}
__attribute__((destructor)) void end() {
    const char* const name = std::getenv("UML_FAIL_COUNT");
    if (name == nullptr) return;
    if (std::FILE* const file = std::fopen(name, "w")) {
        std::fprintf(file, "%ld\n", made.load());
        std::fclose(file);
    }
}

bool fails(const char* call) {
    if (std::strcmp(call, wanted) != 0) return false;
    const long n = ++made;
    if (at == 0 || (all ? n < at : n != at)) return false;
    errno = with;
    return true;
}

} // namespace

extern "C" {
int flock(int file, int how) { return fails("flock") ? -1 : static_cast<int>(syscall(SYS_flock, file, how)); }
int fsync(int file) { return fails("fsync") ? -1 : static_cast<int>(syscall(SYS_fsync, file)); }
int rename(const char* from, const char* to) {
    return fails("rename") ? -1 : static_cast<int>(syscall(SYS_renameat2, here, from, here, to, 0));
}
int ftruncate(int file, off_t size) {
    return fails("ftruncate") ? -1 : static_cast<int>(syscall(SYS_ftruncate, file, size));
}
ssize_t write(int file, const void* bytes, std::size_t count) {
    return fails("write") ? -1 : static_cast<ssize_t>(syscall(SYS_write, file, bytes, count));
}
}
