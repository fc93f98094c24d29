// Results: where they may go, what is believed of earlier ones.
#include "folder.hpp"
#include "support/files.hpp"
#include "support/input_rule.hpp"
#include "support/manifest.hpp"
#include "support/output.hpp"
#include "support/sha256.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace support;
namespace fs = std::filesystem;
using uml_test::folder;

namespace {

std::string text_of(const fs::path& file) {
    const auto bytes = read_file(file, 1 << 20);
    return bytes ? std::string(bytes->begin(), bytes->end()) : "(" + std::string(bytes.error().what.view()) + ")";
}

bool ends_with(const uml::error& e, std::string_view end) { return e.what.view().ends_with(end); }

std::size_t files_in(const fs::path& f) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(f), fs::directory_iterator()));
}

} // namespace

TEST_CASE("SHA-256 of FIPS 180-4's examples, whole and in pieces") {
    CHECK(hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hash_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    const std::string million(1000000, 'a');
    CHECK(hash_of(million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sha256 pieces;
    const auto bytes = std::span(reinterpret_cast<const std::uint8_t*>(million.data()), million.size());
    for (std::size_t at = 0, n = 1; at < million.size(); at += n, n = n % 130 + 1)
        pieces.add(bytes.subspan(at, std::min(n, million.size() - at)));
    CHECK(pieces.hex() == hash_of(million));
}

TEST_CASE("a file appears whole, and nothing else stays") {
    const folder f("output-whole");
    REQUIRE(write_file(f.path / "a", "one"));
    REQUIRE(write_file(f.path / "a", "two"));
    CHECK(text_of(f.path / "a") == "two");
    CHECK(files_in(f.path) == 1);
    CHECK_FALSE(write_file(f.path / "none" / "a", "x"));
    CHECK(ends_with(write_file(f.path / "none" / "a", "x").error(), "cannot be written: No such file or directory"));
    CHECK(ends_with(write_file(f.path / std::string(300, 'n'), "x").error(), "File name too long"));
    CHECK(files_in(f.path) == 1);
    if (fs::exists("/dev/full"))
        CHECK(write_file("/dev/full", "x").error().what.view() ==
              "/dev/full: cannot be written: No space left on device");
}

TEST_CASE("no input is overwritten, under whatever name") {
    const folder f("output-input");
    REQUIRE(write_file(f.path / "in", "keep"));
    fs::create_hard_link(f.path / "in", f.path / "hard");
    fs::create_symlink("in", f.path / "soft");
    never_overwrite(f.path / "in");
    for (const char* name : {"in", "hard", "soft"}) {
        CHECK(
            ends_with(write_file(f.path / name, "x").error(), "an input of this program, so nothing is written there"));
        CHECK_FALSE(line_file::open(f.path / name));
    }
    CHECK(text_of(f.path / "in") == "keep");
}

TEST_CASE("links are followed to files, streams are written to, the rest is refused") {
    const folder f("output-kinds");
    REQUIRE(write_file(f.path / "file", "old"));
    fs::create_symlink("file", f.path / "link");
    fs::create_symlink("nowhere", f.path / "dangling");
    fs::create_symlink(".", f.path / "loop");
    REQUIRE(write_file(f.path / "link", "new"));
    CHECK(fs::is_symlink(f.path / "link"));
    CHECK(text_of(f.path / "file") == "new");
    CHECK(ends_with(write_file(f.path / "dangling", "x").error(),
                    "a symbolic link that leads nowhere, so nothing is written there"));
    CHECK_FALSE(fs::exists(f.path / "nowhere"));
    CHECK_FALSE(write_file(f.path / "loop", "x"));
    CHECK(ends_with(write_file(f.path, "x").error(), "a folder, so nothing is written there"));
    // Of another user: the file that a link leads to, and the link; root alone can give them away.
    const auto given_away = [&](const char* name, uid_t to) { return ::lchown((f.path / name).c_str(), to, to) == 0; };
    fs::create_symlink("file", f.path / "other");
    if (::geteuid() == 0 && given_away("file", 65534)) {
        CHECK(ends_with(write_file(f.path / "other", "x").error(),
                        "a symbolic link to a file of another user, so nothing is written there"));
        REQUIRE(given_away("file", 0));
        CHECK(write_file(f.path / "other", "new"));
        REQUIRE(given_away("other", 65534));
        CHECK(ends_with(write_file(f.path / "other", "x").error(),
                        "a symbolic link of another user, so nothing is written there"));
    }
    CHECK(text_of(f.path / "file") == "new");
    CHECK(write_file("/dev/null", "x"));
    CHECK(fs::is_character_file("/dev/null"));
    REQUIRE(::mkfifo((f.path / "pipe").c_str(), 0600) == 0);
    std::string got;
    std::thread reader([&] {
        char text[8] = {};
        std::FILE* const p = std::fopen((f.path / "pipe").c_str(), "rb");
        got.assign(text, std::fread(text, 1, sizeof text, p));
        std::fclose(p);
    });
    CHECK(write_file(f.path / "pipe", "piped"));
    reader.join();
    CHECK(got == "piped");
    CHECK(ends_with(read_file(f.path / "pipe", 10).error(), "not a file")); // and nothing waits for a writer
}

TEST_CASE("what takes a file's place is for the same people, and does not take that of a file that is kept") {
    const folder f("output-permissions");
    const auto mode = [&](const char* name) {
        struct stat s {};
        return ::stat((f.path / name).c_str(), &s) == 0 ? s.st_mode & 07777u : 0u;
    };
    const mode_t mask = ::umask(027);
    REQUIRE(write_file(f.path / "new", "x"));
    CHECK(mode("new") == 0640);
    for (const mode_t had : {0600u, 0644u, 0660u}) {
        REQUIRE(::chmod((f.path / "new").c_str(), had) == 0);
        REQUIRE(write_file(f.path / "new", "y"));
        CHECK(mode("new") == had);
        auto lines = line_file::open(f.path / "new");
        REQUIRE(lines);
        REQUIRE(lines->replace("z"));
        CHECK(mode("new") == had);
    }
    ::umask(mask);
    if (::geteuid() != 0) {
        REQUIRE(::chmod((f.path / "new").c_str(), 0440) == 0);
        CHECK(ends_with(write_file(f.path / "new", "w").error(), "cannot be written: Permission denied"));
        CHECK(text_of(f.path / "new") == "z");
    }
    CHECK(files_in(f.path) == 1);
}

TEST_CASE("places of results are looked at before work begins") {
    const folder f("output-check");
    REQUIRE(write_file(f.path / "in", "keep"));
    fs::create_hard_link(f.path / "in", f.path / "hard");
    fs::create_symlink("file", f.path / "link");
    fs::create_directory(f.path / "folder");
    never_overwrite(f.path / "in");
    const auto refusal = [&](std::vector<fs::path> files) {
        for (fs::path& file : files)
            if (file != "-") file = f.path / file;
        const auto r = check_outputs(files);
        return r ? "" : std::string(r.error().what.view().substr(r.error().what.view().find(": ") + 2));
    };
    CHECK(refusal({}).empty());
    CHECK(refusal({"a", "b"}).empty());
    CHECK(refusal({"/dev/null", "/dev/null", "a"}).empty());
    CHECK(refusal({"hard"}) == "an input of this program, so nothing is written there");
    CHECK(refusal({"folder"}) == "a folder, so nothing is written there");
    CHECK(refusal({"link"}) == "a symbolic link that leads nowhere, so nothing is written there");
    CHECK(refusal({"none/a"}) == "cannot be written: No such file or directory");
    CHECK(refusal({"in/a"}) == "cannot be written: Not a directory");
    CHECK(refusal({"a", "folder/../a"}) == "another result goes there, so nothing is written there");
    REQUIRE(write_file(f.path / "file", "x"));
    CHECK(refusal({"link"}).empty());
    CHECK(refusal({"file", "link"}) == "another result goes there, so nothing is written there");
    // Without a folder in front of it, and with one.
    const fs::path before = fs::current_path();
    fs::current_path(f.path);
    for (const fs::path& other : {fs::path("./new"), fs::path("folder/../new"), f.path / "new"})
        CHECK(check_outputs(std::vector<fs::path>{"new", other})
                  .error()
                  .what.view()
                  .ends_with("another result goes there, so nothing is written there"));
    CHECK(check_outputs(std::vector<fs::path>{"new", "folder/new"}));
    fs::current_path(before);
    CHECK(refusal({"-"}) == "standard output holds the report (/dev/stdout adds to it, ./- is a file of this name), so "
                            "nothing is written there");
    CHECK_FALSE(fs::exists(f.path / "a"));
}

TEST_CASE("a table has one writer, and a line is there whole or not at all") {
    const folder f("output-lines");
    auto first = line_file::open(f.path / "t");
    REQUIRE(first);
    CHECK(
        ends_with(line_file::open(f.path / "t").error(), "another program is writing it, so nothing is written there"));
    REQUIRE(first->replace("head\n"));
    CHECK_FALSE(line_file::open(f.path / "t")); // the lock goes with the new file
    REQUIRE(first->append("row\n"));
    CHECK(*first->content() == "head\nrow\n");
    REQUIRE(first->finish());
    CHECK(line_file::open(f.path / "t"));
    CHECK(text_of(f.path / "t") == "head\nrow\n");
    CHECK(files_in(f.path) == 1);
}

TEST_CASE("what a program that was killed has left is removed, what another is writing stays") {
    const folder f("output-left");
    std::ofstream(f.path / ".uml-0123.part") << "x";
    std::ofstream(f.path / ".uml-other") << "x";
    auto held = line_file::open(f.path / ".uml-4567.part");
    REQUIRE(held);
    REQUIRE(write_file(f.path / "result", "x"));
    CHECK_FALSE(fs::exists(f.path / ".uml-0123.part"));
    CHECK(fs::exists(f.path / ".uml-4567.part"));
    CHECK(fs::exists(f.path / ".uml-other"));
}

namespace {

manifest_record record(char picture, std::string source, std::string stem, std::string weights = "w") {
    return {std::string(64, picture), std::move(source), std::move(stem), {},
            std::move(weights),       R"({"a":1})",      "accepted",      {}};
}
const auto nothing_there = [](const std::string&) { return false; };

} // namespace

TEST_CASE("names: a clash never gives one picture the results of another") {
    const folder f("manifest-names");
    auto m = manifest::open(f.path / "m");
    REQUIRE(m);
    const auto name = [&](const manifest_record& r, bool clash = false) {
        return *m->claim(r, clash, r.picture, nothing_there);
    };
    CHECK(name(record('a', "/1/x", "x")) == "x");
    CHECK(name(record('a', "/1/x", "x")) == "x");                         // again
    CHECK(name(record('a', "/moved/x", "x")) == "x");                     // the same content elsewhere
    CHECK(name(record('b', "/2/x", "x")) == "x-bbbbbbbb");                // another picture of this name
    CHECK(name(record('b', "/2/X", "X")) == "X-" + std::string(16, 'b')); // also where only case differs
    CHECK(name(record('c', "/1/x", "x")) == "x");                         // the file was replaced
    CHECK(name(record('a', "/5/x", "x")) == "x-aaaaaaaa");                // and the former has to go elsewhere
    CHECK(name(record('d', "/3/y", "y"), true) == "y-dddddddd");          // two at once
    CHECK(*m->claim(record('e', "/4/z", "z"), false, std::string(64, 'e'),
                    [](const std::string& n) { return n == "z"; }) == "z-eeeeeeee"); // a file of unknown origin
    // Names that the digits give, and pictures whose first digits are the same.
    CHECK(*m->claim(record('f', "/6/w", "w"), true, std::string(64, 'f'),
                    [](const std::string& n) { return n == "w-ffffffff"; }) == "w-" + std::string(16, 'f'));
    CHECK(*m->claim(record('9', "/7/w", "w"), true, std::string(64, '9'), nothing_there, 16) ==
          "w-" + std::string(16, '9'));
    CHECK(*m->claim(record('8', "/8/w", "w"), true, std::string(64, '8'), nothing_there, 64) ==
          "w-" + std::string(64, '8'));
    // Another program sees the same.
    auto again = manifest::open(f.path / "m");
    REQUIRE(again);
    CHECK(*again->claim(record('b', "/2/x", "x"), false, std::string(64, 'b'), nothing_there) == "x-bbbbbbbb");
}

TEST_CASE("a list of results that somebody has edited leads to no other place") {
    const folder f("manifest-edited");
    const auto line = [](std::string_view name, std::string_view stem) {
        return R"({"picture":")" + std::string(64, 'a') + R"(","source":"/1/x","stem":")" + std::string(stem) +
               R"(","name":")" + std::string(name) +
               R"(","weights":"w","verdict":"accepted","outputs":{},"options":{"a":1}})" + "\n";
    };
    const auto chosen = [&](const std::string& text) {
        std::ofstream(f.path / "m", std::ios::binary) << text;
        auto m = manifest::open(f.path / "m");
        return m ? *m->claim(record('a', "/1/x", "x"), false, std::string(64, 'a'), nothing_there)
                 : std::string(m.error().what.view());
    };
    CHECK(chosen(line("x-0123abcd", "x")) == "x-0123abcd");
    for (const char* other : {"../x", "x/../../y", "x-", "x-0123", "x-0123abcg", "x-0123abc/", "xx", "y"}) {
        CHECK(chosen(line(other, "x")) == "x");
        CHECK(chosen(line(other, other)) == "x");
    }
    // What is not understood, is of a later version, or stands there twice.
    CHECK(chosen("not JSON\n[]\n{}\n" + line("x-0123abcd", "x") + line("x-0123abcd", "x")) == "x-0123abcd");
    std::string later = line("x-0123abcd", "x");
    later.insert(later.size() - 2, R"(,"schema":7)");
    CHECK(chosen(later) == "x-0123abcd");
}

TEST_CASE("a file that is no list of results is left alone") {
    const folder f("manifest-foreign");
    const auto refusal = [&](const fs::path& file) {
        const auto m = manifest::open(file);
        return m ? "" : std::string(m.error().what.view().substr(m.error().what.view().find(": ") + 2));
    };
    for (const char* text : {"no line end", "one\ntwo", "{\"pict", "{\"picture\":\"0"}) {
        std::ofstream(f.path / "m", std::ios::binary) << text;
        const bool ours = text[0] == '{';
        CHECK(refusal(f.path / "m") ==
              (ours ? "" : "its last line is none of this program's, so it cannot be the list of results"));
        CHECK(text_of(f.path / "m") == (ours ? "" : text));
    }
    REQUIRE(write_file(f.path / "in", "picture"));
    fs::create_hard_link(f.path / "in", f.path / "hard");
    never_overwrite(f.path / "in");
    CHECK(refusal(f.path / "hard") == "an input of this program, so nothing is written there");
    CHECK(text_of(f.path / "in") == "picture");
    fs::create_directory(f.path / "folder");
    CHECK(refusal(f.path / "folder") == "cannot be written: Is a directory");
    fs::create_symlink("other", f.path / "link");
    REQUIRE(write_file(f.path / "other", ""));
    CHECK(refusal(f.path / "link").starts_with("cannot be written: "));
}

TEST_CASE("a lock that is not given back is waited for, not for ever") {
    const folder f("manifest-lock");
    const auto held = line_file::open(f.path / "m");
    REQUIRE(held);
    const auto m = manifest::open(f.path / "m", std::chrono::milliseconds(20));
    REQUIRE_FALSE(m);
    CHECK(ends_with(m.error(), "m: cannot be locked: another program has the lock and does not give it back"));
}

TEST_CASE("results are found by content, weights and options, and a line that was cut off counts for nothing") {
    const folder f("manifest-results");
    manifest_record r = record('a', "/1/\xff\n x%", "x", "w");
    {
        auto m = manifest::open(f.path / "m");
        REQUIRE(m);
        r.name = *m->claim(r, false, r.picture, nothing_there);
        CHECK(m->find(r, false) == nullptr);
        r.outputs["mask"] = std::string(64, '1');
        REQUIRE(m->add(r));
    }
    const std::string whole = text_of(f.path / "m");
    for (std::size_t cut = 0; cut < 30; ++cut) {
        std::ofstream(f.path / "m", std::ios::binary) << whole << whole.substr(0, cut);
        auto m = manifest::open(f.path / "m");
        REQUIRE(m);
        CHECK(text_of(f.path / "m") == whole);
        const manifest_record* found = m->find(r, true);
        REQUIRE(found != nullptr);
        CHECK(found->source == r.source);
        CHECK(found->name == "x");
        CHECK(found->outputs == r.outputs);
        CHECK(m->find_output("mask", std::string(64, '1')) == found);
        manifest_record other = r;
        other.source = "/elsewhere";
        CHECK(m->find(other, false) != nullptr);
        CHECK(m->find(other, true) == nullptr);
        other = r, other.weights = "v";
        CHECK(m->find(other, false) == nullptr);
        other = r, other.options = R"({"a":2})";
        CHECK(m->find(other, false) == nullptr);
        other = r, other.picture[0] = 'b';
        CHECK(m->find(other, false) == nullptr);
    }
}

TEST_CASE("what is added to a file that has lost its name is a failure, not lost") {
    const folder f("named");
    auto table = line_file::open(f.path / "t");
    auto made = manifest::open(f.path / "m");
    REQUIRE(table);
    REQUIRE(made);
    const manifest_record r = record('a', "/1/x", "x", "w");
    REQUIRE(table->append("one\n"));
    REQUIRE(made->add(r));
    fs::rename(f.path / "t", f.path / "moved");
    fs::rename(f.path / "m", f.path / "list");
    const std::string list = text_of(f.path / "list");
    CHECK(ends_with(table->append("two\n").error(), "t: cannot be written: No such file or directory"));
    CHECK(ends_with(made->add(r).error(), "m: cannot be written: No such file or directory"));
    REQUIRE(write_file(f.path / "t", "another's"));
    REQUIRE(write_file(f.path / "m", ""));
    constexpr std::string_view taken = ": another file has taken its place meanwhile, so nothing is written there";
    CHECK(ends_with(table->append("two\n").error(), taken));
    CHECK(ends_with(made->add(r).error(), taken));
    CHECK(ends_with(made->claim(record('b', "/1/y", "y"), false, std::string(64, 'b'), nothing_there).error(), taken));
    CHECK(ends_with(table->finish().error(), taken));
    CHECK(text_of(f.path / "moved") == "one\n");
    CHECK(text_of(f.path / "list") == list);
    CHECK(text_of(f.path / "t") == "another's");
    CHECK(text_of(f.path / "m").empty());
}

TEST_CASE("two programs on one manifest see each other's lines") {
    const folder f("manifest-two");
    auto one = manifest::open(f.path / "m"), two = manifest::open(f.path / "m");
    REQUIRE(one);
    REQUIRE(two);
    CHECK(*one->claim(record('a', "/1/x", "x"), false, std::string(64, 'a'), nothing_there) == "x");
    CHECK(*two->claim(record('b', "/2/x", "x"), false, std::string(64, 'b'), nothing_there) == "x-bbbbbbbb");
}

TEST_CASE("what the weights say of their pictures is kept to, or refused") {
    const auto refusal = [](std::string_view text, int channels = 1) {
        const auto r = check_input_rule(text, "w", channels);
        return r ? "" : std::string(r.error().what.view());
    };
    CHECK(refusal("grey, value / 255, resized with Pillow's bilinear filter").empty());
    CHECK(refusal(R"({"channels": "grey", "range": [0, 1], "levels": [0, 255], "resampling": "bilinear"})").empty());
    CHECK(refusal(R"({"channels": "rgb"})", 3).empty());
    CHECK(refusal(R"({"channels": "rgb"})") ==
          R"(w: its network wants pictures with "channels": "rgb", which this program does not make)");
    for (const char* other : {R"({"range": [-1, 1]})", R"({"range": [0, 1, 2]})", R"({"range": 1})",
                              R"({"levels": [0, 4095]})", R"({"resampling": "nearest"})", R"({"crop": 1})"})
        CHECK_FALSE(refusal(other).empty());
}
