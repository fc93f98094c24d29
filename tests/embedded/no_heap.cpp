// The heap's functions, replaced: whoever calls one ends the program.
#include "say.hpp"

#include <cstddef>
#include <new>

namespace {
[[noreturn]] void refuse() {
    embedded::say("FAILED: the heap was asked\n");
    embedded::end(3);
}
} // namespace

extern "C" {
void* malloc(std::size_t) { refuse(); }
void* calloc(std::size_t, std::size_t) { refuse(); }
void* realloc(void*, std::size_t) { refuse(); }
void* aligned_alloc(std::size_t, std::size_t) { refuse(); }
void free(void* p) {
    if (p != nullptr) refuse();
}
}
void* operator new(std::size_t) { refuse(); }
void* operator new[](std::size_t) { refuse(); }
void operator delete(void* p) noexcept {
    if (p != nullptr) refuse();
}
void operator delete[](void* p) noexcept {
    if (p != nullptr) refuse();
}
void operator delete(void* p, std::size_t) noexcept {
    if (p != nullptr) refuse();
}
void operator delete[](void* p, std::size_t) noexcept {
    if (p != nullptr) refuse();
}
