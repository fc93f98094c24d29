// Command lines, tables and charts.
#include "support/arguments.hpp"
#include "support/csv.hpp"
#include "support/svg.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace support;

namespace {

constexpr option known[] = {{"--out"}, {"--n"}, {"--flag", 0}, {"--levels", 2}};

uml::result<arguments> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "program");
    return arguments::parse(static_cast<int>(words.size()), words.data(), known);
}

std::string complaint(std::vector<const char*> words) {
    const auto parsed = parse(std::move(words));
    return parsed ? "" : std::string(parsed.error().what.view());
}

} // namespace

TEST_CASE("options and words in any order") {
    const auto a = parse({"x", "--out", "folder", "--n=3", "--flag", "y", "--", "--z"});
    REQUIRE(a);
    CHECK(a->value("--out") == "folder");
    CHECK(*a->integer("--n", 1, 9, 5) == 3);
    CHECK(*a->integer("--absent", 1, 9, 5) == 5);
    CHECK(a->has("--flag"));
    CHECK(a->words() == std::vector<std::string>{"x", "y", "--z"});
}

TEST_CASE("a wrong command line is told apart") {
    CHECK(complaint({"--what"}) == "unknown option --what");
    CHECK(complaint({"-o"}) == "unknown option -o; options have two dashes");
    CHECK(complaint({"--out"}) == "--out needs a value");
    CHECK(complaint({"--flag=1"}) == "--flag takes no value");
    CHECK(complaint({"--n", "1", "--n", "2"}) == "--n is given twice");
    CHECK(complaint({"--out", ""}) == "--out needs a value");
    CHECK(complaint({"--out="}) == "--out needs a value");
    CHECK(complaint({"--out", "--flag", "x"}) == "--out needs a value and is followed by --flag");
    CHECK(complaint({"--out", "--", "x"}) == "--out needs a value and is followed by --");
    CHECK(complaint({"--levels", "1", "--out", "x"}) == "--levels needs two values and is followed by --out");
    CHECK(parse({"--out=--flag"})->value("--out") == "--flag");
    CHECK(*parse({"--n", "-3"})->integer("--n", -9, 9, 5) == -3);
    for (const char* wrong : {"0", "10", "3x", "x"}) CHECK_FALSE(parse({"--n", wrong})->integer("--n", 1, 9, 5));
    const auto number = [](const char* text) { return parse({"--n", text})->number("--n", 0, 9, 5); };
    for (const char* wrong : {"nan", "-1", "1e", "inf", "1e999", "0x1", "0X1p0", " 1", "1 ", "1,5", "1e1"})
        CHECK(number(wrong).error().what == std::string("--n wants a decimal number from 0 to 9, not '") + wrong + "'");
    for (const char* wrong : {"1e-320", "1e-999"})
        CHECK(number(wrong).error().what == std::string("--n: ") + wrong + " is too near 0 to be told from it");
    CHECK(*number("+2.5e-1") == 0.25);
    CHECK(*number("1e-300") == 1e-300);
    CHECK(*number("0") == 0);
    CHECK(*parse({"--n", "0.25"})->number("--n", 0, 9, 5) == 0.25);
    CHECK_FALSE(parse({})->levels()->has_value());
    CHECK((*parse({"--levels", "8", "4088"})->levels())->low == 8);
    CHECK((*parse({"--levels", "8", "4088"})->levels())->high == 4088);
    CHECK(complaint({"--levels", "8"}) == "--levels needs two values");
    CHECK(complaint({"--levels=8"}) == "--levels needs two values behind it");
    for (const char* wrong : {"8", "7", "-1", "65536", "x", "9x", ""})
        CHECK_FALSE(parse({"--levels", "8", wrong})->levels());
}

namespace {

using rows = std::vector<std::vector<std::string>>;

// All records, the last one being an error's sentence.
rows records(std::string_view text) {
    csv_reader reader(text);
    rows all;
    for (;;) {
        const auto next = reader.next();
        if (!next) all.push_back({std::string(next.error().what.view())});
        if (!next || !*next) return all;
        all.push_back(**next);
    }
}

} // namespace

TEST_CASE("tables: quotes, line ends, semicolons") {
    CHECK(records("\xef\xbb\xbf"
                  "a,b\r\n\n\"x,\"\"y\"\"\n\",2\nlast,3") == rows{{"a", "b"}, {"x,\"y\"\n", "2"}, {"last", "3"}});
    CHECK(records("a;b\n1,5;2\n") == rows{{"a", "b"}, {"1,5", "2"}});
    CHECK(records("\"a,b\";c\n1;2\n") == rows{{"a,b", "c"}, {"1", "2"}});
    CHECK(records("a,b;c\n1;2,3\n") == rows{{"a", "b;c"}, {"1;2", "3"}});
    CHECK(records("a,\n,\n\"\",\"\"\r\n") == rows{{"a", ""}, {"", ""}, {"", ""}});
    CHECK(records("\"a\rb\",c\n") == rows{{"a\rb", "c"}});
    CHECK(records("").empty());
    csv_reader cut("a\nlast,3");
    REQUIRE(cut.next());
    REQUIRE(cut.next());
    CHECK(cut.line() == 2);
    CHECK(cut.complete() == 2);
}

TEST_CASE("tables: a quote that is open at the end may come from a file that was cut off") {
    csv_reader open("a\n\"x"), wrong("a\nb\"x");
    REQUIRE(open.next());
    REQUIRE(wrong.next());
    CHECK_FALSE(open.next());
    CHECK_FALSE(wrong.next());
    CHECK(open.cut());
    CHECK_FALSE(wrong.cut());
    CHECK(open.complete() == 2);
}

TEST_CASE("tables: what the format does not allow is an error with its line") {
    CHECK(records("a,b\n1,\"x\n2,y\n3,z\n").back()[0] == "line 2: a quote is opened and never closed");
    CHECK(records("a,b\n\"x\n\n1\",2\n\"x\"y,2\n").back()[0] == "line 5: text behind a closing quote");
    CHECK(records("a,b\n1,x\"y\n").back()[0] == "line 2: a quote inside a field that does not begin with one");
    for (const std::string_view alone : {"a,b\r1,2\r", "a\rb,c\n", "a,b\r"})
        CHECK(records(alone).back()[0] == "line 1: a carriage return alone; lines end with LF or CRLF");
    CHECK(records("a,b\n1,2\r3,4\n").back()[0] == "line 2: a carriage return alone; lines end with LF or CRLF");
    for (const std::string_view zero : {std::string_view("a\0b", 3), std::string_view("\"a\0\"", 4)})
        CHECK(records(zero).back()[0] == "line 1: a zero byte; is it text in UTF-8?");
}

TEST_CASE("tables: what is written is read back, and is no formula") {
    for (const char* field :
         {"plain", "'quoted'", "'", "with,comma", "with;semicolon", "with \"quotes\"", "two\nlines", "", "a=b"})
        CHECK(records(csv_field(field) + ",end\n") == rows{{field, "end"}});
    for (const char* field :
         {"=1+1", "+1", "-1", "@x", "\tx", "\nx", "=a,b", "'=1+1", "''-1", "\uff1d1", "\uff0b1", "\uff0d1", "'\uff20x"})
        CHECK(records(csv_field(field) + ",end\n") == rows{{"'" + std::string(field), "end"}});
}

TEST_CASE("tables: nothing that is written moves a terminal's cursor, and no two names become one") {
    CHECK(csv_field("\x1b[31m\r\x7f\t") == "\\x1b[31m\\x0d\\x7f\t");
    CHECK(csv_field(valid_utf8("\\x1b[31m")) == "\\x5cx1b[31m");
    CHECK(csv_field("\u009b\u202e\u200f\ufff9\u00e9") ==
          "\\xc2\\x9b\\xe2\\x80\\xae\\xe2\\x80\\x8f\\xef\\xbf\\xb9\u00e9");
}

TEST_CASE("JSON for a terminal is the same document") {
    CHECK(json_for_terminal("{\n\"\\\\\u009b\u202e\ufff9\u00e9\"}\n") == "{\n\"\\\\\\u009b\\u202e\\ufff9\u00e9\"}\n");
}

TEST_CASE("how much of a text is UTF-8") {
    CHECK(utf8_bytes("\u00e9\\x41") == 6);
    CHECK(utf8_bytes("a\u00e9\xff") == 3);
    CHECK(utf8_bytes("a\xc3") == 1);
    CHECK(utf8_bytes("") == 0);
}

TEST_CASE("names cannot move a terminal's cursor, and are UTF-8 whatever they were") {
    CHECK(printable("plain \xc3\xa9 \xe2\x96\x88") == "plain \xc3\xa9 \xe2\x96\x88");
    CHECK(printable("\x1b[31m\n\x7f") == "\\x1b[31m\\x0a\\x7f");
    CHECK(printable("a\nb\x1b", "\n") == "a\nb\\x1b");
    CHECK(printable("\xc2\x9b"
                    "31m") == "\\u{009b}31m");
    CHECK(printable("\xe2\x80\xae") == "\\u{202e}");
    CHECK(printable("\u061c\u200e\u2028\u2066\ufffb") == "\\u{061c}\\u{200e}\\u{2028}\\u{2066}\\u{fffb}");
    CHECK(printable("\xff\xc3") == "\\xff\\xc3");
    CHECK(valid_utf8("\xff\n") == "\\xff\n");
    CHECK(valid_utf8("\\xff") == "\\x5cxff"); // another name than the one before
    CHECK(valid_utf8("\\xfg\\XFF\\\xff") == "\\xfg\\XFF\\\\xff");
    const std::string lengthy = shown(std::string(100, 'a') + "/" + std::string(100, 'b'));
    CHECK(lengthy.size() < 170);
    CHECK(lengthy.find("[...]") != std::string::npos);
}

TEST_CASE("charts leave out what is not finite and escape what is markup") {
    chart c("a < b & c", {"x", 0, 10}, {"y"});
    const chart_point points[] = {{0, 0}, {5, std::nan("")}, {10, std::numeric_limits<double>::infinity()}, {10, 2}};
    c.line(points, {1, 2, 3}, "line");
    c.bar(1, 2, std::nan(""), {1, 2, 3});
    const std::string svg = c.svg();
    CHECK(svg.find("a &lt; b &amp; c") != std::string::npos);
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
    CHECK(svg.find("points=\"76.00,412.00 616.00,56.00 \"") != std::string::npos);
}

TEST_CASE("ticks are steps of 1, 2 or 5") {
    CHECK(tick_step(1) == doctest::Approx(0.2));
    CHECK(tick_step(0.3) == doctest::Approx(0.05));
    CHECK(tick_step(200) == doctest::Approx(50));
    CHECK(tick_step(41) == doctest::Approx(10));
}

TEST_CASE("text bars") {
    CHECK(text_bar(0.5, 4, false) == "##..");
    CHECK(text_bar(2, 3, false) == "###");
    CHECK(text_bar(-1, 3, true) == "\u2591\u2591\u2591");
}
