// The kind of norm of a Res2Net block: with PyTorch's eps or, as published, without; and files that say which they
// need.
#include "support/tiny.hpp"

#include "uml/layers/res2net.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace {

using uml::errc;
using uml_test::draft;
constexpr uml::config config{.height = 16, .width = 16, .regions = 2, .classes = 2, .channels_in = 1};

template <uml::norm_kind kind> struct one_block {
    static constexpr std::string_view label = "one_block";
    static constexpr void describe(uml::builder& g, const uml::config& c) {
        if (!uml::check(g, c)) return;
        uml::value x = uml::picture(g, c);
        x = uml::res2net_block(g, x, "block", 8, 16, 2, true, kind);
        x = uml::res2net_block(g, x, "next", 8, 16, 1, false, kind);
        const uml::value logits = g.conv(x, "head", {.out = c.regions});
        g.output(logits, "seg_logits");
    }
};
using batch = one_block<uml::norm_kind::batch>;
using frozen = one_block<uml::norm_kind::frozen>;

/// Small variances, for which an eps matters; `more` added to each.
draft small_variances(float more) {
    draft d = draft::of<batch>(config).labelled("one_block", config);
    int i = 0;
    for (auto& [name, t] : d.tensors)
        if (name.ends_with("running_var"))
            for (float& v : t.values) v = 2e-5F + 1e-6F * static_cast<float>(++i % 7) + more;
    return d;
}
template <class description> auto load(const draft& d) {
    return uml::load<uml::network<description, config>, uml::reference64>(std::span<const std::byte>(d.bytes()));
}
template <class description> std::vector<double> answer(const draft& d) {
    const auto m = load<description>(d);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    auto w = m->make_workspace();
    const auto pixels = uml_test::pixels(16, 16, 1);
    const auto f = m->run(uml::image_view(pixels.data(), 16, 16, 1), *w);
    REQUIRE(f);
    return uml_test::numbers_of(*f);
}
double difference(const std::vector<double>& a, const std::vector<double>& b) {
    double off = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) off += (a[i] - b[i]) * (a[i] - b[i]), size += a[i] * a[i];
    return std::sqrt(off / size);
}

} // namespace

TEST_CASE("with eps a block computes what it does without, on variances that have taken the eps in") {
    const auto with = answer<batch>(small_variances(0));
    CHECK(difference(with, answer<frozen>(small_variances(1e-5F))) < 1e-5);
    CHECK(difference(with, answer<frozen>(small_variances(0))) > 0.1);
}

TEST_CASE("a file that says which norms have no eps is refused by a network of the other kind") {
    std::string names;
    for (const auto& [name, t] : small_variances(0).tensors)
        if (name.ends_with(".running_var"))
            names += (names.empty() ? "\"" : ", \"") + name.substr(0, name.size() - 12) + "\"";
    draft none = small_variances(0), all = small_variances(0);
    none.metadata["uml.frozen_norms"] = "[]";
    all.metadata["uml.frozen_norms"] = "[" + names + ", \"layer4.0.bn1\"]"; // names of what is not used do not matter
    CHECK(load<batch>(none));
    CHECK(load<frozen>(all));
    const auto refused = [](const auto& m, errc code, const std::string& sentence) {
        REQUIRE_FALSE(m);
        CHECK(m.error().code == code);
        CHECK(std::string(m.error().what.view()) == "memory: " + sentence);
    };
    refused(
        load<frozen>(none), errc::wrong_network,
        R"(normalisation "block.bn1" is stored for use with an eps of 1e-5, the network adds none: describe it with )"
        "norm_kind::batch");
    refused(load<batch>(all), errc::wrong_network,
            R"(normalisation "block.bn1" is stored for use without eps, the network adds one: describe it with )"
            "norm_kind::frozen");
    std::string many = "[\"a\"";
    for (int i = 0; i < 4096; ++i) many += ",\"a\"";
    for (const std::string& wrong : {std::string(R"({"a": 1})"), std::string("[1]"), many + "]"}) {
        none.metadata["uml.frozen_norms"] = wrong;
        refused(load<batch>(none), errc::malformed, "metadata uml.frozen_norms: is not an array of at most 4096 names");
    }
}
