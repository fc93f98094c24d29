// Memory that runs out in what the programs share: something to catch or a sentence, never the end of the program.
#include "folder.hpp"
#include "support/files.hpp"
#include "support/output.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <new>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;
using uml_test::folder;

namespace {

thread_local int granted = -1; // so many allocations, then one is refused; all of them where it is negative

void* allocate(std::size_t bytes) noexcept {
    if (granted >= 0 && granted-- == 0) return nullptr;
    return std::malloc(bytes == 0 ? 1 : bytes);
}

/// The descriptor that the next file to be opened gets.
int next_descriptor() {
    const int d = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(d);
    return d;
}

} // namespace

// For all of the program that tests what programs share.
void* operator new(std::size_t bytes) {
    if (void* const p = allocate(bytes)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }

TEST_CASE("a folder is listed whole or not, whichever allocation is refused, and does not stay open") {
    const folder f("memory");
    const std::vector<std::string> names{"a", "b", std::string(100, 'c')};
    for (const std::string& name : names) REQUIRE(support::write_file(f.path / name, "x"));
    const int next = next_descriptor();
    int refused = 0;
    for (bool refusing = true; refusing; ++refused) {
        REQUIRE(refused < 1000);
        std::optional<uml::result<std::vector<fs::path>>> entries;
        granted = refused;
        try {
            entries.emplace(support::entries_of(f.path));
        } catch (const std::bad_alloc&) {
        }
        refusing = granted < 0;
        granted = -1;
        CHECK(next_descriptor() == next);
        CHECK((refusing || entries));
        if (!entries) continue;
        REQUIRE(*entries);
        REQUIRE((*entries)->size() == names.size());
        for (std::size_t i = 0; i < names.size(); ++i) CHECK((**entries)[i] == f.path / names[i]);
    }
    CHECK(refused > 3); // a name each at least, and the last time, when nothing is refused
}
