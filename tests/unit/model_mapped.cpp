// Prepared weights in a mapped file: the same answers, nothing copied, and files that are none or change.
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/model/prepare.hpp"

#include <doctest/doctest.h>

#if defined(__unix__)
    #include "uml/io/mapped.hpp"

    #include <csignal>
    #include <cstdio>
    #include <cstring>
    #include <filesystem>
    #include <fstream>
    #include <string>
    #include <sys/wait.h>

namespace {

using uml::errc;
using uml_test::tiny;
const char* const path = "uml-unit-mapped.prepared";

std::vector<std::byte> prepared() {
    const auto bytes = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config)
                           .labelled("tiny", uml_test::tiny_config)
                           .bytes();
    const auto p = uml::prepare<tiny, uml::cpu{}>(*uml::weights_from(bytes));
    REQUIRE_MESSAGE(p, p.error().what.c_str());
    return {p->bytes().begin(), p->bytes().end()};
}
void write(const std::vector<std::byte>& bytes, const char* to = path) {
    std::ofstream(to, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}
template <class M> auto answer(const M& m) {
    auto w = m.make_workspace();
    const auto pixels = uml_test::pixels(16, 24, 3);
    return uml_test::numbers_of(*m.run(uml::image_view(pixels.data(), 16, 24, 3), *w));
}
    #if defined(__linux__)
/// A line of the mapping that begins there, in kB; -1 if there is none.
long smaps(const void* first, const std::string& key) {
    std::ifstream file("/proc/self/smaps");
    char begin[32];
    std::snprintf(begin, sizeof begin, "%lx-", static_cast<unsigned long>(reinterpret_cast<std::uintptr_t>(first)));
    bool here = false;
    for (std::string line; std::getline(file, line);) {
        if (line.find('-') != std::string::npos && line.find(" r") != std::string::npos) here = line.starts_with(begin);
        if (here && line.starts_with(key + ":")) return std::atol(line.c_str() + key.size() + 1);
    }
    return -1;
}
    #endif

} // namespace

TEST_CASE("a model on a mapped file answers as on the same bytes, and no page of it is copied") {
    const auto bytes = prepared();
    write(bytes);
    auto file = uml::map_file(path);
    REQUIRE_MESSAGE(file, file.error().what.c_str());
    const uml::mapped_file moved = *std::move(file);
    REQUIRE(moved.bytes().size() == bytes.size());
    CHECK(std::memcmp(moved.bytes().data(), bytes.data(), bytes.size()) == 0);
    const auto m = uml::use<tiny, uml::cpu{}>(moved.bytes());
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto there = answer(*m);
    auto memory = uml::memory_block::allocate(static_cast<std::int64_t>(bytes.size()), "a copy");
    std::memcpy(memory->data(), bytes.data(), bytes.size());
    CHECK(there == answer(*uml::use<tiny, uml::cpu{}>({memory->data(), bytes.size()})));
    #if defined(__linux__)
    CHECK(smaps(moved.bytes().data(), "Rss") > 0);
    CHECK(smaps(moved.bytes().data(), "Anonymous") == 0);
    const auto again = uml::map_file(path); // as another process would
    REQUIRE(again);
    CHECK(answer(*uml::use<tiny, uml::cpu{}>(again->bytes())) == there);
    for (const void* first : {moved.bytes().data(), again->bytes().data()})
        CHECK(smaps(first, "Shared_Clean") + smaps(first, "Shared_Dirty") == smaps(first, "Rss"));
    #endif
    CHECK(moved.unchanged());
    const std::string other = std::string(path) + ".other"; // replaced, not written to: the mapping keeps its file
    write(std::vector<std::byte>(10), other.c_str());
    REQUIRE(std::rename(other.c_str(), path) == 0);
    CHECK(moved.unchanged());
    CHECK(answer(*m) == there);
    std::remove(path);
}

TEST_CASE("what cannot be mapped, and what is no file of prepared weights") {
    const auto refusal = [](const char* name, errc code) {
        const auto m = uml::map_file(name);
        REQUIRE_FALSE(m);
        CHECK(m.error().code == code);
        return std::string(m.error().what.view());
    };
    CHECK(refusal(nullptr, errc::invalid_argument) == "map: no path");
    CHECK(refusal("no/such/file", errc::cannot_read) == "no/such/file: cannot be opened: there is no such file");
    CHECK(refusal("/dev/zero", errc::cannot_read) == "/dev/zero: not a regular file");
    CHECK(refusal(".", errc::cannot_read) == ".: not a regular file");
    write({});
    CHECK(refusal(path, errc::cannot_read) == std::string(path) + ": 0 bytes cannot be mapped");
    auto bytes = prepared();
    const auto use = [&](const std::vector<std::byte>& b) {
        write(b);
        const auto file = uml::map_file(path);
        REQUIRE(file);
        const auto m = uml::use<tiny, uml::cpu{}>(file->bytes());
        return m ? errc::none : m.error().code;
    };
    CHECK(use(bytes) == errc::none);
    for (const std::size_t kept : {std::size_t{1}, std::size_t{63}, std::size_t{64}, bytes.size() - 1}) {
        CAPTURE(kept);
        CHECK(use({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept)}) == errc::malformed);
    }
    write(bytes);
    auto whole = uml::map_file(path);
    write({bytes.begin(), bytes.begin() + 64});
    auto part = uml::map_file(path);
    REQUIRE(whole);
    REQUIRE(part);
    *part = *std::move(whole);
    CHECK(part->bytes().size() == bytes.size());
    CHECK_FALSE(part->unchanged());
    bytes[70] ^= std::byte{1};
    CHECK(use(bytes) == errc::malformed);
    std::remove(path);
}

TEST_CASE("a mapped file that is written to or cut is noticed; who reads behind its new end is ended") {
    std::vector<std::byte> pages(std::size_t{1} << 16, std::byte{7});
    const auto mapped = [&] {
        write(pages);
        auto file = uml::map_file(path);
        REQUIRE(file);
        CHECK(file->unchanged());
        return *std::move(file);
    };
    {
        const auto file = mapped();
        std::ofstream(path, std::ios::binary | std::ios::app) << "more";
        CHECK_FALSE(file.unchanged());
    }
    const auto file = mapped();
    std::filesystem::resize_file(path, 1);
    CHECK_FALSE(file.unchanged());
    #if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGBUS, SIG_DFL);
        const volatile std::byte* last = file.bytes().data() + file.bytes().size() - 1;
        _exit(*last == std::byte{7} ? 1 : 2);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGBUS);
    #endif
    std::remove(path);
}
#endif
