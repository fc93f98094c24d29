// One hostile file for each rule of the safetensors reader, with the sentence it is refused with.
#include "uml/io/safetensors.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using uml::errc;

/// A file with that header, that many bytes of zeros behind it, and a header length that may lie.
std::string file_of(std::string_view header, std::size_t data, std::uint64_t claimed) {
    std::string file(sizeof claimed, '\0');
    std::memcpy(file.data(), &claimed, sizeof claimed);
    return file.append(header).append(data, '\0');
}
std::string file_of(std::string_view header, std::size_t data = 0) { return file_of(header, data, header.size()); }

/// The description of one tensor.
std::string tensor(std::string_view name, std::string_view type, std::string_view shape, std::uint64_t begin,
                   std::uint64_t end) {
    return "\"" + std::string(name) + "\":{\"dtype\":\"" + std::string(type) + "\",\"shape\":[" + std::string(shape) +
           "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

uml::result<uml::weights_file> open(const std::string& file) {
    return uml::weights_from(std::as_bytes(std::span(file)), "w.st");
}

struct refusal {
    std::string file;
    errc code;
    std::string_view what;
};

void check_all(const std::vector<refusal>& table) {
    for (const refusal& r : table) {
        CAPTURE(r.file.substr(0, 300));
        const auto w = open(r.file);
        REQUIRE_FALSE(w.has_value());
        CHECK(w.error().code == r.code);
        CHECK(w.error().what == r.what);
    }
}

std::string many(int count, std::string (*item)(int)) {
    std::string out;
    for (int i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + item(i);
    return out;
}

} // namespace

TEST_CASE("the smallest files are accepted") {
    for (const auto& file :
         {file_of("{}"), file_of("{ }   "), file_of("{\"__metadata__\":{}}"),
          file_of("{" + tensor("s", "F32", "", 0, 4) + "}", 4),
          file_of("{" + tensor("none", "F32", "3,0", 0, 0) + "," + tensor("a", "U8", "2", 0, 2) + "}", 2),
          file_of("{" + tensor("b", "I64", "1", 4, 12) + "," + tensor("a", "F16", "1,2,1,1,1,1,1,1", 0, 4) + "}",
                  12)}) {
        const auto w = open(file);
        CAPTURE(file.substr(8));
        CHECK_MESSAGE(w.has_value(), w.error().what.view());
    }
}

TEST_CASE("the file around the header") {
    check_all({
        {"", errc::malformed, "w.st: 0 bytes are too few for a safetensors file"},
        {"1234567", errc::malformed, "w.st: 7 bytes are too few for a safetensors file"},
        {file_of("{}", 0, 3), errc::malformed, "w.st: the header claims 3 bytes, the file has 2 left"},
        {file_of("{}", 0, 16777217), errc::malformed,
         "w.st: the header claims 16777217 bytes, more than the 16777216 allowed: not a safetensors file?"},
        {file_of("{}", 0, ~0ull), errc::malformed,
         "w.st: the header claims 18446744073709551615 bytes, more than the 16777216 allowed: not a safetensors file?"},
        {file_of("", 0), errc::malformed, "w.st: the header does not begin with {"},
        {file_of(" {}", 0), errc::malformed, "w.st: the header does not begin with {"},
        {file_of("[]", 0), errc::malformed, "w.st: the header does not begin with {"},
        {file_of("\"{}\"", 0), errc::malformed, "w.st: the header does not begin with {"},
        {file_of("{}", 1), errc::malformed, "w.st: the tensors end at byte 0 but the file has 1 bytes of data"},
        {file_of("{" + tensor("a", "U8", "2", 0, 2) + "}", 3), errc::malformed,
         "w.st: the tensors end at byte 2 but the file has 3 bytes of data"},
    });
}

TEST_CASE("the header as JSON") {
    check_all({
        {file_of("{"), errc::malformed, "w.st: header, byte 1: the text ends inside an object"},
        {file_of("{}}"), errc::malformed, "w.st: header, byte 2: something follows the root value"},
        {file_of(std::string_view("{}\0", 3)), errc::malformed,
         "w.st: header, byte 2: something follows the root value"},
        {file_of("{\"a\"}"), errc::malformed, "w.st: header, byte 4: a colon is missing after a key"},
        {file_of("{\"a\":{\"dtype\":}}"), errc::malformed, "w.st: header, byte 14: this is not a value"},
        {file_of("{\"a\":{\"shape\":[1,]}}"), errc::malformed, "w.st: header, byte 17: this is not a value"},
        {file_of("{\"a\":{\"data_offsets\":[0,00]}}"), errc::malformed,
         "w.st: header, byte 24: a number must not begin with 0"},
        {file_of("{\"\xff\":{}}"), errc::malformed, "w.st: header, byte 2: a string is not UTF-8"},
        {file_of("{\"__metadata__\":{\"a\":\"\\q\"}}"), errc::malformed,
         "w.st: header, byte 22: a string has an unknown escape"},
        {file_of("{\"a\":{\"shape\":" + std::string(40, '[') + "}}"), errc::malformed,
         "w.st: tensor \"a\": shape holds something other than non-negative integers"},
        {file_of("{\"a\":" + std::string(100000, '[') + "}"), errc::malformed,
         "w.st: tensor \"a\": its description is not an object"},
    });
}

TEST_CASE("the description of a tensor") {
    check_all({
        {file_of("{\"a\":1}"), errc::malformed, "w.st: tensor \"a\": its description is not an object"},
        {file_of("{\"a\":[]}"), errc::malformed, "w.st: tensor \"a\": its description is not an object"},
        {file_of("{\"\":{}}"), errc::malformed, "w.st: a tensor has no name"},
        {file_of("{\"module.\":{}}"), errc::malformed, "w.st: a tensor has no name"},
        {file_of("{\"a\":{}}"), errc::malformed, "w.st: tensor \"a\": dtype, shape and data_offsets must all be given"},
        {file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4), errc::malformed,
         "w.st: tensor \"a\": dtype, shape and data_offsets must all be given"},
        {file_of("{\"a\":{\"type\":\"F32\"}}"), errc::malformed, "w.st: tensor \"a\": unknown field \"type\""},
        {file_of("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}"), errc::malformed,
         "w.st: tensor \"a\": dtype stands twice"},
        {file_of("{\"a\":{\"shape\":[],\"sh\\u0061pe\":[]}}"), errc::malformed,
         "w.st: tensor \"a\": shape stands twice"},
        {file_of("{\"a\":{\"dtype\":32}}"), errc::malformed, "w.st: tensor \"a\": dtype is not a string"},
        {file_of("{" + tensor("a", "F4", "2", 0, 1) + "}", 1), errc::unsupported,
         "w.st: tensor \"a\": dtype \"F4\" is unknown"},
        {file_of("{" + tensor("a", "f32", "1", 0, 4) + "}", 4), errc::unsupported,
         "w.st: tensor \"a\": dtype \"f32\" is unknown"},
        {file_of("{\"a\":{\"shape\":4}}"), errc::malformed, "w.st: tensor \"a\": shape is not an array"},
        {file_of("{" + tensor("a", "U8", "-1", 0, 1) + "}", 1), errc::malformed,
         "w.st: tensor \"a\": shape holds something other than non-negative integers"},
        {file_of("{" + tensor("a", "U8", "1.0", 0, 1) + "}", 1), errc::malformed,
         "w.st: tensor \"a\": shape holds something other than non-negative integers"},
        {file_of("{" + tensor("a", "U8", "1e0", 0, 1) + "}", 1), errc::malformed,
         "w.st: tensor \"a\": shape holds something other than non-negative integers"},
        {file_of("{" + tensor("a", "U8", "\"1\"", 0, 1) + "}", 1), errc::malformed,
         "w.st: tensor \"a\": shape holds something other than non-negative integers"},
        {file_of("{" + tensor("a", "U8", "18446744073709551616", 0, 1) + "}", 1), errc::malformed,
         "w.st: tensor \"a\": shape holds something other than non-negative integers"},
        {file_of("{" + tensor("a", "U8", "1,1,1,1,1,1,1,1,1", 0, 1) + "}", 1), errc::malformed,
         "w.st: tensor \"a\": shape has more than 8 dimensions"},
        {file_of("{" + tensor("a", "F32", "4294967296,4294967296", 0, 0) + "}"), errc::malformed,
         "w.st: tensor \"a\": the product of its shape exceeds 64 bits"},
        {file_of("{" + tensor("a", "F32", "4611686018427387905", 0, 4) + "}", 4), errc::malformed,
         "w.st: tensor \"a\": the product of its shape exceeds 64 bits"},
    });
}

TEST_CASE("where a tensor's data lie") {
    constexpr std::string_view not_two = "w.st: tensor \"a\": data_offsets are not two non-negative integers";
    const auto with_offsets = [](std::string_view offsets) {
        return file_of("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":" + std::string(offsets) + "}}", 1);
    };
    check_all({
        {with_offsets("1"), errc::malformed, not_two},
        {with_offsets("[]"), errc::malformed, not_two},
        {with_offsets("[0]"), errc::malformed, not_two},
        {with_offsets("[0,1,2]"), errc::malformed, not_two},
        {with_offsets("[0,-1]"), errc::malformed, not_two},
        {with_offsets("[0.0,1]"), errc::malformed, not_two},
        {with_offsets("[null,1]"), errc::malformed, not_two},
        {with_offsets("[0,18446744073709551616]"), errc::malformed, not_two},
        {with_offsets("[1,0]"), errc::malformed, "w.st: tensor \"a\": data_offsets end at 0, before they begin at 1"},
        {with_offsets("[0,2]"), errc::malformed,
         "w.st: tensor \"a\": data_offsets end at 2 but the file has 1 bytes of data"},
        {with_offsets("[18446744073709551615,18446744073709551615]"), errc::malformed,
         "w.st: tensor \"a\": data_offsets end at 18446744073709551615 but the file has 1 bytes of data"},
        {file_of("{" + tensor("a", "F32", "3", 0, 8) + "}", 8), errc::malformed,
         "w.st: tensor \"a\": dtype and shape need 12 bytes, data_offsets give 8"},
        {file_of("{" + tensor("a", "BF16", "2,2", 0, 16) + "}", 16), errc::malformed,
         "w.st: tensor \"a\": dtype and shape need 8 bytes, data_offsets give 16"},
        {file_of("{" + tensor("a", "U8", "2", 1, 3) + "}", 3), errc::malformed,
         "w.st: tensor \"a\": bytes 0 to 1 before its data belong to no tensor"},
        {file_of("{" + tensor("b", "U8", "2", 3, 5) + "," + tensor("a", "U8", "2", 0, 2) + "}", 5), errc::malformed,
         "w.st: tensor \"b\": bytes 2 to 3 before its data belong to no tensor"},
        {file_of("{" + tensor("a", "U8", "2", 0, 2) + "," + tensor("b", "U8", "2", 1, 3) + "}", 3), errc::malformed,
         "w.st: tensor \"b\": its data overlaps that of \"a\""},
        {file_of("{" + tensor("a", "U8", "3", 0, 3) + "," + tensor("b", "U8", "2", 0, 2) + "}", 3), errc::malformed,
         "w.st: tensor \"a\": its data overlaps that of \"b\""},
    });
}

TEST_CASE("names and metadata") {
    check_all({
        {file_of("{" + tensor("a", "U8", "1", 0, 1) + "," + tensor("a", "U8", "1", 1, 2) + "}", 2), errc::malformed,
         "w.st: tensor \"a\": the name stands twice"},
        {file_of("{" + tensor("a", "U8", "1", 0, 1) + "," + tensor("b", "U8", "1", 1, 2) + "," +
                     tensor("b", "U8", "1", 2, 3) + "}",
                 3),
         errc::malformed, "w.st: tensor \"b\": the name stands twice"},
        {file_of("{" + tensor("a", "U8", "1", 0, 1) + "," + tensor("\\u0061", "U8", "1", 1, 2) + "}", 2),
         errc::malformed, "w.st: tensor \"a\": the name stands twice"},
        {file_of("{" + tensor("module.a", "U8", "1", 0, 1) + "," + tensor("a", "U8", "1", 1, 2) + "}", 2),
         errc::malformed, "w.st: tensor \"a\": the name stands twice, once behind \"module.\""},
        {file_of("{\"__metadata__\":[]}"), errc::malformed, "w.st: __metadata__ is not an object"},
        {file_of("{\"__metadata__\":{\"k\":1}}"), errc::malformed, "w.st: __metadata__ \"k\" is not a string"},
        {file_of("{\"__metadata__\":{\"k\":null}}"), errc::malformed, "w.st: __metadata__ \"k\" is not a string"},
        {file_of("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}"), errc::malformed,
         "w.st: __metadata__ \"k\" stands twice"},
        {file_of("{\"__metadata__\":{},\"__metadata__\":{}}"), errc::malformed, "w.st: __metadata__ stands twice"},
        {file_of("{\"__metadata__\":{" + many(4097, [](int i) { return "\"" + std::to_string(i) + "\":\"\""; }) + "}}"),
         errc::malformed, "w.st: __metadata__ has more than 4096 entries"},
        {file_of("{" + many(65537, [](int i) { return tensor(std::to_string(i), "U8", "0", 0, 0); }) + "}"),
         errc::malformed, "w.st: the header has more than 65536 tensors"},
    });
}

TEST_CASE("a hostile name reaches no terminal and does not push the rule out of the sentence") {
    const auto escape = open(file_of("{\"a\\u001b[2J\\u00e4\":1}"));
    CHECK(escape.error().what == "w.st: tensor \"a?[2J??\": its description is not an object");
    const std::string name = std::string(500, 'x') + "end";
    const auto w = open(file_of("{\"" + name + "\":1}"));
    CHECK(w.error().what == "w.st: tensor \"" + std::string(40, 'x') + "..." + std::string(50, 'x') +
                                "end\": its description is not an object");
    const auto commands = uml::weights_from({}, "w\x1b[2J\n\x7f\u009b\u00e9\u00a0\xc2");
    CHECK(commands.error().what == "w?[2J????\u00e9\u00a0\xc2: 0 bytes are too few for a safetensors file");
    const std::string path = "begin" + std::string(500, '/') + "w.st";
    const auto long_path = uml::weights_from({}, path);
    CHECK(long_path.error().what == "..." + std::string(113, '/') + "w.st: 0 bytes are too few for a safetensors file");
}

TEST_CASE("no prefix and no single changed byte of a good file does harm") {
    const std::string good =
        file_of("{\"__metadata__\":{\"k\":\"\\u00e4\\n\"}," + tensor("module.a.weight", "F16", "2,3", 0, 12) + "," +
                    tensor("b\\u0062", "U8", "5", 12, 17) + "}  ",
                17);
    REQUIRE(open(good).has_value());
    for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(open(good.substr(0, n)).has_value());
    int accepted = 0;
    for (std::size_t i = 0; i + 17 < good.size(); ++i) {
        for (int flip = 1; flip < 256; ++flip) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ flip);
            const auto w = open(bad);
            accepted += w.has_value() ? 1 : 0;
            if (!w) REQUIRE_FALSE(w.error().what.empty());
        }
    }
    CHECK(accepted > 0); // other names, other metadata
}
