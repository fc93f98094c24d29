// To be preloaded into a program of glibc's: the allocation number UML_REFUSE (from 1) fails, once, or it and all after
// it with UML_REFUSE_ALL. UML_ALLOCATIONS names a file that gets how many there were.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

std::atomic<long> made{0};
long refused = 0;
bool all = false;

bool granted() {
    const long n = ++made;
    return refused == 0 || (all ? n < refused : n != refused);
}

__attribute__((constructor)) void begin() {
    if (const char* const text = std::getenv("UML_REFUSE")) refused = std::atol(text);
    all = std::getenv("UML_REFUSE_ALL") != nullptr;
    made = 0;
}
__attribute__((destructor)) void end() {
    const char* const name = std::getenv("UML_ALLOCATIONS");
    if (name == nullptr) return;
    const long count = made;
    refused = 0;
    if (std::FILE* const file = std::fopen(name, "w")) {
        std::fprintf(file, "%ld\n", count);
        std::fclose(file);
    }
}

void* out_of_memory() {
    errno = ENOMEM;
    return nullptr;
}

} // namespace

extern "C" {
void* malloc(std::size_t bytes) { return granted() ? __libc_malloc(bytes) : out_of_memory(); }
void* calloc(std::size_t count, std::size_t bytes) {
    return granted() ? __libc_calloc(count, bytes) : out_of_memory();
}
void* realloc(void* old, std::size_t bytes) { return granted() ? __libc_realloc(old, bytes) : out_of_memory(); }
void* memalign(std::size_t alignment, std::size_t bytes) {
    return granted() ? __libc_memalign(alignment, bytes) : out_of_memory();
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** place, std::size_t alignment, std::size_t bytes) {
    *place = memalign(alignment, bytes);
    return *place == nullptr ? ENOMEM : 0;
}
}
