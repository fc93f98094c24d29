#include "count.hpp"

#include <cerrno>
#include <cstddef>

#ifdef UML_TEST_COUNTS_HEAP

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* old);
}

namespace {

/// Counts one allocation; false if it is to fail.
bool granted() {
    ++heap::allocations;
    long n = heap::left.load();
    while (n > 0 && !heap::left.compare_exchange_weak(n, n - 1)) {
    }
    return n != 0;
}
void* counted(void* made) {
    if (made != nullptr) ++heap::alive;
    return made;
}

} // namespace

extern "C" {
void* malloc(std::size_t bytes) { return granted() ? counted(__libc_malloc(bytes)) : nullptr; }
void* calloc(std::size_t count, std::size_t bytes) {
    return granted() ? counted(__libc_calloc(count, bytes)) : nullptr;
}
void* realloc(void* old, std::size_t bytes) {
    if (!granted()) return nullptr;
    void* const made = __libc_realloc(old, bytes);
    if (old == nullptr) counted(made);
    return made;
}
void* memalign(std::size_t alignment, std::size_t bytes) {
    return granted() ? counted(__libc_memalign(alignment, bytes)) : nullptr;
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** made, std::size_t alignment, std::size_t bytes) {
    *made = memalign(alignment, bytes);
    return *made == nullptr ? ENOMEM : 0;
}
void free(void* old) {
    if (old != nullptr) --heap::alive;
    __libc_free(old);
}
}

#endif
