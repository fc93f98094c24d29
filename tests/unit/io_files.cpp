// Files as a POSIX system has them: folders, fifos, empty ones, reads that are interrupted or short, what changes
// between opening and reading; descriptors and mappings that are given back.
#include "uml/io/safetensors.hpp"
#include "uml/io/safetensors_writer.hpp"

#include <doctest/doctest.h>

#if defined(__linux__)
    #include <algorithm>
    #include <array>
    #include <cerrno>
    #include <cstddef>
    #include <cstdint>
    #include <cstdio>
    #include <fcntl.h>
    #include <filesystem>
    #include <new>
    #include <optional>
    #include <span>
    #include <string>
    #include <string_view>
    #include <sys/mman.h>
    #include <sys/resource.h>
    #include <sys/socket.h>
    #include <sys/stat.h>
    #include <sys/un.h>
    #include <unistd.h>
    #include <utility>
    #include <vector>

namespace {

/// What the system does to the reads of this file.
struct {
    int interrupted = 0; // so many calls, before the others
    int refused = 0;     // then every one, for this reason
    std::size_t most = ~std::size_t{0};
    std::vector<std::size_t>* pretended = nullptr; // what is asked for, read or not
} reads;

ssize_t pread_as_told(int descriptor, void* out, std::size_t bytes, off_t offset) {
    if (reads.interrupted > 0) {
        --reads.interrupted;
        errno = EINTR;
        return -1;
    }
    if (reads.refused != 0) {
        errno = reads.refused;
        return -1;
    }
    if (reads.pretended != nullptr) {
        reads.pretended->push_back(bytes);
        return static_cast<ssize_t>(bytes);
    }
    return pread(descriptor, out, std::min(bytes, reads.most), offset);
}

} // namespace

    // Both headers once more, in a namespace of their own, beside those of the other tests in this program.
    #undef UML_VERSION_NAMESPACE
    #define UML_VERSION_NAMESPACE io_files_test
    #define pread pread_as_told
    #include "uml/io/file.hpp"
    #include "uml/io/mapped.hpp"

namespace {

using uml::dtype;
using uml::errc;
using namespace std::literals;

/// A folder that goes away at the end, and a path in it.
class scratch {
public:
    scratch() { std::filesystem::create_directories(folder_); }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string folder() const { return folder_.string(); }
    [[nodiscard]] std::string file() const { return (folder_ / "file").string(); }

    [[nodiscard]] std::string holding(std::string_view bytes, const char* mode = "wb") const {
        std::FILE* const f = std::fopen(file().c_str(), mode);
        REQUIRE(f != nullptr);
        CHECK(std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size());
        CHECK(std::fclose(f) == 0);
        return file();
    }

private:
    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("uml-io-files-" + std::to_string(getpid()));
};

std::string weights() {
    uml::safetensors_writer w;
    std::vector<float> values(1000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 500.5f;
    w.add("one", dtype::u8, std::array<std::uint64_t, 1>{1}, std::as_bytes(std::span("x", 1)));
    w.add("values", std::array<std::uint64_t, 1>{1000}, values);
    const auto bytes = w.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The sentence that a tensor cannot be read with, or "" where it is read and holds what it must.
std::string reading(const uml::weights_file& w) {
    std::array<std::byte, 1> one{};
    if (auto r = w.read_bytes(*w.find("one"), one); !r) return r.error().what.c_str();
    CHECK(one[0] == std::byte{'x'});
    std::vector<float> values(1000);
    if (auto r = w.read(*w.find("values"), values); !r) return r.error().what.c_str();
    for (std::size_t i = 0; i < values.size(); ++i) REQUIRE(values[i] == static_cast<float>(i) - 500.5f);
    return "";
}

/// The time at which a file's content was written.
void set_time(const std::string& path, std::int64_t seconds, long nanoseconds) {
    const timespec times[]{{0, UTIME_OMIT}, {static_cast<time_t>(seconds), nanoseconds}};
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

/// The descriptor that the next file to be opened gets.
int next_descriptor() {
    const int d = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(d);
    return d;
}
bool is_open(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

std::string refusal(const char* path) {
    const int next = next_descriptor();
    const auto w = uml::open_weights(path);
    REQUIRE_FALSE(w);
    CHECK(w.error().code == (path == nullptr ? errc::invalid_argument : errc::cannot_read));
    CHECK_FALSE(is_open(next));
    return w.error().what.c_str();
}
std::string map_refusal(const char* path) {
    const int next = next_descriptor();
    const auto m = uml::map_file(path);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == (path == nullptr ? errc::invalid_argument : errc::cannot_read));
    CHECK_FALSE(is_open(next));
    return m.error().what.c_str();
}

} // namespace

TEST_CASE("reads that are interrupted or short go on; others are refused") {
    const scratch s;
    const auto path = s.holding(weights());
    reads = {3, 0, 7};
    const auto w = uml::open_weights(path.c_str());
    REQUIRE_MESSAGE(w, w.error().what.view());
    CHECK(reads.interrupted == 0);
    reads.interrupted = 2;
    CHECK(reading(*w) == "");
    reads = {1, EIO};
    CHECK(reading(*w) ==
          path + ": tensor \"one\": its data cannot be read, or the file has changed since it was opened");
    CHECK(reads.interrupted == 0);
    reads = {};
    errno = EINTR; // of an earlier call: says nothing of these
    CHECK(reading(*w) == "");
    errno = EINTR;
    std::filesystem::resize_file(path, 9);
    CHECK(reading(*w) ==
          path + ": tensor \"one\": its data cannot be read, or the file has changed since it was opened");
}

TEST_CASE("no more than 2^30 bytes are asked for at a time") {
    if (sizeof(void*) < 8) return; // no room for so many
    constexpr std::size_t bytes = (std::size_t{1} << 30) + 1;
    const scratch s;
    const std::string header = R"({"a":{"dtype":"U8","shape":[1073741825],"data_offsets":[0,1073741825]}})";
    const std::uint64_t size = header.size();
    const auto path = s.holding(std::string(reinterpret_cast<const char*>(&size), sizeof size) + header);
    std::filesystem::resize_file(path, sizeof size + header.size() + bytes); // takes no room on the disk
    const auto w = uml::open_weights(path.c_str());
    REQUIRE_MESSAGE(w, w.error().what.view());
    void* const room = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(room != MAP_FAILED);
    std::vector<std::size_t> asked;
    reads = {0, 0, 0, &asked};
    CHECK(w->read_bytes(*w->find("a"), {static_cast<std::byte*>(room), bytes}));
    reads = {};
    CHECK(asked == std::vector<std::size_t>{1073741824, 1});
    munmap(room, bytes);
}

TEST_CASE("a file that has changed since it was opened is refused: its length, its second, its nanosecond") {
    const scratch s;
    const auto path = s.holding(weights());
    const std::string refused =
        path + ": tensor \"one\": its data cannot be read, or the file has changed since it was opened";
    set_time(path, 1000, 500);
    const auto w = uml::open_weights(path.c_str());
    REQUIRE(w);
    CHECK(reading(*w) == "");
    set_time(path, 1001, 500);
    CHECK(reading(*w) == refused);
    set_time(path, 1000, 501);
    CHECK(reading(*w) == refused);
    set_time(path, 1000, 500);
    CHECK(reading(*w) == "");
    (void)s.holding("more", "ab");
    set_time(path, 1000, 500);
    CHECK(reading(*w) == refused);
}

TEST_CASE("what is no file with weights") {
    const scratch s;
    CHECK(refusal(nullptr) == "weights: no path");
    CHECK(refusal(s.file().c_str()) == s.file() + ": cannot be opened: there is no such file");
    CHECK(refusal(s.folder().c_str()) == s.folder() + ": not a regular file");
    REQUIRE(mkfifo(s.file().c_str(), 0600) == 0);
    CHECK(refusal(s.file().c_str()) == s.file() + ": not a regular file"); // waits for nobody who writes
    std::filesystem::remove(s.file());
    for (const auto bytes : {""sv, "x"sv}) {
        const auto path = s.holding(bytes);
        const int next = next_descriptor();
        const auto w = uml::open_weights(path.c_str());
        CHECK(w.error().what ==
              path + ": " + std::to_string(bytes.size()) + " bytes are too few for a safetensors file");
        CHECK_FALSE(is_open(next));
    }
}

TEST_CASE("why a file cannot be opened is said, however long its path is") {
    const scratch s;
    const auto path = s.holding(weights());
    CHECK(refusal((path + "/x").c_str()) == path + "/x: cannot be opened: a folder of its path is none");
    const std::string link = s.folder() + "/loop";
    REQUIRE(symlink(link.c_str(), link.c_str()) == 0);
    CHECK(refusal(link.c_str()) == link + ": cannot be opened: too many symbolic links");
    if (geteuid() != 0) {
        REQUIRE(chmod(path.c_str(), 0) == 0);
        CHECK(refusal(path.c_str()) == path + ": cannot be opened: it may not be read");
    }
    const std::string name = s.folder() + "/" + std::string(300, 'n'), part = "..." + std::string(117, 'n');
    CHECK(refusal(name.c_str()) == part + ": cannot be opened: its name is too long");
    CHECK(map_refusal(name.c_str()) == part + ": cannot be opened: its name is too long");
    const std::string deep = std::string(3000, '/') + s.folder() + "/absent";
    CHECK(refusal(deep.c_str()).ends_with("/absent: cannot be opened: there is no such file"));
    const std::string place = s.folder() + "/socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(place.size() < sizeof address.sun_path);
    place.copy(address.sun_path, place.size());
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(refusal(place.c_str()) == place + ": cannot be opened: not a regular file");
    ::close(listener);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{static_cast<rlim_t>(next_descriptor()), before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto many = uml::open_weights(path.c_str());
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(many.error().what == path + ": cannot be opened: too many files are open");
}

TEST_CASE("a file stays open as long as its weights, and no program that is started gets it") {
    const scratch s;
    const auto path = s.holding(weights());
    const int next = next_descriptor();
    {
        const auto w = uml::open_weights(path.c_str());
        REQUIRE(w);
        CHECK(fcntl(next, F_GETFD) == FD_CLOEXEC);
        CHECK(next_descriptor() != next);
    }
    CHECK_FALSE(is_open(next));
}

TEST_CASE("what cannot be mapped") {
    const scratch s;
    CHECK(map_refusal(nullptr) == "map: no path");
    CHECK(map_refusal(s.file().c_str()) == s.file() + ": cannot be opened: there is no such file");
    CHECK(map_refusal(s.folder().c_str()) == s.folder() + ": not a regular file");
    CHECK(map_refusal(s.holding("").c_str()) == s.file() + ": 0 bytes cannot be mapped");
}

TEST_CASE("a mapping of one byte, its memory and its descriptor are given back, number 0 too") {
    const scratch s;
    const auto path = s.holding("x");
    const int input = dup(STDIN_FILENO);
    for (const bool without_input : {false, true}) {
        if (without_input) ::close(STDIN_FILENO);
        const int next = next_descriptor();
        if (without_input) CHECK(next == 0);
        std::optional<uml::mapped_file> kept;
        {
            auto file = uml::map_file(path.c_str());
            REQUIRE_MESSAGE(file, file.error().what.view());
            kept.emplace(*std::move(file));
        }
        CHECK(fcntl(next, F_GETFD) == FD_CLOEXEC);
        REQUIRE(kept->bytes().size() == 1);
        CHECK(kept->bytes()[0] == std::byte{'x'});
        CHECK(kept->unchanged());
        auto* const page = const_cast<std::byte*>(kept->bytes().data());
        unsigned char there = 0;
        CHECK(mincore(page, 1, &there) == 0);
        kept.reset();
        CHECK(mincore(page, 1, &there) == -1);
        CHECK_FALSE(is_open(next));
    }
    if (input >= 0) {
        dup2(input, STDIN_FILENO);
        ::close(input);
    }
}
#endif
