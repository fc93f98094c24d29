// Command lines, tables and charts.
#include "support/arguments.hpp"
#include "support/csv.hpp"
#include "support/svg.hpp"
#include "support/terminal.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace support;

namespace {

constexpr option known[] = {{"--out"}, {"--n"}, {"--flag", false}};

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
    for (const char* wrong : {"0", "10", "3x", "", "x"}) CHECK_FALSE(parse({"--n", wrong})->integer("--n", 1, 9, 5));
    for (const char* wrong : {"nan", "-1", "", "1e", "inf"}) CHECK_FALSE(parse({"--n", wrong})->number("--n", 0, 9, 5));
    CHECK(*parse({"--n", "0.25"})->number("--n", 0, 9, 5) == 0.25);
}

TEST_CASE("tables: quotes, line ends, a last record that was cut off") {
    const auto whole = read_csv("\xef\xbb\xbf"
                                "a,b\r\n\n\"x,\"\"y\"\"\n\",2\nlast,3",
                                false);
    REQUIRE(whole.rows.size() == 2);
    CHECK(whole.rows[0] == std::vector<std::string>{"a", "b"});
    CHECK(whole.rows[1] == std::vector<std::string>{"x,\"y\"\n", "2"});
    CHECK(read_csv("a\nlast,3", false).length == 2);
    CHECK(read_csv("a\nlast,3", true).rows.size() == 2);
    for (const char* field : {"plain", "with,comma", "with \"quotes\"", "two\nlines", ""}) {
        const auto back = read_csv(csv_field(field) + ",end\n", false);
        REQUIRE(back.rows.size() == 1);
        CHECK(back.rows[0][0] == field);
    }
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
