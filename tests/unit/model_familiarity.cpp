// Familiarity in a model: read with the weights, told in findings, checked at load, kept in prepared weights.
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/model/prepare.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>

namespace {

using uml_test::tiny;
using kind = uml::acquaintance;
using uml::trust::verdict;

constexpr std::size_t features = 12;

/// The tiny network's file, which accepts every vacuity, with statistics whose mean is the features of the sample
/// picture. Variances of 1 and scales of 0.1: the distance is 10 |f - mean| / sqrt(12).
uml_test::draft with_statistics(const std::string& numbers = R"({"residual": 1, "threshold": 1})") {
    auto d = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config);
    d.labelled("tiny", uml_test::tiny_config);
    d.metadata["uml.screening"] = R"({"image_vacuity": 1, "pixel_vacuity": 1})";
    const auto bytes = d.bytes();
    const auto model = uml::load<tiny>(*uml::weights_from(bytes), uml::reference64{});
    auto workspace = model->make_workspace();
    const auto pixels = uml_test::pixels(16, 24, 3);
    REQUIRE(model->run(uml::image_view(pixels.data(), 16, 24, 3), *workspace));
    const auto pooled = model->output(*workspace, "cls_pooled");
    REQUIRE(pooled.c == features);
    double norm = 0;
    for (int k = 0; k < pooled.c; ++k) norm += pooled.data[k] * pooled.data[k];
    std::vector<float> mean;
    for (int k = 0; k < pooled.c; ++k) mean.push_back(static_cast<float>(pooled.data[k] / std::sqrt(norm)));
    std::vector<float> direction(features);
    direction[0] = 1;
    d.metadata["uml.familiarity"] = numbers;
    d.tensors["uml.familiarity.mean"] = {{features}, mean};
    d.tensors["uml.familiarity.scale"] = {{features}, std::vector<float>(features, 0.1F)};
    d.tensors["uml.familiarity.variances"] = {{1}, {1}};
    d.tensors["uml.familiarity.directions"] = {{1, features}, direction, uml::dtype::f16};
    return d;
}

/// The file's bytes, and what the model says of a picture.
template <auto target = uml::cpu{}> struct answer {
    explicit answer(const uml_test::draft& d) : bytes(d.bytes()) {}
    template <class F> void of(const std::vector<float>& pixels, F f) const {
        const auto model = uml::load<tiny>(*uml::weights_from(bytes), target);
        REQUIRE_MESSAGE(model, model.error().what.c_str());
        auto workspace = model->make_workspace();
        const auto found = model->run(uml::image_view(pixels.data(), 16, 24, 3), *workspace);
        REQUIRE(found);
        f(*found);
    }
    std::vector<std::byte> bytes;
};

std::string refusal(const uml_test::draft& d) {
    const auto bytes = d.bytes();
    const auto m = uml::load<tiny>(*uml::weights_from(bytes));
    return m ? "" : std::string(m.error().what.view());
}

} // namespace

template <auto value> struct on { static constexpr auto target = value; };
TEST_CASE_TEMPLATE("a known picture is familiar, black is not, on every backend", B, on<uml::reference{}>,
                   on<uml::reference64{}>, on<uml::cpu{}>) {
    const answer<B::target> a(with_statistics());
    const auto sample = uml_test::pixels(16, 24, 3);
    a.of(sample, [](const auto& f) {
        REQUIRE(f.familiarity);
        CHECK(*f.familiarity < 1e-4);
        CHECK(f.kind() == kind::familiar);
        CHECK(f.verdict() == verdict::accepted);
        CHECK(f.verdict_text() == "accepted");
    });
    double distance = 0;
    a.of(std::vector<float>(sample.size()), [&](const auto& f) { distance = f.familiarity.value_or(0); });
    REQUIRE(distance > 0.1);
    // The verdict follows the threshold.
    const struct {
        double share;
        kind what;
        verdict said;
    } cases[] = {{1.01, kind::familiar, verdict::accepted},
                 {0.99, kind::unusual, verdict::unfamiliar},
                 {0.51, kind::unusual, verdict::unfamiliar},
                 {0.49, kind::unfamiliar, verdict::unfamiliar}};
    for (const auto& c : cases) {
        const answer<B::target> other(
            with_statistics(R"({"residual": 1, "threshold": )" + std::to_string(c.share * distance) + "}"));
        other.of(std::vector<float>(sample.size()), [&](const auto& f) {
            CHECK(f.kind() == c.what);
            CHECK(f.verdict() == c.said);
            CHECK(f.accepted() == (c.said == verdict::accepted));
            auto known = f; // by a program that knows better
            known.familiarity.reset();
            CHECK(known.verdict() == verdict::accepted);
            CHECK(known.verdict_text() == "accepted, kind of picture not checked");
        });
    }
}

TEST_CASE("without statistics, or without a threshold, nothing is accepted without saying that it was not checked") {
    auto bare = with_statistics();
    bare.metadata.erase("uml.familiarity");
    for (const char* name : {"mean", "scale", "variances", "directions"})
        bare.tensors.erase(std::string("uml.familiarity.") + name);
    for (const auto& d : {bare, with_statistics(R"({"residual": 1, "threshold": 0})")})
        answer<>(d).of(uml_test::pixels(16, 24, 3), [](const auto& f) {
            CHECK_FALSE(f.familiarity);
            CHECK(f.kind() == kind::unchecked);
            CHECK(f.verdict() == verdict::accepted);
            CHECK(f.verdict_text() == "accepted, kind of picture not checked");
        });
    bare.metadata.erase("uml.screening");
    answer<>(bare).of(uml_test::pixels(16, 24, 3), [](const auto& f) {
        CHECK(f.verdict_text() == "refer to a human, kind of picture not checked");
    });
}

TEST_CASE("features that are all 0 are unfamiliar") {
    auto d = with_statistics();
    for (auto& w : d.tensors["tiny.frozen.weight"].values) w = 0;
    for (auto& b : d.tensors["tiny.frozen.bias"].values) b = 0;
    answer<>(d).of(uml_test::pixels(16, 24, 3), [](const auto& f) {
        CHECK(f.familiarity == uml::familiarity_model::no_features);
        CHECK(f.verdict() == verdict::unfamiliar);
        CHECK(f.verdict_text().starts_with("unfamiliar"));
    });
}

TEST_CASE("statistics of other features are refused") {
    auto d = with_statistics();
    for (const char* name : {"mean", "scale"}) {
        d.tensors[std::string("uml.familiarity.") + name].shape = {features + 1};
        d.tensors[std::string("uml.familiarity.") + name].values.push_back(0.5F);
    }
    d.tensors["uml.familiarity.directions"].shape = {1, features + 1};
    d.tensors["uml.familiarity.directions"].values.push_back(0);
    CHECK(refusal(d).find("statistics of familiarity of 13 features, the network has 12") != std::string::npos);
    d = with_statistics();
    d.tensors["uml.familiarity.scale"].values[3] = -1;
    CHECK(refusal(d).find("metadata uml.familiarity: familiarity: a number is not finite or not above 0") !=
          std::string::npos);
}

TEST_CASE("statistics end at 65,535 features and 32 MiB of directions") {
    const std::string beyond = "more than 65535 features or 16777216 numbers of directions";
    const auto refused = [&](const char* name, const std::vector<std::uint64_t>& shape) {
        auto d = with_statistics();
        std::uint64_t count = 1;
        for (const std::uint64_t n : shape) count *= n;
        auto& t = d.tensors["uml.familiarity." + std::string(name)];
        t.shape = shape, t.values.assign(count, 0.5F);
        const std::string sentence = refusal(d);
        REQUIRE_FALSE(sentence.empty());
        return sentence.find(beyond) != std::string::npos;
    };
    CHECK_FALSE(refused("mean", {65535}));
    CHECK(refused("mean", {65536}));
    CHECK_FALSE(refused("directions", {2, 8388608}));
    CHECK(refused("directions", {16777217, 1}));
}

TEST_CASE("the self-check compares the distance of its picture") {
    const auto checked = [](const std::string& distance) {
        auto d = with_statistics(R"({"residual": 1, "threshold": 1, "self_check": )" + distance + "}");
        const auto sample = uml_test::pixels(16, 24, 3);
        std::vector<std::uint8_t> picture;
        for (const float x : sample) picture.push_back(static_cast<std::uint8_t>(std::lround(255 * x)));
        d.bytes_of["uml.selfcheck.input"] = {{16, 24, 3}, picture};
        // The other numbers as they are.
        const auto bytes = d.bytes();
        const auto model = uml::load<tiny>(*uml::weights_from(bytes), uml::reference64{}, {.self_check = false});
        REQUIRE_MESSAGE(model, model.error().what.c_str());
        auto workspace = model->make_workspace();
        const auto f = model->run(uml::image_view(picture.data(), 16, 24, 3), *workspace);
        REQUIRE(f);
        std::string alpha;
        for (int k = 0; k < 3; ++k) alpha += (k > 0 ? "," : "") + std::to_string(f->diagnosis.alpha(k));
        d.metadata["uml.selfcheck"] = R"({"cls_alpha": [)" + alpha +
                                      R"(], "float32_error": 0.0005, "logit_index": [0], "logit_value": [)" +
                                      std::to_string(f->logits(0, 0, 0)) +
                                      R"(], "mutual_uncertainty_index": [0], "mutual_uncertainty_value": [)" +
                                      std::to_string(f->vacuity(0, 0, 0)) + "]}";
        return std::pair(refusal(d), *f->familiarity);
    };
    const double distance = checked("0").second;
    CHECK(checked(std::to_string(distance)).first == "");
    CHECK(checked(std::to_string(distance + 0.5)).first.find("self-check: the distance of familiarity differs") !=
          std::string::npos);
}

TEST_CASE("prepared weights keep the statistics") {
    const auto d = with_statistics(R"({"residual": 0.75, "threshold": 1.25})");
    const auto bytes = d.bytes();
    const auto file = *uml::weights_from(bytes);
    const auto loaded = uml::load<tiny>(file);
    const auto prepared = uml::prepare<tiny>(file);
    REQUIRE(prepared);
    const auto used = uml::use<tiny>(prepared->bytes());
    REQUIRE(used);
    CHECK(used->screening().image_distance == 1.25F);
    CHECK(used->card().familiarity.model.residual == 0.75F);
    auto a = loaded->make_workspace(), b = used->make_workspace();
    for (const auto& pixels : {uml_test::pixels(16, 24, 3), std::vector<float>(16 * 24 * 3, 0.25F)}) {
        const uml::image_view picture(pixels.data(), 16, 24, 3);
        const auto expected = loaded->run(picture, *a), found = used->run(picture, *b);
        REQUIRE(found);
        REQUIRE(found->familiarity);
        CHECK(*found->familiarity == *expected->familiarity);
    }
}
