// What refusing a hostile weights file costs at most, in time of a processor and in memory: the costliest files of each
// stage, from the header to the tensors.
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/networks/release.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(NDEBUG)
    #define UML_TEST_MEASURES
    #include <filesystem>
    #include <fstream>
    #include <sys/resource.h>
    #include <sys/wait.h>
    #include <unistd.h>
    #include <utility>
#endif

namespace {

using uml_test::draft;

/// What a load has asked of its backend.
struct asked {
    int preparations = 0, packed = 0, workspaces = 0, runs = 0;
    std::int64_t weights = 0, arena = 0; ///< bytes
    friend bool operator==(const asked&, const asked&) = default;
} seen;

struct counting_engine;
struct counting {
    using engine = counting_engine;
    friend constexpr bool operator==(const counting&, const counting&) = default;
};
/// `reference`, counted.
struct counting_engine {
    using host = uml::reference::engine;
    using scalar = host::scalar;
    using code = host::code;
    using weights = host::weights;
    using workspace = host::workspace;

    counting value{};

    static constexpr uml::rewrites passes = host::passes;
    template <class program> static constexpr code code_of() { return {}; }
    static constexpr uml::result<void> check() { return {}; }
    static constexpr double relative_limit() { return host{}.relative_limit(); }
    static constexpr void lower(uml::graph&) {}
    static constexpr bool supports(const uml::node& n) { return host{}.supports(n); }
    static constexpr uml::schedule order() { return host{}.order(); }
    static constexpr int images() { return 1; }
    static constexpr uml::tensor_form tensor(const uml::site& at) { return host{}.tensor(at); }
    static constexpr std::int64_t scratch_bytes(const uml::site& at) { return host{}.scratch_bytes(at); }
    static constexpr std::int64_t packed_bytes(const uml::site& at) { return host{}.packed_bytes(at); }
    static constexpr std::int64_t step_bytes(const uml::site&) { return 0; }
    static const void* identity(const weights& w) { return host{}.identity(w); }
    static int pack_row_multiple(const uml::program_view&, std::size_t) { return 0; }
    static std::span<std::byte> idle_memory(const uml::program_view& p, workspace& s) {
        return host{}.idle_memory(p, s);
    }
    static uml::result<void> fetch(const uml::program_view& p, workspace& s, int image, std::span<const uml::id> nodes,
                                   std::span<uml::tensor_view<const float>> views) {
        return host{}.fetch(p, s, image, nodes, views);
    }
    static uml::result<weights> make_weights(const uml::program_view& p, std::span<std::byte> given) {
        ++seen.preparations, seen.weights += p.sizes.packed;
        return host{}.make_weights(p, given);
    }
    static uml::result<void> pack(const uml::program_view& p, std::size_t i, const uml::dense_parameter& a,
                                  const uml::dense_parameter& b, weights& w) {
        ++seen.packed;
        return host{}.pack(p, i, a, b, w);
    }
    static uml::result<workspace> make_workspace(const uml::program_view& p, const weights& w, const code& c,
                                                 uml::executor threads, std::span<std::byte> given) {
        ++seen.workspaces, seen.arena += p.sizes.arena;
        return host{}.make_workspace(p, w, c, threads, given);
    }
    static uml::result<void> run(const uml::program_view& p, const weights& w, workspace& s,
                                 std::span<const uml::image_view> pictures, const uml::run_watch* watch) {
        ++seen.runs;
        return host{}.run(p, w, s, pictures, watch);
    }
};

#if defined(UML_TEST_MEASURES)
/// In a process of its own: `refused` gives the sentence, or "" where the file was taken.
void cheap(const char* what, const std::function<std::string()>& refused) {
    CAPTURE(what);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        rusage before{}, after{};
        getrusage(RUSAGE_SELF, &before);
        const std::string sentence = refused();
        getrusage(RUSAGE_SELF, &after);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
        };
        const double time =
            seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) - seconds(before.ru_stime);
        const double kilobytes = static_cast<double>(after.ru_maxrss - before.ru_maxrss);
        std::printf("%s: %.3f s of processor, %.0f kB, \"%s\"\n", what, time, kilobytes, sentence.c_str());
        std::fflush(stdout);
        _exit(sentence.empty() ? 1 : time > 1 ? 2 : kilobytes > 96. * 1024 ? 3 : 0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
#else
/// Not measured: unoptimised, under a sanitizer, or where nobody counts.
void cheap(const char* what, const std::function<std::string()>& refused) {
    CAPTURE(what);
    CHECK_FALSE(refused().empty());
}
#endif

constexpr std::size_t most = 16u << 20; // of a header

std::vector<std::byte> with_header(const std::string& header) {
    REQUIRE(header.size() <= most);
    std::vector<std::byte> file(8 + header.size());
    const std::uint64_t size = header.size();
    std::memcpy(file.data(), &size, 8);
    std::memcpy(file.data() + 8, header.data(), header.size());
    return file;
}

} // namespace

TEST_CASE("the costliest headers: the longest, of the most tensors, of the most metadata, of the longest number") {
    const auto tensor = [](int i) {
        return "\"" + std::string(100, 'a') + std::to_string(i) +
               R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
    };
    std::string tensors = "{";
    for (int i = 0; i < 65535; ++i) tensors += tensor(i) + ",";
    const std::string tensor_twice = tensors + tensor(0) + "}"; // is found when all are sorted
    tensors += tensor(65535) + ",\"x\":1}";
    std::string metadata = R"({"__metadata__":{)";
    for (int i = 0; i < 4096; ++i) metadata += "\"" + std::to_string(i) + "\":\"" + std::string(3000, 'v') + "\",";
    metadata += "\"x\":1}}";
    std::string key_twice = R"({"__metadata__":{)";
    for (int i = 0; i < 4096; ++i)
        key_twice += "\"" + std::string(4000, 'k') + std::to_string(i % 4095) + (i < 4095 ? "\":\"\"," : "\":\"\"}}");
    const std::string nested = R"({"a":)" + std::string(most - 100, '[');
    const std::string number = R"({"a":{"shape":[)" + std::string(most - 100, '9');
    const std::string blank = "{" + std::string(most - 1, ' ');
    for (const std::string* header : std::initializer_list<const std::string*>{&tensors, &tensor_twice, &metadata,
                                                                               &key_twice, &nested, &number, &blank}) {
        const auto file = with_header(*header);
        cheap(header->substr(0, 40).c_str(), [&] {
            const auto w = uml::weights_from(file);
            return w ? std::string() : std::string(w.error().what.view());
        });
    }
}

TEST_CASE("what only its numbers or its self-check refuse has cost preparing its own tensors and one run") {
    const auto load = [](const draft& d) {
        seen = {};
        const auto bytes = d.bytes();
        const auto m = uml::load<uml_test::tiny, counting>(std::span<const std::byte>(bytes));
        return m ? uml::errc::none : m.error().code;
    };
    draft right = draft::of<uml_test::tiny_network>(uml_test::tiny_config).labelled("tiny", uml_test::tiny_config);
    std::int64_t numbers = 0;
    for (const auto& [name, t] : right.tensors) numbers += static_cast<std::int64_t>(t.values.size());
    right.metadata["uml.selfcheck"] = R"({"cls_alpha": [1, 1, 1], "logit_index": [0], "logit_value": [0],)"
                                      R"( "mutual_uncertainty_index": [0], "mutual_uncertainty_value": [0]})";
    right.bytes_of["uml.selfcheck.input"] = {{16, 24, 3}, std::vector<std::uint8_t>(16 * 24 * 3, 9)};

    CHECK(load(right) == uml::errc::self_check);
    const asked once = seen;
    CHECK(once.preparations == 1);
    CHECK(once.packed == 7); // each operation with parameters; norms are folded
    CHECK(once.workspaces == 1);
    CHECK(once.runs == 1);
    // As floats, at places that are multiples of 64.
    CHECK(once.weights <= 4 * numbers + 64 * once.packed);

    draft large = right;
    for (const char* name : {"tiny.middle.weight", "tiny.regions.weight"})
        for (float& v : large.tensors.at(name).values) v = 3e38F;
    CHECK(load(large) == uml::errc::not_finite);
    CHECK(seen == once);

    draft spoilt = right; // numbers are refused while they are prepared or before, and nothing runs
    for (float& v : spoilt.tensors.at("tiny.bn.running_var").values) v = -1;
    CHECK(load(spoilt) == uml::errc::malformed);
    CHECK(seen.workspaces + seen.runs == 0);
    CHECK(seen.preparations <= 1);
    CHECK(seen.packed <= once.packed);

    draft claimed = right; // tensors that the file has not are not prepared
    claimed.tensors.at("tiny.middle.weight") = {{12, 8, 3, 1}, std::vector<float>(12 * 8 * 3), {}};
    CHECK(load(claimed) == uml::errc::wrong_shape);
    CHECK(seen == asked{});
}

#if defined(UML_TEST_MEASURES)

namespace {

constexpr uml::config small{.height = 16, .width = 16, .channels_in = 1, .channel_divisor = 64};
draft whole() { return draft::of<uml::edge_network>(small).labelled("edge", small); }
void cheap(const char* what, const draft& d) {
    const auto bytes = d.bytes();
    cheap(what, [&] {
        const auto m = uml::load<uml::network<uml::dynamic>>(std::span<const std::byte>(bytes), uml::cpu{});
        return m ? std::string() : std::string(m.error().what.view());
    });
}

} // namespace

TEST_CASE("the costliest metadata: lists of names and numbers that go on for 16 MiB") {
    const auto list = [](int count, const std::string& item) {
        std::string all = "[";
        for (int i = 0; i < count; ++i) all += (i > 0 ? "," : "") + item;
        return all + "]";
    };
    draft d = whole();
    // The network's own ones behind thousands of long names, the last one missing: each is looked for.
    const auto made = uml::dynamic_program::make(uml::cpu{}, [](uml::graph& g) {
        uml::describe<uml::edge_network>(g, small, uml::cpu::passes, uml::output_set::answer);
    });
    REQUIRE(made);
    std::vector<std::string> norms;
    for (const uml::parameter& q : made->view().parameters)
        if (q.kind == uml::parameter_kind::frozen_norm)
            norms.emplace_back("\"" + std::string(made->view().name_of(q.name).view()) + "\"");
    REQUIRE(norms.size() > 100);
    for (const std::size_t letters : {std::size_t{3700}, std::size_t{100}}) {
        std::string all = list(3800, "\"" + std::string(letters, 'n') + "\"");
        all.pop_back();
        for (std::size_t i = 0; i + 1 < norms.size(); ++i) all += "," + norms[i];
        d.metadata["uml.frozen_norms"] = all + "]";
        cheap("norms", d);
    }
    d = whole();
    d.metadata["uml.classes"] = list(2, "\"" + std::string(7u << 20, 'c') + "\"");
    cheap("classes", d);
    d = whole();
    d.metadata["uml.class_set"] =
        R"({"score": "raps", "coverage": 0.9, "thresholds": )" + list(64, "0." + std::string(200000, '9')) + "}";
    cheap("thresholds", d);
    d = whole();
    d.metadata["uml.selfcheck"] = R"({"cls_alpha": [1, 1], "logit_index": )" + list(32000, "1") +
                                  R"(, "logit_value": )" + list(32000, "0." + std::string(400, '9')) + "}";
    d.bytes_of["uml.selfcheck.input"] = {{16, 16, 1}, std::vector<std::uint8_t>(16 * 16)};
    cheap("self-check", d);
}

TEST_CASE("the costliest configurations: networks as large as a file can ask for") {
    for (const char* size : {"8192", "1048576"}) {
        draft d = whole();
        std::string& c = d.metadata["uml.config"];
        for (std::size_t at = 0; (at = c.find("16", at)) != std::string::npos; ++at) c.replace(at, 2, size);
        cheap("configuration", d);
    }
}

TEST_CASE("the costliest tensors: as many as there can be that the network has not, and statistics without end") {
    draft d = whole();
    d.tensors.erase(d.tensors.begin());
    for (int i = 0; i < 60000; ++i) d.bytes_of[std::string(95, 'x') + std::to_string(i)] = {{0}, {}};
    cheap("unknown tensors", d);

    // In a file of holes, which costs whoever made it nothing.
    if (sizeof(void*) < 8) return; // its offsets have more than 32 bits
    const std::string path = "uml-unit-costs.safetensors";
    const auto huge = [&](std::uint64_t features, std::uint64_t directions) {
        std::uint64_t at = 0;
        const auto tensor = [&](const char* name, const char* type, const std::string& shape, std::uint64_t bytes) {
            const std::uint64_t begin = std::exchange(at, at + bytes);
            return std::string(R"(,"uml.familiarity.)") + name + R"(":{"dtype":")" + type + R"(","shape":[)" + shape +
                   R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(at) + "]}";
        };
        const auto d_text = std::to_string(features), q_text = std::to_string(directions);
        std::string header =
            R"({"__metadata__":{"uml.network":"edge","uml.config":"{\"height\":16,\"width\":16,\"regions\":2,\"classes\":2}",)"
            R"("uml.familiarity":"{\"residual\":1,\"threshold\":1}"})";
        header += tensor("mean", "F32", d_text, 4 * features) + tensor("scale", "F32", d_text, 4 * features) +
                  tensor("variances", "F32", q_text, 4 * directions) +
                  tensor("directions", "F16", q_text + "," + d_text, 2 * features * directions) + "}";
        const auto file = with_header(header);
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
        std::filesystem::resize_file(path, file.size() + at);
        cheap("statistics", [&] {
            const auto m = uml::load<uml::network<uml::dynamic>>(path.c_str(), uml::cpu{});
            return m ? std::string() : std::string(m.error().what.view());
        });
    };
    huge(std::uint64_t{1} << 30, 1);
    huge(65535, 65534);
    huge(16384, 1024); // the most that is read
    std::filesystem::remove(path);
}

#endif
