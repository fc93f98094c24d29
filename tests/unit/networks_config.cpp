// The configuration's fields: one table, and the lists outside of C++ that name them too.
#include "uml/networks/config.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

using names = std::vector<std::string>;

std::string content(const char* path) {
    std::ifstream file(std::string(UML_SOURCE_DIR "/") + path);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

names in_table() {
    names all;
    for (const uml::config_field& f : uml::config_fields) all.push_back(f.name);
    return all;
}

} // namespace

TEST_CASE("the table has every number of the configuration, each with its default in range") {
    const auto [height, width, regions, classes, channels_in, channel_divisor, stem_stride, grey] = uml::config{};
    CHECK(in_table().size() == 7); // all but `grey`, which the weights do not depend on
    (void)grey;
    const int defaults[] = {height, width, regions, classes, channels_in, channel_divisor, stem_stride};
    for (std::size_t i = 0; i < 7; ++i) {
        const uml::config_field& f = uml::config_fields[i];
        CAPTURE(f.name);
        CHECK(uml::config{}.*f.member == defaults[i]);
        CHECK(defaults[i] >= f.least);
        CHECK(defaults[i] <= f.most);
        CHECK((!f.either || defaults[i] == f.least || defaults[i] == f.most));
    }
}

TEST_CASE("uml_embed_weights knows the same fields") {
    const std::string text = content("cmake/uml-embed.cmake");
    const std::string before = "foreach(key IN ITEMS ";
    const std::size_t begin = text.find(before);
    REQUIRE(begin != std::string::npos);
    std::istringstream words(text.substr(begin + before.size(), text.find(')', begin) - begin - before.size()));
    CHECK(names(std::istream_iterator<std::string>(words), {}) == in_table());
}

TEST_CASE("the training side knows the same fields") {
    const std::string text = content("training/uml_training/networks.py");
    const std::size_t begin = text.find("class Config:"), end = text.find("def ", begin);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    const std::string body = text.substr(begin, end - begin);
    names all; // lines "    NAME: int"
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(": int");
        if (line.starts_with("    ") && colon != std::string::npos) all.push_back(line.substr(4, colon - 4));
    }
    CHECK(all == in_table());
}
