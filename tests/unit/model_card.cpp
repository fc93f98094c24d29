// The rules of the `uml.` metadata, and the self-check that a weights file carries.
#include "support/tiny.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace {

using uml::errc;
using uml_test::draft;
using uml_test::tiny;
using uml_test::tiny_config;
using backend = uml::reference;

draft labelled() { return draft::of<uml_test::tiny_network>(tiny_config).labelled("tiny", tiny_config); }
template <class net = tiny> auto load(const draft& d, const uml::load_options& o = {}) {
    return uml::load<net, backend>(std::span<const std::byte>(d.bytes()), o);
}

void refused(const draft& d, errc code, const std::string& sentence) {
    const auto m = load(d);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == code);
    CHECK(std::string(m.error().what.view()) == "memory: " + sentence);
}
void refused(const char* key, const std::string& value, const std::string& rule) {
    draft d = labelled();
    d.metadata[key] = value;
    refused(d, errc::malformed, std::string("metadata ") + key + ": " + rule);
}
void unreadable(const char* key, const std::string& value) {
    draft d = labelled();
    d.metadata[key] = value;
    const auto m = load(d);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == errc::malformed);
    CHECK(m.error().what.view().starts_with(std::string("memory: metadata ") + key + ": JSON, byte "));
}

/// A file whose self-check is right.
draft checked() {
    draft d = labelled();
    std::vector<std::uint8_t> picture;
    for (const float v : uml_test::pixels(16, 24, 3)) picture.push_back(static_cast<std::uint8_t>(v * 255));
    const auto m = uml::load<tiny, uml::reference64>(std::span<const std::byte>(d.bytes()));
    auto w = m->make_workspace();
    const auto f = m->run(uml::image_view(picture.data(), 16, 24, 3), *w);
    std::string text;
    uml::json::writer out(text);
    out.begin_object().key("cls_alpha").begin_array();
    for (int k = 0; k < 3; ++k) out.value(f->diagnosis.alpha(k));
    const int at[] = {0, 25, 383};
    out.end_array().key("logit_index").begin_array();
    for (const int p : at) out.value(std::uint64_t{384} + static_cast<std::uint64_t>(p)); // of region 1
    out.end_array().key("logit_value").begin_array();
    for (const int p : at) out.value(f->logits.pixel(p)[1]);
    out.end_array().key("mutual_uncertainty_index").begin_array();
    for (const int p : at) out.value(static_cast<std::uint64_t>(p));
    out.end_array().key("mutual_uncertainty_value").begin_array();
    for (const int p : at) out.value(f->vacuity.pixel(p)[0]);
    out.end_array().end_object();
    d.metadata["uml.selfcheck"] = text;
    d.bytes_of["uml.selfcheck.input"] = {{16, 24, 3}, picture};
    return d;
}

/// Changes one digit of the first number behind `key`.
draft changed(const char* key) {
    draft d = checked();
    std::string& text = d.metadata["uml.selfcheck"];
    const std::size_t digit = text.find('.', text.find(key)) + 2;
    text[digit] = text[digit] == '5' ? '6' : '5';
    return d;
}

} // namespace

TEST_CASE("format and network") {
    draft d = labelled();
    d.metadata["uml.format"] = "2";
    refused(d, errc::unsupported, "metadata uml.format: is \"2\", this version reads 1");
    refused("uml.network", "", "is not a name of 1 to 63 bytes");
    refused("uml.network", std::string(64, 'n'), "is not a name of 1 to 63 bytes");
    refused("uml.network", "ti\x1b[2Jny", "holds control characters: \"ti?[2Jny\"");
    d = labelled();
    d.metadata.erase("uml.config");
    refused(d, errc::malformed, "metadata uml.config: is missing");
}

TEST_CASE("uml.config") {
    const char* key = "uml.config";
    unreadable(key, "{");
    unreadable(key, "");
    refused(key, "[]", "is not an object");
    refused(key, R"({"height": 16, "width": 24, "regions": 2})", "lacks classes");
    const std::string start = R"({"height": 16, "width": 24, "regions": 2, "classes": 3, )";
    refused(key, start + R"("depth": 3})", "has a key that this version does not know: \"depth\"");
    for (const char* wrong : {"0", "-1", "1.5", "\"1\"", "null", "1048577", "99999999999999999999", "4294967297"})
        refused(key, start + R"("stem_stride": )" + wrong + "}", "stem_stride is not an integer from 1 to 1048576");
    // What this network cannot be is found when it is built.
    uml::load_options o;
    draft d = labelled();
    d.metadata[key] = start + R"("stem_stride": 65536})";
    const auto m = load<uml::network<uml_test::tiny_network>>(d, o);
    REQUIRE_FALSE(m);
    CHECK(m.error().what == "memory: stem_stride cannot be 65536: it is 1 or 2");
}

TEST_CASE("names, temperature and thresholds") {
    for (const char* key : {"uml.classes", "uml.regions"}) {
        unreadable(key, "[");
        refused(key, R"({"a": "b"})", "is not an array of names");
        refused(key, R"("a")", "is not an array of names");
        refused(key, R"(["a", 1, "c"])", "name 2 is not a string of at most 63 bytes");
        refused(key, "[\"" + std::string(64, 'a') + "\"]", "name 1 is not a string of at most 63 bytes");
        const std::string count = std::string_view(key) == "uml.classes" ? "3" : "2";
        refused(key, R"(["a", "b", "c", "d"])", "holds 4 names, but uml.config says " + count);
        refused(key, R"(["a"])", "holds 1 name, but uml.config says " + count);
        refused(key, "[]", "holds 0 names, but uml.config says " + count);
    }
    for (const char* wrong : {"0", "-0", "-1", "\"1\"", "[1]", "1e999", "1e-320", "0.00099", "1000.5", "1e308"})
        refused("uml.temperature", wrong, "is not a number from 0.001 to 1000");
    unreadable("uml.temperature", "NaN");
    unreadable("uml.screening", "");
    for (const char* wrong :
         {"{}", "[]", "3", R"({"image_vacuity": 0.5})", R"({"image_vacuity": 0.5, "pixel_vacuity": 1.5})",
          R"({"image_vacuity": -0.1, "pixel_vacuity": 0.5})", R"({"image_vacuity": "0.1", "pixel_vacuity": 0.5})"})
        refused("uml.screening", wrong, "needs image_vacuity and pixel_vacuity between 0 and 1");
}

TEST_CASE("class and mask sets") {
    unreadable("uml.class_set", "[");
    const auto sets = [](const std::string& rest, const std::string& rule) {
        refused("uml.class_set", R"({"score": "lac", "coverage": 0.9, "thresholds": [0.5])" + rest + "}", rule);
    };
    const char* no_score = "score is none of lac, aps and raps";
    for (const char* wrong : {"{}", "[]", "1", R"({"score": 1, "coverage": 0.9, "thresholds": [0.5]})",
                              R"({"score": "best", "coverage": 0.9, "thresholds": [0.5]})"})
        refused("uml.class_set", wrong, no_score);
    for (const char* wrong : {"0", "-0.1", "1.5", "\"0.9\"", "null"})
        refused("uml.class_set", std::string(R"({"score": "lac", "thresholds": [0.5], "coverage": )") + wrong + "}",
                "coverage is not a number above 0 and at most 1");
    refused("uml.class_set", R"({"score": "lac", "thresholds": [0.5]})",
            "coverage is not a number above 0 and at most 1");
    for (const char* wrong : {"-1", "1000001", "null", "1e999"})
        sets(std::string(", \"penalty\": ") + wrong, "penalty is not a number from 0 to 1000000");
    for (const char* wrong : {"-1", "1.5", "1000001", "99999999999999999999", "null"})
        sets(std::string(", \"free_ranks\": ") + wrong, "free_ranks is not a whole number from 0 to 1000000");
    const auto thresholds = [](const std::string& wrong, const std::string& rule) {
        refused("uml.class_set", R"({"score": "lac", "coverage": 0.9, "thresholds": )" + wrong + "}", rule);
    };
    refused("uml.class_set", R"({"score": "lac", "coverage": 0.9})", "thresholds are not an array");
    thresholds("0.5", "thresholds are not an array");
    thresholds("[]", "thresholds are neither one nor one for each class");
    thresholds("[0.5, 0.5]", "thresholds are neither one nor one for each class");
    for (const char* wrong : {"[-1]", "[\"0.5\"]", "[0.5, 1e999, 0.5]", "[[0.5]]"})
        thresholds(wrong, "thresholds are not numbers from 0 on, or null");
    std::string many = "[0";
    for (int i = 0; i < 64; ++i) many += ",0";
    thresholds(many + "]", "thresholds are more than 64");
    unreadable("uml.mask_set", "");
    for (const char* wrong :
         {"{}", "[]", R"({"miss": 0.1})", R"({"threshold": 2, "miss": 0.1})", R"({"threshold": -0.1, "miss": 0.1})"})
        refused("uml.mask_set", wrong, "threshold is not a number from 0 to 1");
    for (const char* wrong :
         {R"({"threshold": 0.5})", R"({"threshold": 0.5, "miss": 0})", R"({"threshold": 0.5, "miss": 1.1})"})
        refused("uml.mask_set", wrong, "miss is not a number above 0 and at most 1");

    const auto plain = load(labelled());
    REQUIRE(plain);
    CHECK_FALSE(plain->card().class_set.calibrated());
    CHECK_FALSE(plain->card().mask_set.calibrated());
    draft d = labelled();
    d.metadata["uml.class_set"] =
        R"({"score": "raps", "coverage": 0.9, "penalty": 0.25, "free_ranks": 1, "thresholds": [0.5, null, 0.75]})";
    d.metadata["uml.mask_set"] = R"({"threshold": 0.125, "miss": 0.1})";
    const auto m = load(d);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto& rule = m->card().class_set;
    CHECK(rule.score == uml::trust::set_score::raps);
    CHECK(rule.levels == 3);
    CHECK(rule.thresholds[1] == uml::trust::class_set_rule::everything);
    CHECK(rule.thresholds[2] == 0.75);
    CHECK(rule.penalty == 0.25);
    CHECK(rule.free_ranks == 1);
    CHECK(rule.coverage == 0.9);
    CHECK(m->card().mask_set.threshold == 0.125);
    CHECK(m->card().mask_set.miss == 0.1);
}

TEST_CASE("findings: set and verdict") {
    const std::array<float, 3> alpha{6, 4, 1}; // probabilities 6/11, 4/11, 1/11; vacuity 3/11
    uml::findings f;
    f.diagnosis = uml::dirichlet<float>(alpha);
    CHECK(f.verdict() == uml::trust::verdict::uncertain); // no threshold accepts
    CHECK(f.class_set_size() == 1);
    f.thresholds.image_vacuity = 0.3F;
    CHECK(f.accepted());
    uml::trust::class_set_rule rule;
    rule.levels = 1;
    rule.thresholds[0] = 0.7; // classes with a probability from 0.3 on
    f.class_sets = rule;
    CHECK(f.class_set_size() == 2);
    CHECK(f.in_class_set(1));
    CHECK_FALSE(f.in_class_set(2));
    CHECK(f.verdict() == uml::trust::verdict::uncertain);
    CHECK_FALSE(f.accepted());
    f.temperature = 0.1; // sharper: (3 + 0.1) / 8.3 for class 1 is more still
    CHECK(f.class_set_size() == 2);
    f.temperature = 20; // (0 + 20) / 68 for class 2, 23 / 68, 25 / 68
    CHECK(f.probabilities()[1] == doctest::Approx(23.0 / 68));
    CHECK(f.class_set_size() == 2);
    f.class_sets.thresholds[0] = 0.6;
    f.temperature = 1;
    CHECK(f.accepted()); // 4/11 is below 0.4
    CHECK(uml::trust::name_of(f.verdict()) == "accepted");
    CHECK(uml::findings{}.verdict() == uml::trust::verdict::uncertain);
}

TEST_CASE("without calibration everything is referred") {
    const auto m = load(labelled());
    REQUIRE(m);
    CHECK(m->screening().image_vacuity == 0);
    CHECK(m->card().temperature == 1);
}

TEST_CASE("at another size than the file's nothing of the calibration is used, and the model says so") {
    draft d = labelled();
    d.metadata["uml.screening"] = R"({"image_vacuity": 1, "pixel_vacuity": 1})";
    d.metadata["uml.temperature"] = "2";
    d.metadata["uml.class_set"] = R"({"score": "lac", "coverage": 0.9, "thresholds": [0.5]})";
    d.metadata["uml.mask_set"] = R"({"threshold": 0.1, "miss": 0.1})";
    const auto own = load(d);
    REQUIRE(own);
    CHECK(own->notice() == "");
    CHECK(own->screening().accepts(1.0F));
    const auto uncalibrated = [](const auto& m) {
        REQUIRE_MESSAGE(m, m.error().what.c_str());
        CHECK_FALSE(m->screening().accepts(0.0001F));
        CHECK_FALSE(m->screening().reliable(0.0001F));
        CHECK(m->card().temperature == 1);
        CHECK(m->card().class_set.levels == 0);
        CHECK(m->card().mask_set.miss == uml::trust::mask_set_rule{}.miss);
        CHECK(m->notice() == "memory: calibrated at another size, 16 x 24, not 32 x 24: nothing is accepted");
    };
    uml::config taller = tiny_config;
    taller.height = 32;
    uml::load_options o;
    o.configuration = taller;
    uncalibrated(load<uml::network<uml_test::tiny_network>>(d, o));
    constexpr uml::config fixed{.height = 32, .width = 24, .regions = 2, .classes = 3};
    uncalibrated(load<uml::network<uml_test::tiny_network, fixed>>(d));
}

TEST_CASE("metadata that nobody reads is named") {
    draft d = draft::of<uml_test::tiny_network>(tiny_config);
    d.metadata["format"] = "pt";
    CHECK(load(d)->notice() == "");
    d.metadata["uml.regions"] = R"(["a", "b"])";
    const auto m = load(d);
    REQUIRE(m);
    CHECK(m->region_name(0) == "");
    CHECK(m->notice() == "memory: metadata \"uml.regions\" and other names and thresholds are not read, since "
                         "uml.network is missing");
}

TEST_CASE("the self-check passes, and finds any wrong number") {
    const auto m = load(checked());
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const std::string behind = " differ from the stored values by more than the precision allows";
    refused(changed("cls_alpha"), errc::self_check, "self-check: class alpha" + behind);
    refused(changed("logit_value"), errc::self_check, "self-check: region logits" + behind);
    refused(changed("mutual_uncertainty_value"), errc::self_check, "self-check: pixel vacuity" + behind);
    draft d = checked();
    d.tensors["tiny.stem.weight"].values[0] += 0.01F; // a damaged weight
    refused(d, errc::self_check, "self-check: class alpha" + behind);
    d = checked();
    d.bytes_of["uml.selfcheck.input"].second[5] ^= 0x40;
    refused(d, errc::self_check, "self-check: class alpha" + behind);
    uml::load_options o;
    o.self_check = false;
    CHECK(load(d, o));
}

TEST_CASE("the self-check allows four times what training says single precision loses, and no more than a hundredth") {
    const auto with = [](draft d, const char* said) {
        d.metadata["uml.selfcheck"].insert(1, std::string("\"float32_error\":") + said + ",");
        return d;
    };
    draft off = checked();
    off.tensors["tiny.stem.weight"].values[0] += 1e-2F;
    const std::string sentence =
        "self-check: class alpha differ from the stored values by more than the precision allows";
    refused(off, errc::self_check, sentence);
    refused(with(off, "1e-9"), errc::self_check, sentence);
    const auto m = load(with(checked(), "1e-9")); // never less than the precision's own limit
    CHECK_MESSAGE(m, m.error().what.c_str());
    CHECK(load(with(off, "0.99")));
    off.tensors["tiny.stem.weight"].values[0] += 10.F;
    refused(with(off, "0.99"), errc::self_check, sentence);
    for (const char* wrong : {"-1", "1", "\"0\"", "null"})
        refused(with(checked(), wrong), errc::malformed,
                "self-check: the expected numbers cannot be read: float32_error");
}

TEST_CASE("a self-check for another size is left out") {
    using wider = uml::network<uml_test::tiny_network, uml::config{.height = 16, .width = 32, .classes = 3}>;
    using grey =
        uml::network<uml_test::tiny_network, uml::config{.height = 16, .width = 24, .classes = 3, .grey = true}>;
    CHECK(load<wider>(changed("cls_alpha")));
    const auto m = load<grey>(changed("cls_alpha")); // its picture has three channels
    CHECK_MESSAGE(m, m.error().what.c_str());
    draft d = changed("cls_alpha");
    d.bytes_of.clear();
    CHECK(load(d)); // no picture
    // Nor is it run where the file contradicts itself, which the model says.
    d = changed("cls_alpha");
    d.metadata["uml.config"].replace(d.metadata["uml.config"].find("24"), 2, "32");
    const auto other = load<uml::network<uml_test::tiny_network>>(d);
    REQUIRE_MESSAGE(other, other.error().what.c_str());
    const std::string said = "memory: its self-check is for 16 x 24 pixels, uml.config says 16 x 32: it is not run";
    CHECK(other->notice() == said);
    uml::load_options o;
    o.configuration = tiny_config;
    CHECK_FALSE(load<uml::network<uml_test::tiny_network>>(d, o)); // of this size it is
    o.configuration->height = 32;
    const auto third = load<uml::network<uml_test::tiny_network>>(d, o);
    REQUIRE_MESSAGE(third, third.error().what.c_str());
    CHECK(third->notice() == said + "; memory: calibrated at another size, 16 x 32, not 32 x 24: nothing is accepted");
}

TEST_CASE("a self-check that cannot be read is no self-check that passed") {
    const std::string rule = "self-check: the expected numbers cannot be read: ";
    const std::string alpha = rule + "cls_alpha", logits = rule + "logit_index and logit_value";
    const auto with = [](const char* from, const char* to) {
        draft d = checked();
        std::string& text = d.metadata["uml.selfcheck"];
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, std::string(from).size(), to);
        return d;
    };
    refused(with("cls_alpha", "alpha"), errc::malformed, alpha);
    refused(with("logit_index", "index"), errc::malformed, logits);
    refused(with("logit_value", "value"), errc::malformed, logits);
    refused(with("mutual_uncertainty_value", "value"), errc::malformed,
            rule + "mutual_uncertainty_index and mutual_uncertainty_value");
    for (const char* place : {"-1", "768", "384,385", "384.0", "3.84e2", "\"384\"", "null", "[384]", "true",
                              "18446744073709552000", "99999999999999999999"})
        refused(with("384", place), errc::malformed, logits);
    refused(with("[384,", "["), errc::malformed, logits);
    // Of all classes: what is left out would not be checked.
    refused(with("\"cls_alpha\":[", "\"cls_alpha\":[1,"), errc::malformed, alpha);
    draft fewer = checked();
    std::string& numbers = fewer.metadata["uml.selfcheck"];
    const std::size_t first = numbers.find('[') + 1, end = numbers.find(']');
    numbers.erase(numbers.find_last_of(',', end), end - numbers.find_last_of(',', end));
    refused(fewer, errc::malformed, alpha);
    fewer = checked();
    std::string& one = fewer.metadata["uml.selfcheck"];
    one.erase(one.find(',', first), one.find(']') - one.find(',', first));
    refused(fewer, errc::malformed, alpha);
    for (const char* value : {"\"1\"", "null", "[1]", "{}", "true", "1e999"})
        refused(with("\"cls_alpha\":[", (std::string("\"cls_alpha\":[") + value + ",").c_str()), errc::malformed,
                alpha);
    refused(with("\"cls_alpha\":[", "\"cls_alpha\":1,\"rest\":["), errc::malformed, alpha);
    draft d = checked();
    d.metadata["uml.selfcheck"] = R"({"cls_alpha": [], "logit_index": [], "logit_value": [],
                                      "mutual_uncertainty_index": [], "mutual_uncertainty_value": []})";
    refused(d, errc::malformed, alpha);
    d = checked();
    d.bytes_of["uml.selfcheck.input"].first = {16 * 24, 3};
    refused(d, errc::malformed, "self-check: the input is not 8-bit height x width x channels");
    d = checked();
    d.bytes_of.clear();
    d.tensors["uml.selfcheck.input"] = {{16, 24, 3}, uml_test::pixels(16, 24, 3)};
    refused(d, errc::malformed, "self-check: the input is not 8-bit height x width x channels");
    d = checked();
    d.metadata["uml.selfcheck"] = "{";
    const auto m = load(d);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == errc::malformed);
}
