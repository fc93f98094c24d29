// Every parameter has its published name and shape; the edge network those that the training side gives it.
#include "support/golden.hpp"
#include "support/shapes.hpp"

#include "uml/backend/reference.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/networks/network.hpp"
#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <set>
#include <string>

namespace {

using lines = std::set<std::string>;

template <class description> lines described(const uml::config& c, uml::rewrites on) {
    const auto made = uml::dynamic_program::make(
        uml::reference{}, [&](uml::graph& g) { uml::describe<description>(g, c, on, uml::output_set::answer); });
    REQUIRE(made);
    lines all;
    for (const auto& [name, shape] : uml_test::tensors_of(made->view())) {
        std::string line = name + ',';
        for (std::size_t i = 0; i < shape.size(); ++i) line += (i ? "x" : "") + std::to_string(shape[i]);
        CHECK_MESSAGE(all.insert(line).second, line, " stands twice");
    }
    return all;
}

/// name,shape of a CSV file with a header; of three columns only the lines whose last one is "yes".
lines listed(const std::string& path) {
    std::ifstream file(path);
    lines all;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        if (line.ends_with(",no")) continue;
        if (line.ends_with(",yes")) line.resize(line.size() - 4);
        all.insert(line);
    }
    return all;
}

void compare(const lines& have, const lines& want) {
    for (const std::string& line : want) CHECK_MESSAGE(have.contains(line), line, " is missing");
    for (const std::string& line : have) CHECK_MESSAGE(want.contains(line), line, " is not expected");
}

template <class description> void compare_published(const char* folder) {
    const lines want = listed(uml_test::shared_dir() + "/reference/" + folder + "/state_dict.csv");
    if (want.empty()) {
        MESSAGE("the reference files are not here");
        return;
    }
    const uml::config c{.height = 64, .width = 64, .regions = 3, .classes = 2};
    compare(described<description>(c, {}), want);
    compare(described<description>(c, uml::all_rewrites()), want);
}

} // namespace

TEST_CASE("a word that names repeat stands once in the tables") {
    const auto g = std::make_unique<uml::graph>();
    const uml::id block = g->add_name("block"), first = g->add_name("conv", block), second = g->add_name("conv", first);
    CHECK(g->letter_count == 9);
    CHECK(uml::path(g->names, g->letters, second) == "block.conv.conv");
    const uml::id other = g->add_name("conn", block); // another word that begins alike
    CHECK(g->letter_count == 13);
    CHECK(uml::path(g->names, g->letters, other) == "block.conn");
}

TEST_CASE("release has the published tensors, plain and rewritten") {
    compare_published<uml::release_network>("release");
}
TEST_CASE("paper has the published tensors, plain and rewritten") { compare_published<uml::paper_network>("paper"); }

TEST_CASE("edge has the tensors that training gives it") {
    const struct {
        const char* file;
        uml::config c;
    } cases[] = {
        {"edge_d4_s1_c1_r2_k3", {.regions = 2, .classes = 3, .channels_in = 1, .channel_divisor = 4}},
        {"edge_d4_s1_c3_r3_k2", {.regions = 3, .classes = 2, .channels_in = 3, .channel_divisor = 4}},
        {"edge_d3_s1_c3_r3_k2", {.regions = 3, .classes = 2, .channels_in = 3, .channel_divisor = 3}},
        {"edge_d4_s2_c1_r2_k3", {.regions = 2, .classes = 3, .channels_in = 1, .channel_divisor = 4, .stem_stride = 2}},
        {"edge_d4_s2_c3_r3_k2", {.regions = 3, .classes = 2, .channels_in = 3, .channel_divisor = 4, .stem_stride = 2}},
        {"edge_d8_s2_c1_r2_k3", {.regions = 2, .classes = 3, .channels_in = 1, .channel_divisor = 8, .stem_stride = 2}},
    };
    for (const auto& one : cases) {
        INFO(one.file);
        const lines want = listed(std::string(UML_SOURCE_DIR "/tests/data/") + one.file + ".csv");
        REQUIRE(want.size() > 1000);
        compare(described<uml::edge_network>(one.c, uml::all_rewrites()), want);
    }
}

TEST_CASE("the edge network's rule for channel counts") {
    CHECK(uml::divided(26, 4) == 8);
    CHECK(uml::divided(52, 4) == 16);
    CHECK(uml::divided(104, 4) == 24);
    CHECK(uml::divided(32, 8) == 8);
    CHECK(uml::divided(1024, 3) == 344);
    CHECK(uml::divided(26, 1) == 24);
}
