// The JSON reader, the writer, the safetensors header and byte sources at their limits: the last that is good, the
// first that is not.
#include "uml/io/json_value.hpp"
#include "uml/io/json_writer.hpp"
#include "uml/io/safetensors.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace json = uml::json;
using namespace std::literals;

namespace {

std::string repeat(std::string_view part, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += part;
    return out;
}

/// The sentence that `document` is refused with, or "" if it is accepted.
std::string refusal(std::string_view document) {
    const auto r = json::parse(document, "T");
    return r ? std::string() : std::string(r.error().what.view());
}

/// How many arrays a reader opens before it refuses.
int deepest(json::reader in) {
    int open = 0;
    while (in.next() == json::token::begin_array) ++open;
    CHECK(in.rule() == "objects and arrays are nested too deeply"sv);
    return open;
}

/// What an unescaper hands out, the number after the last one too.
std::vector<int> handed_out(std::string_view raw) {
    json::unescaper bytes(raw);
    std::vector<int> all{bytes.next()};
    while (all.back() >= 0) all.push_back(bytes.next());
    return all;
}

/// A file with that header, which may claim another length, and that many bytes of zeros behind it.
std::string file_of(std::string_view header, std::size_t data, std::optional<std::uint64_t> claimed = {}) {
    const std::uint64_t size = claimed.value_or(header.size());
    std::string file(sizeof size, '\0');
    std::memcpy(file.data(), &size, sizeof size);
    return file.append(header).append(data, '\0');
}

uml::result<uml::weights_file> open(const std::string& file, std::string_view label = "w.st") {
    return uml::weights_from(std::as_bytes(std::span(file)), label);
}

std::string why(const std::string& file) {
    const auto w = open(file);
    return w ? std::string() : std::string(w.error().what.view());
}

/// Three figures, so that numbers sort as texts do.
std::string name_of(int i) { return std::to_string(1000 + i).substr(1); }

} // namespace

TEST_CASE("a reader stops at the depth and the number of values that it is given") {
    const std::string arrays(100, '[');
    CHECK(deepest(json::reader(arrays)) == 16);
    CHECK(deepest(json::reader(arrays, {1, 1000})) == 1);
    CHECK(deepest(json::reader(arrays, {64, 1000})) == 64);
    CHECK(deepest(json::reader(arrays, {65, 1000})) == 64);
    CHECK(json::limits{}.tokens == 2097152);
    const auto last_of = [](std::uint64_t tokens) {
        json::reader in("[0,0]", {16, tokens});
        auto t = in.next();
        while (t != json::token::end && t != json::token::failed) t = in.next();
        return t;
    };
    CHECK(last_of(4) == json::token::end);
    CHECK(last_of(3) == json::token::failed);
}

TEST_CASE("a reader before its first value, and at one that is broken") {
    json::reader in(R"(  ["\n","a",true])");
    CHECK(in.start() == 0);
    CHECK_FALSE(in.escaped());
    CHECK(in.next() == json::token::begin_array);
    CHECK(in.start() == 2);
    CHECK(in.next() == json::token::string);
    CHECK(in.escaped());
    CHECK(in.next() == json::token::string);
    CHECK_FALSE(in.escaped());
    json::reader broken(R"("\q")");
    CHECK(broken.next() == json::token::failed);
    CHECK(broken.rule() == "a string has an unknown escape"sv);
    CHECK(refusal("09") == "T: JSON, byte 0: a number must not begin with 0");
    CHECK(refusal("-09") == "T: JSON, byte 1: a number must not begin with 0");
}

TEST_CASE("hexadecimal digits, and those next to them") {
    CHECK(json::unescaper::hex4("09afAF") == 0x09af);
    CHECK(json::unescaper::hex4("AF09") == 0xaf09);
    CHECK_FALSE(json::unescaper::hex4("000").has_value());
    for (const char c : "/:`g@G"sv) CHECK_FALSE(json::unescaper::hex4("000"s + c).has_value());
}

TEST_CASE("escapes at the limits of what UTF-16 has") {
    CHECK(handed_out(R"(\ud7ff)") == std::vector{0xed, 0x9f, 0xbf, -1});
    CHECK(handed_out(R"(\ue000)") == std::vector{0xee, 0x80, 0x80, -1});
    CHECK(handed_out(R"(\ud800\udc00)") == std::vector{0xf0, 0x90, 0x80, 0x80, -1});
    CHECK(handed_out(R"(\uDBFF\uDFFF)") == std::vector{0xf4, 0x8f, 0xbf, 0xbf, -1});
    CHECK(handed_out(R"(\u0000a)") == std::vector<int>{0, 'a', -1});
    CHECK(refusal(R"("\ud7ff\ue000\ud800\udc00\udbff\udfff")") == "");
    for (const auto alone : {R"("\ud800\ud7ff")"sv, R"("\ud800\udbff")"sv, R"("\ud800\ue000")"sv, R"("\udbff")"sv,
                             R"("\udc00")"sv, R"("\udfff")"sv})
        CHECK(refusal(alone) == "T: JSON, byte 1: a surrogate stands alone");
}

TEST_CASE("UTF-8 at the limits of every length") {
    struct {
        std::string_view bytes;
        std::size_t length;
    } const table[] = {
        {"", 0},
        {"\0"sv, 1},
        {"\x7f", 1},
        {"\x80\x80\x80\x80", 0},
        {"\xbf\x80\x80\x80", 0},
        {"\xc1\xbf\x80\x80", 0},
        {"\xc2\x80", 2},
        {"\xc2\x7f", 0},
        {"\xc2\xc0", 0},
        {"\xdf\xbf", 2},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xe1\x80\x7f", 0},
        {"\xe1\x80\xc0", 0},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff\xbf\xbf\xbf", 0},
        // What stands behind a text that ends too early is not read.
        {"\xc3\xa4"sv.substr(0, 1), 0},
        {"\xe2\x82\xac"sv.substr(0, 2), 0},
        {"\xf0\x9f\x98\x80"sv.substr(0, 3), 0},
    };
    for (const auto& t : table) {
        CAPTURE(t.bytes);
        CHECK(json::utf8_sequence(t.bytes) == t.length);
    }
}

TEST_CASE("a text goes on behind a character of value 0") {
    CHECK_FALSE(json::same_text(R"(a\u0000b)", R"(a\u0000c)"));
    CHECK(json::same_text(R"(a\u0000b)", R"(\u0061\u0000b)"));
    CHECK_FALSE(json::says(R"(a\u0000)", "a"));
    CHECK(json::says(R"(a\u0000b)", "a\0b"sv));
    CHECK(refusal(R"({"a\u0000b":1,"a\u0000c":2})") == "");
    CHECK(refusal(R"({"a\u0000b":1,"a\u0000b":2})") == "T: JSON, byte 25: a key stands twice in one object");
    const auto doc = json::parse(R"("a\u0000b")", "T");
    REQUIRE(doc);
    CHECK(doc->string<3>()->view() == "a\0b"sv);
    CHECK_FALSE(doc->string<2>().has_value());
}

TEST_CASE("a key is repeated in its own object alone, whichever of the keys it is") {
    CHECK(refusal(R"({"a":1,"b":2,"c":3,"c":4})") == "T: JSON, byte 23: a key stands twice in one object");
    CHECK(refusal(R"({"a":{"b":1,"a":2},"b":3})") == "");
    // Of the same digest (FNV-1a, 64 bits), and yet not the same.
    CHECK(refusal(R"({"8yn0iYCKYHlIj4-BwPqk":1,"GReLUrM4wMqfg9yzV3KQ":2})") == "");
    // An object in the last level that is allowed is forgotten when it ends.
    CHECK(refusal(repeat(R"({"a":)", 15) + R"({"k":1},"k":2)" + repeat("}", 15)) == "");
}

TEST_CASE("a document is what stands between white space, and no byte behind it is read") {
    const auto doc = json::parse(" 12 ", "T");
    REQUIRE(doc);
    CHECK(doc->source() == "12");
    const auto number = json::parse("12345"sv.substr(0, 3), "T");
    REQUIRE(number);
    CHECK(number->integer() == 123);
    CHECK(number->number() == 123.0);
}

TEST_CASE("the writer escapes what must be escaped, and indents by one") {
    std::string out;
    json::writer(out).value("\x1f !~\x7f\xc2\x80/");
    CHECK(out == "\"\\u001f !~\\u007f\xc2\x80/\"");
    out.clear();
    json::writer(out, 1).begin_object().member("a", 1).member("b", 2).end_object();
    CHECK(out == "{\n \"a\": 1,\n \"b\": 2\n}");
}

TEST_CASE("a tensor that no file has described is empty") {
    const uml::tensor_entry e;
    CHECK(e.begin == 0);
    CHECK(e.bytes == 0);
    CHECK(e.elements() == 0);
    CHECK(e.shape().empty());
    CHECK_FALSE(e.prefixed);
}

TEST_CASE("names and metadata go on behind a character of value 0") {
    const std::string file = file_of(
        R"({"a\u0000b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"k\u0000":"\u0000v"}})", 1);
    const auto w = open(file);
    REQUIRE(w);
    CHECK(w->find("a") == nullptr);
    CHECK(w->find("a\0b"sv) == w->entries().data());
    CHECK_FALSE(w->metadata("k").has_value());
    CHECK(w->metadata("k\0"sv) == "\0v"sv);
}

TEST_CASE("of a file's name the last 120 bytes are kept") {
    const std::string good = file_of("{}", 0);
    const std::string name = "/" + std::string(119, 'x');
    CHECK(open(good, name)->source() == name);
    CHECK(open(good, "/" + name)->source() == "..." + std::string(117, 'x'));
}

TEST_CASE("a tensor must have all of its three fields") {
    constexpr std::string_view what = "w.st: tensor \"a\": dtype, shape and data_offsets must all be given";
    CHECK(why(file_of(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4)) == what);
    CHECK(why(file_of(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4)) == what);
    CHECK(why(file_of(R"({"a":{"dtype":"F32","shape":[0]}})", 0)) == what);
}

TEST_CASE("sizes up to the last that 64 bits hold") {
    // 3 times 6148914691236517205 is 2^64 - 1.
    CHECK(why(file_of(R"({"a":{"dtype":"U8","shape":[6148914691236517205,3],"data_offsets":[0,1]}})", 1)) ==
          "w.st: tensor \"a\": dtype and shape need 18446744073709551615 bytes, data_offsets give 1");
    CHECK(why(file_of(R"({"a":{"dtype":"U8","shape":[6148914691236517206,3],"data_offsets":[0,1]}})", 1)) ==
          "w.st: tensor \"a\": the product of its shape exceeds 64 bits");
    CHECK(why(file_of(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1)) ==
          "w.st: tensor \"a\": shape has more than 8 dimensions");
    CHECK(why(file_of(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[4,8]}})", 8)) ==
          "w.st: tensor \"a\": dtype and shape need 3 bytes, data_offsets give 4");
    CHECK(why(file_of("{}", 0, 16777216)) == "w.st: the header claims 16777216 bytes, the file has 2 left");
}

TEST_CASE("as many tensors and metadata as there is room for") {
    for (const int count : {0, 1, 15, 16, 17, 32}) {
        CAPTURE(count);
        std::string metadata, tensors;
        for (int i = count; i-- > 0;) {
            metadata += '"' + name_of(i) + R"(":"v)" + name_of(i) + (i > 0 ? "\"," : "\"");
            tensors += ",\"" + name_of(i) + R"(":{"dtype":"U8","shape":[1],"data_offsets":[)" + std::to_string(i) +
                       "," + std::to_string(i + 1) + "]}";
        }
        const std::string file =
            file_of("{\"__metadata__\":{" + metadata + "}" + tensors + "}", static_cast<std::size_t>(count));
        const auto w = open(file);
        REQUIRE_MESSAGE(w, w.error().what.view());
        CHECK(w->entries().size() == static_cast<std::size_t>(count));
        CHECK(w->metadata().size() == static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            const auto* const e = w->find(name_of(i));
            REQUIRE(e != nullptr);
            CHECK(e->begin == static_cast<std::uint64_t>(i));
            CHECK(w->metadata(name_of(i)) == "v" + name_of(i));
        }
        for (const auto& absent : {""s, name_of(count), "999"s}) {
            CHECK(w->find(absent) == nullptr);
            CHECK_FALSE(w->metadata(absent).has_value());
        }
    }
    const auto pairs = [](int count) {
        std::string all;
        for (int i = 0; i < count; ++i) all += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"\"";
        return file_of("{\"__metadata__\":{" + all + "}}", 0);
    };
    CHECK(why(pairs(4096)) == "");
    CHECK(why(pairs(4097)) == "w.st: __metadata__ has more than 4096 entries");
    CHECK(uml::safetensors::most_tensors == 65536);
}

TEST_CASE("a byte source reads up to its end, and never asks for what lies behind it") {
    struct noted {
        std::vector<std::pair<std::uint64_t, std::size_t>> asked;
        int closed = 0;
    };
    const auto source_of = [](noted& n) {
        return uml::byte_source(
            &n, 10,
            [](void* handle, std::uint64_t offset, std::span<std::byte> out) {
                static_cast<noted*>(handle)->asked.emplace_back(offset, out.size());
                return true;
            },
            [](void* handle) { ++static_cast<noted*>(handle)->closed; });
    };
    std::byte room[16];
    const auto read = [&room](const uml::byte_source& s, std::uint64_t offset, std::size_t bytes) {
        return s.read(offset, std::span(room).first(bytes));
    };
    noted first, second;
    {
        auto s = source_of(first);
        CHECK(s.size() == 10);
        for (const auto& [offset, bytes] : std::vector<std::pair<std::uint64_t, std::size_t>>{
                 {0, 11}, {9, 2}, {10, 1}, {11, 0}, {11, 1}, {~0ull, 0}, {~0ull, 1}, {~0ull, 16}})
            CHECK_FALSE(read(s, offset, bytes));
        CHECK(first.asked.empty());
        CHECK(read(s, 10, 0));
        CHECK(first.asked.empty());
        CHECK(read(s, 0, 10));
        CHECK(read(s, 9, 1));
        CHECK(first.asked == std::vector<std::pair<std::uint64_t, std::size_t>>{{0, 10}, {9, 1}});

        const auto* const before = &s;
        uml::byte_source moved = std::move(s);
        CHECK(before->size() == 0);
        CHECK_FALSE(read(*before, 0, 1));
        CHECK(moved.size() == 10);
        CHECK(read(moved, 2, 3));
        moved = source_of(second);
        CHECK(read(moved, 4, 5));
        CHECK(second.asked.size() == 1);
        CHECK(second.closed == 0);
    }
    CHECK(first.closed == 1);
    CHECK(second.closed == 1);
    CHECK(first.asked.size() == 3);
}
