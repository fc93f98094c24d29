// The rule that makes the golden files' weights, and the golden files themselves.
#include "support/golden.hpp"
#include "support/weights_rule.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using shape = std::vector<std::uint64_t>;

struct digest {
    std::uint32_t mixed = 0;
    std::uint64_t sum = 0;
    friend bool operator==(const digest&, const digest&) = default;
};

digest digest_of(const std::vector<float>& values) {
    digest d;
    for (const float x : values) {
        d.mixed ^= std::bit_cast<std::uint32_t>(x);
        d.sum += std::bit_cast<std::uint32_t>(x);
    }
    return d;
}

} // namespace

TEST_CASE("the weights rule gives the bits that Python gives") {
    struct known {
        const char* name;
        shape size;
        std::uint64_t seed;
        std::uint32_t first, second, sixth, last;
    };
    const known table[] = {
        {"mut_feature_mixer.cf_conv1.conv.weight", {256, 64, 1, 1}, 1, 0xbdcfd1bc, 0x3e28a6cc, 0xbe57dfc0, 0xbe77cfb6},
        {"a.bn1.running_var", {7}, 2, 0x3f427677, 0x3f20e2e4, 0x3f1699cb, 0x3fb43df5},
        {"a.bn1.running_mean", {7}, 3, 0x3c6e95b4, 0x3cf31a2d, 0xbdc7b39e, 0x3d571324},
        {"a.bn1.weight", {7}, 4, 0x3f5dfa72, 0x3f88b261, 0x3f5da914, 0x3f4c2b67},
        {"a.bn1.bias", {7}, 0xdeadbeefcafe, 0x3dbd7fc6, 0xbd0c3fdf, 0xbc074eca, 0x3d6b69fb},
    };
    for (const known& k : table) {
        CAPTURE(k.name);
        const auto v = uml_test::rule(k.name, k.size, k.seed);
        CHECK(std::bit_cast<std::uint32_t>(v[0]) == k.first);
        CHECK(std::bit_cast<std::uint32_t>(v[1]) == k.second);
        CHECK(std::bit_cast<std::uint32_t>(v[5]) == k.sixth);
        CHECK(std::bit_cast<std::uint32_t>(v.back()) == k.last);
    }
    CHECK(digest_of(uml_test::rule("x.bias", shape{20000}, 9)) == digest{0x1f9c23f, 0x25f44115b589});
    CHECK(digest_of(uml_test::rule("x.weight", shape{200, 10, 3, 3}, 9)) == digest{0x843652cb, 0x2278d483e9b5});
}

TEST_CASE("weights by rule come through the reader as any file's") {
    const std::vector<uml_test::named_shape> tensors{
        {"b.weight", {300, 70, 3, 3}}, {"b.bias", {300}}, {"module.a.running_var", {5}}};
    const auto w = uml_test::ruled_source::open(tensors, 7);
    REQUIRE_MESSAGE(w, w.error().what.view());
    CHECK(w->source() == "rule with seed 7");
    REQUIRE(w->entries().size() == 3);
    for (const auto& t : tensors) {
        const auto* const entry = w->find(t.name == "module.a.running_var" ? "a.running_var" : t.name);
        REQUIRE(entry != nullptr);
        std::vector<float> values(entry->elements());
        REQUIRE(w->read(*entry, values));
        CHECK(values == uml_test::rule(t.name, t.shape, 7));
    }
}

TEST_CASE("the golden files open, and hold what they say") {
    const auto reference = std::filesystem::path(uml_test::shared_dir()) / "reference";
    if (!std::filesystem::is_directory(reference)) {
        MESSAGE("left out: there is no " << reference.string());
        return;
    }
    int files = 0;
    for (const std::string network : {"release", "paper"}) {
        for (const auto& item : std::filesystem::directory_iterator(reference / network)) {
            if (item.path().extension() != ".safetensors") continue;
            CAPTURE(item.path().string());
            const auto g = uml_test::read_golden(item.path().string().c_str());
            REQUIRE_MESSAGE(g, g.error().what.view());
            ++files;
            CHECK(g->network == network);
            CHECK(g->seed >= 1);
            const auto* const image = g->find("image");
            REQUIRE(image != nullptr);
            const std::string name = "seed" + std::to_string(g->seed) + "_" + std::to_string(image->shape.at(2)) + "x" +
                                     std::to_string(image->shape.at(3)) + "_seg" + std::to_string(g->seg_classes) +
                                     "_cls" + std::to_string(g->cls_classes);
            CHECK(item.path().stem().string() == name);
            CHECK(std::all_of(image->values.begin(), image->values.end(), [](float x) { return x >= 0 && x <= 1; }));

            // Evidence as defined: alpha not below 1, u = K / S.
            const auto* const alpha = g->find("cls_alpha");
            const auto* const vacuity = g->find("cls_uncertainty");
            REQUIRE((alpha != nullptr && vacuity != nullptr));
            REQUIRE(alpha->values.size() == static_cast<std::size_t>(g->cls_classes));
            double strength = 0;
            for (const float a : alpha->values) {
                CHECK(a >= 1);
                strength += static_cast<double>(a);
            }
            CHECK(static_cast<double>(vacuity->values.at(0)) ==
                  doctest::Approx(g->cls_classes / strength).epsilon(1e-6));
        }
    }
    CHECK(files >= 7);
}
