// The JSON reader against good and hostile texts, documents as views, and the writer.
#include "uml/io/json_value.hpp"
#include "uml/io/json_writer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace json = uml::json;
using namespace std::literals;

namespace {

/// The sentence that `document` is refused with, or "" if it is accepted.
std::string refusal(std::string_view document) {
    const auto r = json::parse(document, "T");
    return r ? std::string() : std::string(r.error().what.view());
}

std::string repeat(std::string_view part, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += part;
    return out;
}

std::string resolved(std::string_view raw) {
    std::string out;
    json::unescaper bytes(raw);
    for (int c = bytes.next(); c >= 0; c = bytes.next()) out += static_cast<char>(c);
    return out;
}

constexpr int sum_of_array(std::string_view text) {
    json::reader in(text);
    int sum = 0;
    for (auto t = in.next(); t != json::token::end; t = in.next()) {
        if (t == json::token::failed) return -1;
        if (t == json::token::number) sum += static_cast<int>(*json::to_unsigned(in.raw()));
    }
    return sum;
}
static_assert(sum_of_array("[1, 20, [300]]") == 321);

} // namespace

TEST_CASE("texts that are JSON") {
    for (const auto text :
         {"{}"sv, "[]"sv, " [ ] "sv, "0"sv, "-0"sv, "-12.5e+3"sv, "1E-2"sv, "true"sv, "false"sv, "null"sv, "\"\""sv,
          "[[],{},[{}]]"sv, "{\"\":1}"sv, "\t{\r\n\"a\" : [1 , 2] }\n"sv,
          "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\""sv, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f\""sv,
          "\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\""sv, "{\"a\":{\"b\":1},\"b\":{\"a\":1}}"sv}) {
        CAPTURE(text);
        CHECK(refusal(text) == "");
    }
}

TEST_CASE("texts that are not, each with its rule and place") {
    struct bad {
        std::string text;
        std::string_view what;
    };
    const bad table[] = {
        {"", "byte 0: the text ends where a value must stand"},
        {"  ", "byte 2: the text ends where a value must stand"},
        {"{} {}", "byte 3: something follows the root value"},
        {"{}\0"s, "byte 2: something follows the root value"},
        {"\xef\xbb\xbf{}", "byte 0: this is not a value"},
        {"[1,]", "byte 3: this is not a value"},
        {"[,1]", "byte 1: this is not a value"},
        {"[1 2]", "byte 3: a comma or ] is missing"},
        {"[1}", "byte 2: a comma or ] is missing"},
        {"{\"a\":1]", "byte 6: a comma or } is missing"},
        {"[1", "byte 2: the text ends inside an object or array"},
        {"{\"a\":1", "byte 6: the text ends inside an object or array"},
        {"{", "byte 1: the text ends inside an object"},
        {"{\"a\":1,", "byte 7: the text ends inside an object"},
        {"{\"a\"", "byte 4: a colon is missing after a key"},
        {"{\"a\" 1}", "byte 5: a colon is missing after a key"},
        {"{\"a\":}", "byte 5: this is not a value"},
        {"{\"a\":1,}", "byte 7: a key must be a string"},
        {"{1:1}", "byte 1: a key must be a string"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "byte 17: a key stands twice in one object"},
        {"{\"a\":1,\"\\u0061\":3}", "byte 16: a key stands twice in one object"},
        {"{\"x\":{\"a\":1},\"x\":1}", "byte 17: a key stands twice in one object"},
        {"01", "byte 0: a number must not begin with 0"},
        {"-01", "byte 1: a number must not begin with 0"},
        {"-", "byte 1: a number has no digits"},
        {"+1", "byte 0: this is not a value"},
        {".5", "byte 0: this is not a value"},
        {"1.", "byte 2: a number has no digits after its point"},
        {"1e", "byte 2: a number has no digits in its exponent"},
        {"1e+", "byte 3: a number has no digits in its exponent"},
        {"NaN", "byte 0: this is not a value"},
        {"Infinity", "byte 0: this is not a value"},
        {"nul", "byte 0: this is not a value"},
        {"truefalse", "byte 4: something follows the root value"},
        {"'a'", "byte 0: this is not a value"},
        {"// no\n1", "byte 0: this is not a value"},
        {"\"a", "byte 2: a string does not end"},
        {"\"a\\\"", "byte 4: a string does not end"},
        {"\"\n\"", "byte 1: a string holds a control character"},
        {"\"\0\""s, "byte 1: a string holds a control character"},
        {"\"\\x41\"", "byte 1: a string has an unknown escape"},
        {"\"\\", "byte 1: a string has an unknown escape"},
        {"\"\\u12g4\"", "byte 1: \\u needs four hexadecimal digits"},
        {"\"\\u12", "byte 1: \\u needs four hexadecimal digits"},
        {"\"\\ud800\"", "byte 1: a surrogate stands alone"},
        {"\"\\ud800\\u0041\"", "byte 1: a surrogate stands alone"},
        {"\"\\udc00\\ud800\"", "byte 1: a surrogate stands alone"},
        {"\"\\ud800\\ue000\"", "byte 1: a surrogate stands alone"},
        {"\"\x80\"", "byte 1: a string is not UTF-8"},
        {"\"\xc0\x80\"", "byte 1: a string is not UTF-8"},
        {"\"\xc3\"", "byte 1: a string is not UTF-8"},
        {"\"\xe0\x9f\xbf\"", "byte 1: a string is not UTF-8"},
        {"\"\xed\xa0\x80\"", "byte 1: a string is not UTF-8"},
        {"\"\xf0\x8f\xbf\xbf\"", "byte 1: a string is not UTF-8"},
        {"\"\xf4\x90\x80\x80\"", "byte 1: a string is not UTF-8"},
        {"\"\xe2\x82", "byte 1: a string is not UTF-8"},
        {"\"\xff\"", "byte 1: a string is not UTF-8"},
        {repeat("[", 17) + repeat("]", 17), "byte 16: objects and arrays are nested too deeply"},
        {"[" + repeat("0,", 65536) + "0]", "byte 131070: more values than are allowed"},
    };
    for (const bad& b : table) {
        CAPTURE(b.text.substr(0, 80));
        CHECK(refusal(b.text) == "T: JSON, " + std::string(b.what));
    }
    CHECK(refusal(repeat("[", 16) + repeat("]", 16)) == "");
}

TEST_CASE("more keys than are allowed at one time are refused, one after the other they are not") {
    const auto object = [](int keys) {
        std::string s = "{";
        for (int i = 0; i < keys; ++i) s += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":0";
        return s + "}";
    };
    CHECK(refusal(object(256)) == "");
    CHECK(refusal(object(257)).find("more keys than are allowed") != std::string::npos);
    CHECK(refusal("[" + object(200) + "," + object(200) + "]") == "");
}

TEST_CASE("a document is walked in place") {
    const auto doc =
        json::parse(R"( {"height": 256, "stride": -2, "big": 1e3, "gray": true, "none": null, "na\u006de": "\u00e4b",
                                     "sizes": [64, [1, 2], {"x": []}, "q"], "nested": {"deep": {"er": 0.25}}} )",
                    "T");
    REQUIRE(doc);
    CHECK(doc->type() == json::kind::object);
    CHECK(doc->find("height")->integer() == 256);
    CHECK(doc->find("height")->number() == 256.0);
    CHECK(doc->find("stride")->integer() == -2);
    CHECK(doc->find("big")->number() == 1000.0);
    CHECK_FALSE(doc->find("big")->integer().has_value());
    CHECK(doc->find("gray")->boolean() == true);
    CHECK_FALSE(doc->find("gray")->integer().has_value());
    CHECK_FALSE(doc->find("height")->boolean().has_value());
    CHECK(doc->find("none")->type() == json::kind::null);
    CHECK(doc->find("name")->string<8>()->view() == "\xc3\xa4"
                                                    "b");
    CHECK_FALSE(doc->find("name")->string<2>().has_value());
    CHECK_FALSE(doc->find("height")->string<8>().has_value());
    CHECK(doc->find("name")->says("\xc3\xa4"
                                  "b"));
    CHECK_FALSE(doc->find("name")->says("\xc3\xa4"));
    CHECK_FALSE(doc->find("height")->says("256"));
    CHECK(doc->find("nested")->find("deep")->find("er")->number() == 0.25);
    CHECK_FALSE(doc->find("er").has_value());
    CHECK_FALSE(doc->find("height")->find("x").has_value());

    std::string seen;
    for (const auto item : doc->find("sizes")->items()) seen += std::string(item.source()) + ";";
    CHECK(seen == "64;[1, 2];{\"x\": []};\"q\";");
    seen.clear();
    for (const auto [key, item] : doc->members()) seen += std::string(key.string<16>()->view()) + " ";
    CHECK(seen == "height stride big gray none name sizes nested ");
    for (const auto item : doc->items()) FAIL("an object has no items: " << item.source());
    for (const auto [key, item] : doc->find("sizes")->members()) FAIL("an array has no members: " << key.source());
}

TEST_CASE("numbers keep to their ranges") {
    const auto doc =
        json::parse("[9223372036854775807, 9223372036854775808, -9223372036854775808, -9223372036854775809, -0, 1e999, "
                    "1e-999, 0.1, -99999999999999999999]",
                    "T");
    REQUIRE(doc);
    std::string seen;
    for (const auto item : doc->items())
        seen += std::to_string(item.integer().has_value()) + std::to_string(item.number().has_value()) + " ";
    CHECK(seen == "11 01 11 01 11 00 00 01 01 ");
    CHECK(json::parse("-9223372036854775808", "T")->integer() == std::numeric_limits<std::int64_t>::min());
    CHECK(json::parse("-0", "T")->integer() == 0);
    CHECK(json::to_unsigned("18446744073709551615") == ~0ull);
    CHECK_FALSE(json::to_unsigned("18446744073709551616").has_value());
    CHECK_FALSE(json::to_unsigned("99999999999999999999").has_value());
    CHECK_FALSE(json::to_unsigned("-1").has_value());
    CHECK_FALSE(json::to_unsigned("1.0").has_value());
    CHECK_FALSE(json::to_unsigned("").has_value());
}

TEST_CASE("escapes resolve to UTF-8 of every length") {
    CHECK(resolved(R"(\"\\\/\b\f\n\r\t)") == "\"\\/\b\f\n\r\t");
    CHECK(resolved(R"(a\u0041\u00e4\u20AC\ud83d\ude00z)") == "aA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
    CHECK(resolved(R"(\u007f\u0080\u07ff\u0800\uffff\ud800\udc00\udbff\udfff)") ==
          "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    CHECK(json::same_text(R"(a\u0062)", "ab"));
    CHECK_FALSE(json::same_text(R"(a\u0062)", "abc"));
    CHECK_FALSE(json::same_text("abc", "ab"));
}

TEST_CASE("skip leaves out one value and what is in it") {
    json::reader in(R"([{"a":[1,{"b":2}]},7])");
    CHECK(in.next() == json::token::begin_array);
    const auto first = in.next();
    CHECK(first == json::token::begin_object);
    in.skip(first);
    CHECK(in.next() == json::token::number);
    CHECK(in.raw() == "7");
    CHECK(in.next() == json::token::end_array);
    CHECK(in.next() == json::token::end);
    CHECK(in.next() == json::token::end);
}

TEST_CASE("the writer's documents are JSON and say what was written") {
    std::string out;
    json::writer w(out);
    w.begin_object()
        .member("n", 360)
        .member("neg", std::int64_t{-5})
        .member("big", ~std::uint64_t{0})
        .member("t", true);
    w.member("x", 0.1).member("f", 0.1f).member("e", 1e300).member("nan", std::nan("")).key("none").null();
    w.key("list").begin_array().value(1).value("two").begin_array().end_array().begin_object().end_object().end_array();
    w.member("inf", std::numeric_limits<float>::infinity()).end_object();
    CHECK(out == R"({"n":360,"neg":-5,"big":18446744073709551615,"t":true,"x":0.1,"f":0.1,"e":1e+300,"nan":null,)"
                 R"("none":null,"list":[1,"two",[],{}],"inf":null})");
    CHECK(refusal(out) == "");
}

TEST_CASE("the writer indents") {
    std::string out;
    json::writer w(out, 2);
    w.begin_object()
        .member("a", 1)
        .key("b")
        .begin_array()
        .value(2)
        .value(3)
        .end_array()
        .key("c")
        .begin_object()
        .end_object();
    w.end_object();
    CHECK(out == "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    3\n  ],\n  \"c\": {}\n}");
}

TEST_CASE("any bytes become a JSON string; UTF-8 comes back as it was") {
    std::string all;
    for (int i = 0; i < 128; ++i) all += static_cast<char>(i);
    all += "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
    std::string out;
    json::writer(out).value(all);
    const auto doc = json::parse(out, "T");
    REQUIRE(doc);
    CHECK(doc->says(all));

    out.clear();
    json::writer(out).value("a\xff\xc3(\xed\xa0\x80");
    CHECK(out == "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("numbers are written shortest and read back the same") {
    for (const double x : {1.0 / 3, 1e-320, 123456789.125, -0.0, 5e-324, 1.7976931348623157e308}) {
        std::string out;
        json::writer(out).value(x);
        const auto doc = json::parse(out, "T");
        REQUIRE(doc);
        CHECK(std::bit_cast<std::uint64_t>(*doc->number()) == std::bit_cast<std::uint64_t>(x));
    }
}
