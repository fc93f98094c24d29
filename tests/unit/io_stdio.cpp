// Weights through <cstdio>, as systems without POSIX read them: what they say, and that every file is closed.
#include "uml/io/safetensors.hpp"
#include "uml/io/safetensors_writer.hpp"

#include <doctest/doctest.h>

#if defined(__linux__)
    #include <array>
    #include <cstddef>
    #include <cstdint>
    #include <cstdio>
    #include <fcntl.h>
    #include <filesystem>
    #include <span>
    #include <string>
    #include <unistd.h>
    #include <utility>
    #include <vector>

    // The header as another system sees it, in a namespace of its own beside that of the other tests in this program.
    #undef __unix__
    #undef UML_VERSION_NAMESPACE
    #define UML_VERSION_NAMESPACE io_stdio_test
    #include "uml/io/file.hpp"

namespace {

using uml::errc;

const std::string path =
    (std::filesystem::temp_directory_path() / ("uml-io-stdio-" + std::to_string(getpid()))).string();

/// The descriptor that the next file to be opened gets.
int next_descriptor() {
    const int d = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(d);
    return d;
}

} // namespace

TEST_CASE("weights through cstdio: read from wherever they stand, and closed") {
    std::vector<float> values(3000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 0.5f;
    uml::safetensors_writer writer;
    writer.add("one", uml::dtype::u8, std::array<std::uint64_t, 1>{1}, std::as_bytes(std::span("x", 1)));
    writer.add("values", std::array<std::uint64_t, 1>{3000}, values);
    REQUIRE(writer.write(path.c_str()));
    const int next = next_descriptor();
    {
        const auto w = uml::open_weights(path.c_str());
        REQUIRE_MESSAGE(w, w.error().what.view());
        std::vector<float> back(3000);
        std::array<std::byte, 1> one{};
        for (int i = 0; i < 2; ++i) {
            REQUIRE(w->read(*w->find("values"), back));
            CHECK(back == values);
            REQUIRE(w->read_bytes(*w->find("one"), one));
            CHECK(one[0] == std::byte{'x'});
        }
        CHECK(fcntl(next, F_GETFD) >= 0);
        std::filesystem::resize_file(path, 5000);
        CHECK(w->read(*w->find("values"), back).error().what ==
              path + ": tensor \"values\": its data cannot be read, or the file has changed since it was opened");
    }
    CHECK(fcntl(next, F_GETFD) == -1);
    std::filesystem::remove(path);
}

TEST_CASE("what cstdio cannot open or has no size is refused, and closed") {
    const auto refusal = [](const char* name, errc code) {
        const int next = next_descriptor();
        const auto w = uml::open_weights(name);
        REQUIRE_FALSE(w);
        CHECK(w.error().code == code);
        CHECK(fcntl(next, F_GETFD) == -1);
        return std::string(w.error().what.view());
    };
    CHECK(refusal(nullptr, errc::invalid_argument) == "weights: no path");
    CHECK(refusal(path.c_str(), errc::cannot_read) == path + ": cannot be opened");
    CHECK(refusal("/dev/null", errc::malformed) == "/dev/null: 0 bytes are too few for a safetensors file");
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const std::string in_pipe = "/proc/self/fd/" + std::to_string(ends[0]);
    CHECK(refusal(in_pipe.c_str(), errc::cannot_read) == in_pipe + ": not a file of known size");
    ::close(ends[0]);
    ::close(ends[1]);
}
#endif
