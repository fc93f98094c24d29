// What a weights file, or what stands in its place, may not do: each sentence of SECURITY.md on what is refused.
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/networks/release.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#if defined(__unix__)
    #include <fcntl.h>
    #include <sys/resource.h>
    #include <sys/socket.h>
    #include <sys/stat.h>
    #include <sys/un.h>
    #include <sys/wait.h>
    #include <unistd.h>
#endif

namespace {

using uml::errc;
using uml_test::draft;
using uml_test::tiny;
using uml_test::tiny_config;
using backend = uml::reference;

draft labelled() { return draft::of<uml_test::tiny_network>(tiny_config).labelled("tiny", tiny_config); }
auto load(const draft& d) { return uml::load<tiny, backend>(std::span<const std::byte>(d.bytes())); }

void refused(const draft& d, errc code, const std::string& sentence) {
    const auto m = load(d);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == code);
    CHECK(std::string(m.error().what.view()) == "memory: " + sentence);
}

/// A self-check with the numbers in these places, of which `alpha` and so on are JSON.
draft checked(const std::string& alpha, const std::string& logit, const std::string& vacuity) {
    draft d = labelled();
    d.metadata["uml.selfcheck"] = R"({"cls_alpha": [)" + alpha + R"(], "logit_index": [0], "logit_value": [)" + logit +
                                  R"(], "mutual_uncertainty_index": [0], "mutual_uncertainty_value": [)" + vacuity +
                                  "]}";
    d.bytes_of["uml.selfcheck.input"] = {{16, 24, 3}, std::vector<std::uint8_t>(16 * 24 * 3, 100)};
    return d;
}

} // namespace

TEST_CASE("expected numbers that no network has are refused, whatever the network answers") {
    const std::string implausible =
        "self-check: the expected numbers cannot be a network's: alpha are not below 0, vacuity is not above 1, and "
        "none is beyond single precision";
    refused(checked("1, 1e200, 1", "0.5", "0.5"), errc::malformed, implausible);
    refused(checked("1, -1, 1", "0.5", "0.5"), errc::malformed, implausible);
    refused(checked("1, 1, 1", "1e39", "0.5"), errc::malformed, implausible);
    refused(checked("1, 1, 1", "-1e200", "0.5"), errc::malformed, implausible);
    refused(checked("1, 1, 1", "0.5", "1.5"), errc::malformed, implausible);
    refused(checked("1, 1, 1", "0.5", "-0.5"), errc::malformed, implausible);
    refused(checked("1, 1, 1", "0.5", "1"), errc::self_check,
            "self-check: class alpha differ from the stored values by more than the precision allows");
    refused(checked("1e999, 1, 1", "0.5", "1"), errc::malformed,
            "self-check: the expected numbers cannot be read: cls_alpha");
}

TEST_CASE("weights so large that answers are no numbers: said by the self-check, and by run") {
    draft d = checked("1, 1, 1", "0.5", "1");
    for (float& v : d.tensors.at("tiny.classes.weight").values) v = v < 0 ? -3e38F : 3e38F;
    refused(d, errc::not_finite,
            "self-check: class alpha are not finite: the weights or the picture are too large for the arithmetic");
    uml::load_options o;
    o.self_check = false;
    const auto m = uml::load<tiny, backend>(std::span<const std::byte>(d.bytes()), o);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto p = uml_test::pixels(16, 24, 3);
    const auto f = m->run(uml::image_view(p.data(), 16, 24, 3), *w);
    REQUIRE_FALSE(f);
    CHECK(f.error().code == errc::not_finite);
    CHECK(std::string(f.error().what.view()) ==
          "class alpha are not finite: the weights or the picture are too large for the arithmetic");
}

TEST_CASE("check_answer finds any number that is none, where it is") {
    constexpr float good[] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        float classes[3] = {1, 2, 3}, logits[8], alpha[8], vacuity[4];
        std::copy_n(good, 8, logits);
        std::copy_n(good, 8, alpha);
        std::copy_n(good, 4, vacuity);
        uml::findings f;
        f.diagnosis = {classes, 3};
        f.logits = {logits, 2, 2, 2, 2};
        f.alpha = {alpha, 2, 2, 1, 2}; // the numbers between do not count
        f.vacuity = {vacuity, 2, 2, 1, 1};
        CHECK(uml::check_answer(f));
        CHECK(uml::check_answer(uml::findings{}));
        const auto with = [&](float& place, const char* what) {
            const float before = place;
            place = bad;
            const auto r = uml::check_answer(f);
            place = before;
            REQUIRE_FALSE(r);
            CHECK(r.error().code == errc::not_finite);
            CHECK(r.error().what.view().starts_with(std::string(what) + " are not finite: "));
        };
        with(classes[2], "class alpha");
        with(logits[7], "region logits");
        with(alpha[6], "pixel alpha");
        with(vacuity[3], "pixel vacuities");
        alpha[7] = bad;
        CHECK(uml::check_answer(f));
    }
}

TEST_CASE("names of classes and regions are told apart and command no terminal") {
    for (const std::string key : {"uml.classes", "uml.regions"}) {
        const std::string rest = key == "uml.classes" ? R"(, "c"])" : "]";
        const auto names = [&](const std::string& value, const std::string& rule) {
            draft d = labelled();
            d.metadata[key] = value;
            if (!rule.empty()) return refused(d, errc::malformed, "metadata " + key + ": " + rule);
            const auto m = load(d);
            CHECK_MESSAGE(m, m.error().what.c_str());
        };
        names(R"(["a", "a")" + rest, R"(has a name twice: "a")");
        const struct {
            const char *control, *shown;
        } controls[] = {{R"(\u001b[2J)", "?[2J"}, {R"(\u0000)", "?"},   {R"(\n)", "?"},       {R"(\u007f)", "?"},
                        {R"(\u0085)", "??"},      {R"(\u009b)", "??"},  {R"(\u2028)", "???"}, {R"(\u2029)", "???"},
                        {R"(\u202a)", "???"},     {R"(\u202e)", "???"}, {R"(\u2066)", "???"}, {R"(\u2069)", "???"}};
        for (const auto& c : controls)
            names(std::string(R"(["a", "b)") + c.control + "\"" + rest,
                  std::string("name 2 holds control characters: \"b") + c.shown + "\"");
        for (const char* nothing : {"", " ", R"(\u00a0)", R"(\u200b)", R"( \ufeff\u3000)", R"(\u00ad)", R"(\u3164)"})
            names(std::string(R"(["a", ")") + nothing + "\"" + rest, "name 2 shows nothing");
        // Names that differ in nothing that is seen.
        for (const char* same : {"a ", " a", R"(a\u200b)", R"(\u200da)", R"(\ufeffa)", R"(a\u00ad)", R"(a\u2060)",
                                 R"(a\u00a0)", R"(\u3000a)", R"(a\ufe0f)", R"(\udb40\udc01a)", R"(a\u034f)"}) {
            draft d = labelled();
            d.metadata[key] = std::string(R"(["a", ")") + same + "\"" + rest;
            const auto m = load(d);
            CAPTURE(same);
            REQUIRE_FALSE(m);
            CHECK(m.error().what.view().starts_with("memory: metadata " + key + ": has two names that look alike: "));
        }
        names(R"(["a  b", "a\u2003b")" + rest, R"(has two names that look alike: "a  b" and "a???b")");
        names(R"(["a b", "ab")" + rest, "");
        names(R"(["\u200ba", "\u00e4")" + rest, ""); // nothing is wrong with one that is told apart
        names(R"(["ä", "\u00a0b \u0105")" + rest, "");
        names(R"(["Gliom", "gliom")" + rest, "");    // letters of another case are other letters
        names(R"(["\u00e4", "a\u0308")" + rest, ""); // and so are those that are composed otherwise
    }
}

TEST_CASE("a file asks for no larger arena than the program allows, before anything is allocated") {
    uml::config large{
        .height = 8192, .width = 8192, .regions = 3, .classes = 2, .channels_in = 1, .channel_divisor = 8};
    draft d = labelled();
    d.tensors.clear(); // the arena is refused before a tensor is looked at
    d.labelled("edge", large);
    using any = uml::network<uml::dynamic>;
    const auto bytes = d.bytes();
    const auto m = uml::load<any>(std::span<const std::byte>(bytes));
    REQUIRE_FALSE(m);
    CHECK(m.error().code == errc::wrong_config);
    const std::string sentence(m.error().what.view());
    CHECK(sentence.starts_with("memory: at 8192 x 8192 pixels the network needs an arena of "));
    CHECK(sentence.ends_with(" bytes, load_options::max_arena_bytes allows 2147483648"));
    uml::load_options o;
    o.max_arena_bytes = std::numeric_limits<std::int64_t>::max();
    CHECK(uml::load<any>(std::span<const std::byte>(bytes), o).error().code == errc::missing_tensor);
    // The limit is the arena's size to the byte; a static network has none.
    const auto small = labelled().bytes();
    using dynamic_tiny = uml::network<uml_test::tiny_network>;
    const auto fits = uml::load<dynamic_tiny, backend>(std::span<const std::byte>(small));
    REQUIRE_MESSAGE(fits, fits.error().what.c_str());
    o.max_arena_bytes = fits->arena_bytes();
    CHECK(uml::load<dynamic_tiny, backend>(std::span<const std::byte>(small), o));
    --o.max_arena_bytes;
    CHECK(uml::load<dynamic_tiny, backend>(std::span<const std::byte>(small), o).error().code == errc::wrong_config);
    for (const std::int64_t none : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
        o.max_arena_bytes = none;
        const auto refused_all = uml::load<dynamic_tiny, backend>(std::span<const std::byte>(small), o);
        REQUIRE_FALSE(refused_all);
        CHECK(refused_all.error().what.view().ends_with("max_arena_bytes allows " + std::to_string(none)));
        CHECK(uml::load<tiny, backend>(std::span<const std::byte>(small), o));
    }
}

TEST_CASE("no path is an error") {
    const auto m = uml::load<tiny, backend>(static_cast<const char*>(nullptr));
    REQUIRE_FALSE(m);
    CHECK(m.error().code == errc::invalid_argument);
    CHECK(m.error().what == "load: no path");
    CHECK(uml::open_weights(nullptr).error().code == errc::invalid_argument);
}

#if defined(__unix__)
TEST_CASE("what is no regular file is refused at once") {
    const char* const fifo = "uml-unit-hostile.fifo";
    std::remove(fifo);
    REQUIRE(mkfifo(fifo, 0600) == 0);
    const char* const name = "uml-unit-hostile.socket";
    std::remove(name);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, name);
    const int socket_of = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(bind(socket_of, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    for (const char* path : {fifo, "/dev/zero", "/dev/tty", ".", name}) {
        CAPTURE(path);
        const auto start = std::chrono::steady_clock::now();
        const auto m = uml::load<tiny, backend>(path);
        CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
        REQUIRE_FALSE(m);
        CHECK(m.error().code == errc::cannot_read);
    }
    CHECK(uml::open_weights(fifo).error().what == std::string(fifo) + ": not a regular file");
    CHECK(uml::open_weights("/dev/zero").error().what == "/dev/zero: not a regular file");
    CHECK(uml::open_weights(".").error().what == ".: not a regular file");
    CHECK(uml::open_weights(name).error().what == std::string(name) + ": cannot be opened: not a regular file");
    std::remove(fifo);
    std::remove(name);
    close(socket_of);
}

TEST_CASE("a file that changes while it is open is refused; one that another file replaces is not") {
    const std::string path = "uml-unit-hostile.safetensors", other = path + ".other";
    const auto bytes = labelled().bytes();
    const auto write = [&](const std::string& to, std::size_t size) {
        std::ofstream(to, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
    };
    const auto at = [&](std::int64_t seconds) { // a clock's tick may be longer than this test
        const timespec times[2] = {{0, UTIME_OMIT}, {static_cast<time_t>(seconds), 0}};
        REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    };
    const auto change = [&](auto how) {
        write(path, bytes.size());
        at(1);
        const auto file = uml::open_weights(path.c_str());
        REQUIRE_MESSAGE(file, file.error().what.c_str());
        how();
        return uml::load<tiny, backend>(*file);
    };
    const auto refused_for = [&](const auto& m) {
        REQUIRE_FALSE(m);
        CHECK(m.error().code == errc::cannot_read);
        CHECK(m.error().what.view().ends_with("its data cannot be read, or the file has changed since it was opened"));
    };
    CHECK(change([] {}));
    // Another length at the same time, where all that is read is still there; the same length at another time.
    refused_for(change([&] {
        std::ofstream(path, std::ios::binary | std::ios::app) << "more";
        at(1);
    }));
    refused_for(change([&] { REQUIRE(truncate(path.c_str(), static_cast<off_t>(bytes.size() - 1)) == 0); }));
    refused_for(change([&] { REQUIRE(truncate(path.c_str(), 100) == 0); }));
    refused_for(change([&] {
        write(path, bytes.size());
        at(2);
    }));
    write(other, bytes.size());
    CHECK(change([&] { REQUIRE(std::rename(other.c_str(), path.c_str()) == 0); }));
    std::remove(path.c_str());
}
#endif
