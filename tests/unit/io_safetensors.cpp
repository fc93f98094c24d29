// Good files: what the writer writes the reader gives back, from memory and from disk; and what reading refuses.
#include "uml/io/file.hpp"
#include "uml/io/safetensors_writer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using uml::dtype;
using uml::errc;
using shape = std::vector<std::uint64_t>;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// A file on disk that goes away at the end.
class scratch_file {
public:
    explicit scratch_file(std::string_view name)
        : path_((std::filesystem::temp_directory_path() / ("uml-io-test-" + std::string(name))).string()) {}
    scratch_file(const scratch_file&) = delete;
    scratch_file& operator=(const scratch_file&) = delete;
    ~scratch_file() { std::filesystem::remove(path_); }
    [[nodiscard]] const char* path() const { return path_.c_str(); }

private:
    std::string path_;
};

uml::safetensors_writer sample() {
    uml::safetensors_writer w;
    w.metadata("uml.config", R"({"height": 64, "name": "a\"b\\"})");
    w.metadata("format", "pt");
    w.metadata("empty", "");
    const std::vector<float> values{1.f, -2.5f, 65504.f, 0x1p-24f, -0.f, 1.f / 3};
    w.add("layer.weight", shape{2, 3, 1, 1}, values);
    w.add("layer.half", shape{6}, values, dtype::f16);
    w.add("layer.brain", shape{3, 2}, values, dtype::bf16);
    w.add("mask \"q\" \xc3\xa4", dtype::u8, shape{3}, std::as_bytes(std::span("\1\2\3", 3)));
    const std::array<std::int64_t, 1> batches{42};
    w.add("module.bn.num_batches_tracked", dtype::i64, {}, std::as_bytes(std::span(batches)));
    w.add("nothing", shape{0, 3}, {});
    return w;
}

void check_sample(const uml::weights_file& w) {
    CHECK(w.entries().size() == 6);
    for (std::size_t i = 1; i < w.entries().size(); ++i) CHECK(w.entries()[i - 1].name < w.entries()[i].name);
    for (const auto& e : w.entries()) CHECK(w.find(e.name) == &e);
    CHECK(w.find("layer") == nullptr);
    CHECK(w.find("") == nullptr);
    CHECK(w.find("zzz") == nullptr);
    CHECK(w.find("module.bn.num_batches_tracked") == nullptr);

    CHECK(w.metadata().size() == 3);
    CHECK(w.metadata("uml.config") == R"({"height": 64, "name": "a\"b\\"})");
    CHECK(w.metadata("format") == "pt");
    CHECK(w.metadata("empty") == "");
    CHECK_FALSE(w.metadata("forma").has_value());

    const auto* const weight = w.find("layer.weight");
    REQUIRE(weight != nullptr);
    CHECK(weight->type == dtype::f32);
    CHECK(shape(weight->shape().begin(), weight->shape().end()) == shape{2, 3, 1, 1});
    std::array<float, 6> v{};
    REQUIRE(w.read(*weight, v));
    CHECK(v == std::array{1.f, -2.5f, 65504.f, 0x1p-24f, -0.f, 1.f / 3});
    REQUIRE(w.read(*w.find("layer.half"), v));
    CHECK(v == std::array{1.f, -2.5f, 65504.f, 0x1p-24f, -0.f, 0x1.554p-2f});
    REQUIRE(w.read(*w.find("layer.brain"), v));
    CHECK(v == std::array{1.f, -2.5f, 65536.f, 0x1p-24f, -0.f, 0x1.56p-2f});

    for (const char* const tensor : {"layer.weight", "layer.half", "layer.brain"}) {
        std::array<float, 3> part{};
        REQUIRE(w.read_part(*w.find(tensor), 1, std::span(part).first(2)));
        CHECK(part[0] == -2.5f);
        CHECK(part[1] > 65000.f);
        CHECK(part[2] == 0.f);
        CHECK(w.read_part(*w.find(tensor), 6, std::span(part).first(0)));
    }

    const auto* const mask = w.find("mask \"q\" \xc3\xa4");
    REQUIRE(mask != nullptr);
    std::array<std::byte, 3> bytes{};
    REQUIRE(w.read_bytes(*mask, bytes));
    CHECK(bytes == std::array{std::byte{1}, std::byte{2}, std::byte{3}});
    CHECK(w.read(*mask, std::span(v).first(3)).error().code == errc::unsupported);

    const auto* const batches = w.find("bn.num_batches_tracked");
    REQUIRE(batches != nullptr);
    CHECK(batches->prefixed);
    CHECK(batches->type == dtype::i64);
    CHECK(batches->shape().empty());
    CHECK(batches->elements() == 1);
    std::int64_t count = 0;
    REQUIRE(w.read_bytes(*batches, std::as_writable_bytes(std::span(&count, 1))));
    CHECK(count == 42);

    REQUIRE(w.find("nothing") != nullptr);
    CHECK(w.find("nothing")->elements() == 0);
    CHECK(w.read(*w.find("nothing"), {}));
}

} // namespace

TEST_CASE("what is written is read, from memory") {
    const auto bytes = sample().bytes();
    const auto w = uml::weights_from(bytes);
    REQUIRE_MESSAGE(w, w.error().what.view());
    CHECK(w->source() == "memory");
    check_sample(*w);
}

TEST_CASE("what is written is read, from a file") {
    const scratch_file file("roundtrip.safetensors");
    REQUIRE(sample().write(file.path()));
    auto w = uml::open_weights(file.path());
    REQUIRE_MESSAGE(w, w.error().what.view());
    CHECK(w->source() == file.path());
    check_sample(*w);

    uml::weights_file moved = std::move(*w);
    check_sample(moved);
    auto other = uml::open_weights(file.path());
    REQUIRE(other);
    moved = std::move(*other);
    check_sample(moved);
}

TEST_CASE("memory needs no alignment") {
    const auto bytes = sample().bytes();
    std::vector<std::byte> shifted(bytes.size() + 1);
    std::memcpy(shifted.data() + 1, bytes.data(), bytes.size());
    const auto w = uml::weights_from(std::span(shifted).subspan(1));
    REQUIRE(w);
    check_sample(*w);
}

TEST_CASE("the writer's bytes are the same every time and its header is a multiple of 8") {
    const auto bytes = sample().bytes();
    CHECK(bytes == sample().bytes());
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), sizeof header);
    CHECK(header % 8 == 0);
    const std::vector<std::byte> expected_end{std::byte{42}, {}, {}, {}, {}, {}, {}, {}};
    CHECK(std::vector(bytes.end() - 8, bytes.end()) == expected_end);

    uml::safetensors_writer tiny;
    tiny.add("x", shape{1}, std::array{1.f});
    const auto file = tiny.bytes();
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    constexpr std::string_view header_text = R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  )";
    CHECK(text.substr(0, 8) == std::string_view("\x38\0\0\0\0\0\0\0", 8));
    CHECK(text.substr(8, 56) == header_text);
    CHECK(text.substr(64) == std::string_view("\0\0\x80\x3f", 4));
}

TEST_CASE("NaN and infinity are refused wherever they stand, naming the tensor and the element") {
    // More than one chunk of each kind of reading.
    constexpr std::size_t count = 70000;
    for (const auto type : {dtype::f32, dtype::f16, dtype::bf16}) {
        for (const std::size_t at :
             {std::size_t{0}, std::size_t{4096}, std::size_t{65535}, std::size_t{65536}, count - 1}) {
            for (const float bad : {not_a_number, inf, -inf}) {
                std::vector<float> values(count, 0.5f);
                values[at] = bad;
                uml::safetensors_writer writer;
                writer.add("a.weight", shape{count}, values, type);
                const auto bytes = writer.bytes();
                const auto w = uml::weights_from(bytes, "w.st");
                REQUIRE(w);
                const auto r = w->read(*w->find("a.weight"), values);
                REQUIRE_FALSE(r);
                CHECK(r.error().code == errc::not_finite);
                CHECK(r.error().what == "w.st: tensor \"a.weight\": element " + std::to_string(at) +
                                            (bad != bad ? " is NaN" : " is infinite"));
            }
        }
    }
}

TEST_CASE("long tensors are read whole") {
    constexpr std::size_t count = 200001;
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i % 251) - 125.f;
    for (const auto type : {dtype::f32, dtype::f16, dtype::bf16}) {
        uml::safetensors_writer writer;
        writer.add("first", dtype::u8, shape{1}, std::as_bytes(std::span("x", 1)));
        writer.add("a", shape{count}, values, type);
        const scratch_file file("long.safetensors");
        REQUIRE(writer.write(file.path()));
        const auto w = uml::open_weights(file.path());
        REQUIRE(w);
        std::vector<float> back(count, -1.f);
        REQUIRE(w->read(*w->find("a"), back));
        CHECK(back == values);
    }
}

TEST_CASE("reading says what does not fit") {
    const auto bytes = sample().bytes();
    const auto w = uml::weights_from(bytes, "w.st");
    REQUIRE(w);
    std::array<float, 8> v{};
    std::array<std::byte, 8> b{};
    const auto& weight = *w->find("layer.weight");
    const auto& batches = *w->find("bn.num_batches_tracked");
    CHECK(w->read(weight, std::span(v).first(5)).error().what ==
          "w.st: tensor \"layer.weight\": has 6 elements, room is for 5");
    CHECK(w->read(weight, std::span(v).first(7)).error().code == errc::invalid_argument);
    CHECK(w->read_part(weight, 4, std::span(v).first(3)).error().what ==
          "w.st: tensor \"layer.weight\": has 6 elements, wanted are 3 from 4 on");
    CHECK(w->read_part(weight, ~std::uint64_t{0}, std::span(v).first(1)).error().code == errc::invalid_argument);
    CHECK(w->read_bytes(batches, std::span(b).first(7)).error().what ==
          "w.st: tensor \"bn.num_batches_tracked\": has 8 bytes, room is for 7");
    CHECK(w->read(batches, std::span(v).first(1)).error().what ==
          "w.st: tensor \"bn.num_batches_tracked\": dtype I64 is not F32, F16 or BF16");
}

TEST_CASE("files that cannot be read") {
    const auto missing = uml::open_weights("no/such/file.safetensors");
    CHECK(missing.error().code == errc::cannot_read);
    CHECK(missing.error().what == "no/such/file.safetensors: cannot be opened: there is no such file");
    const std::string folder = std::filesystem::temp_directory_path().string();
    CHECK_FALSE(uml::open_weights(folder.c_str()));

    uml::safetensors_writer writer;
    std::vector<float> values(100000, 1.f); // more than what cstdio keeps
    writer.add("a", shape{100000}, values, dtype::bf16);
    const scratch_file file("shrinks.safetensors");
    REQUIRE(writer.write(file.path()));
    const auto w = uml::open_weights(file.path());
    REQUIRE(w);
    std::filesystem::resize_file(file.path(), 5000);
    const auto r = w->read(*w->find("a"), values);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::cannot_read);
    CHECK(r.error().what == std::string(file.path()) +
                                ": tensor \"a\": its data cannot be read, or the file has changed since it was opened");
    CHECK_FALSE(uml::open_weights(file.path()));
}

TEST_CASE("a source of one's own is closed once, also when its header is refused") {
    struct flash {
        std::vector<std::byte> bytes;
        int closed = 0;
    };
    const auto source_of = [](flash& f) {
        return uml::byte_source(
            &f, f.bytes.size(),
            [](void* handle, std::uint64_t offset, std::span<std::byte> out) {
                std::memcpy(out.data(), static_cast<flash*>(handle)->bytes.data() + offset, out.size());
                return true;
            },
            [](void* handle) { ++static_cast<flash*>(handle)->closed; });
    };
    flash good{sample().bytes()};
    {
        const auto w = uml::weights_file::open(source_of(good), "flash");
        REQUIRE(w);
        check_sample(*w);
        CHECK(good.closed == 0);
    }
    CHECK(good.closed == 1);
    flash bad{std::vector<std::byte>(3)};
    CHECK_FALSE(uml::weights_file::open(source_of(bad), "flash"));
    CHECK(bad.closed == 1);
}

TEST_CASE("many threads read one file in memory") {
    const auto bytes = sample().bytes();
    const auto w = uml::weights_from(bytes);
    REQUIRE(w);
    std::array<int, 4> good{};
    std::vector<std::thread> threads;
    for (int& mine : good)
        threads.emplace_back([&mine, &w] {
            for (int i = 0; i < 200; ++i) {
                std::array<float, 6> v{};
                mine += w->read(*w->find("layer.half"), v).has_value() && v[1] == -2.5f ? 1 : 0;
            }
        });
    for (auto& t : threads) t.join();
    CHECK(good == std::array{200, 200, 200, 200});
}

TEST_CASE("a buffer refuses what no heap has, and keeps what it holds") {
    uml::buffer<std::uint64_t> b;
    for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(b.append(i * i));
    CHECK_FALSE(b.reserve(std::numeric_limits<std::size_t>::max() / 4));
    CHECK(b.size() == 1000);
    for (std::uint64_t i = 0; i < 1000; ++i) CHECK(b.span()[i] == i * i);
    uml::buffer<std::uint64_t> other = std::move(b);
    CHECK(other.size() == 1000);
    REQUIRE(other.resize(1001));
    CHECK(other.span()[1000] == 0);
}

TEST_CASE("the heap sort sorts") {
    std::uint32_t state = 1;
    for (std::size_t n = 0; n < 200; ++n) {
        std::vector<std::uint32_t> v(n);
        for (auto& x : v) x = (state = state * 1664525u + 1013904223u) >> 26;
        auto expected = v;
        for (std::size_t i = 1; i < n; ++i)
            for (std::size_t k = i; k > 0 && expected[k] < expected[k - 1]; --k)
                std::swap(expected[k], expected[k - 1]);
        uml::heap_sort(v.data(), v.size(), [](std::uint32_t a, std::uint32_t b) { return a < b; });
        REQUIRE(v == expected);
    }
}
