// Loading: a model comes of a right file, and a clear error of every wrong one.
#include "support/tiny.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <limits>
#include <string>
#include <type_traits>

namespace {

using uml::errc;
using uml_test::draft;
using uml_test::tiny;
using uml_test::tiny_config;
using uml_test::tiny_network;
using backend = uml::reference;
using dynamic_tiny = uml::network<tiny_network>;
using any_network = uml::network<uml::dynamic>;

draft right() { return draft::of<tiny_network>(tiny_config); }
draft labelled() { return right().labelled("tiny", tiny_config); }

template <class net = tiny> auto load(const draft& d, const uml::load_options& o = {}) {
    return uml::load<net, backend>(std::span<const std::byte>(d.bytes()), o);
}

/// The file is refused with this code, and the sentence says where and what.
template <class net = tiny>
void refused(const draft& d, errc code, std::initializer_list<const char*> parts, const uml::load_options& o = {}) {
    const auto m = load<net>(d, o);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == code);
    const std::string sentence(m.error().what.view());
    CHECK_MESSAGE(sentence.starts_with("memory: "), sentence);
    for (const char* part : parts) CHECK_MESSAGE(sentence.find(part) != std::string::npos, sentence, " lacks ", part);
}

std::vector<float> answer(const uml::model<tiny, backend>& m) {
    auto w = m.make_workspace();
    REQUIRE(w);
    const auto picture = uml_test::pixels(16, 24, 3);
    const auto f = m.run(uml::image_view(picture.data(), 16, 24, 3), *w);
    REQUIRE(f);
    return uml_test::numbers_of(*f);
}

} // namespace

TEST_CASE("a right file: plain, labelled, with everything that published checkpoints carry besides") {
    const auto plain = load(right());
    REQUIRE_MESSAGE(plain, plain.error().what.c_str());
    CHECK(plain->height() == 16);
    CHECK(plain->width() == 24);
    CHECK(plain->channels() == 3);
    CHECK(plain->classes() == 3);
    CHECK(plain->regions() == 2);
    CHECK(plain->class_name(0).empty());
    CHECK(plain->card().network.empty());
    const auto expected = answer(*plain);
    CHECK(expected.size() == 3 + 16 * 24 * 5);

    draft full = labelled();
    full.metadata["uml.classes"] = R"(["meningioma", "glioma", "pituitary"])";
    full.metadata["uml.regions"] = R"(["background", "tumour"])";
    full.metadata["uml.temperature"] = "1.25";
    full.metadata["uml.screening"] = R"({"image_vacuity": 0.3, "pixel_vacuity": 0.2})";
    full.metadata["uml.trained_on"] = "pictures";
    full.metadata["anything"] = "else";
    full.tensors["tiny.bn.num_batches_tracked"] = {{1}, {7}};
    full.tensors["cls_feature_encoder.layer4.0.conv1.weight"] = {{1}, {1}};
    full.tensors["seg_feature_encoder.layer4.0.conv1.weight"] = {{1}, {1}};
    full.tensors["seg_feature_encoder.conv5_1.0.weight"] = {{1}, {1}};
    const auto m = load(full);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    CHECK(m->card().network == "tiny");
    CHECK(m->card().temperature == 1.25);
    CHECK(m->class_name(1) == "glioma");
    CHECK(m->region_name(1) == "tumour");
    CHECK(m->class_name(3).empty());
    CHECK(m->class_name(-1).empty());
    CHECK(m->screening().image_vacuity == 0.3F);
    CHECK(m->screening().pixel_vacuity == 0.2F);
    CHECK(answer(*m) == expected);

    draft behind = right();
    for (auto node = behind.tensors.begin(); node->first.starts_with("tiny.");) {
        auto moved = behind.tensors.extract(node);
        moved.key() = "module." + moved.key();
        behind.tensors.insert(std::move(moved));
        node = behind.tensors.upper_bound("module.~");
        if (node == behind.tensors.end()) break;
    }
    REQUIRE(behind.tensors.begin()->first.starts_with("module.tiny."));
    const auto prefixed = load(behind);
    REQUIRE_MESSAGE(prefixed, prefixed.error().what.c_str());
    CHECK(answer(*prefixed) == expected);
}

TEST_CASE("half precision weights are taken as they are") {
    for (const uml::dtype type : {uml::dtype::f16, uml::dtype::bf16}) {
        draft d = right();
        for (auto& [name, t] : d.tensors) t.type = type;
        const auto m = load(d);
        REQUIRE_MESSAGE(m, m.error().what.c_str());
        const auto got = answer(*m), exact = answer(*load(right()));
        double off = 0, size = 0;
        for (std::size_t i = 0; i < got.size(); ++i) {
            off += static_cast<double>((got[i] - exact[i]) * (got[i] - exact[i]));
            size += static_cast<double>(exact[i] * exact[i]);
        }
        CHECK(off > 0);
        CHECK(off < 1e-3 * size);
    }
}

TEST_CASE("a network configured by the file itself gives the same bits") {
    const auto expected = answer(*load(right()));
    const auto m = load<dynamic_tiny>(labelled());
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto picture = uml_test::pixels(16, 24, 3);
    const auto f = m->run(uml::image_view(picture.data(), 16, 24, 3), *w);
    REQUIRE(f);
    CHECK(uml_test::numbers_of(*f) == expected);

    uml::load_options larger;
    larger.configuration = tiny_config;
    larger.configuration->height = 32;
    const auto other = load<dynamic_tiny>(labelled(), larger);
    REQUIRE(other);
    CHECK(other->height() == 32);
}

TEST_CASE("no file, no weights file, half a file") {
    const auto absent = uml::load<tiny, backend>("no/such/file.safetensors");
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code == errc::cannot_read);
    CHECK(absent.error().what.view().starts_with("no/such/file.safetensors: "));

    const std::string text(4000, 'x');
    const auto junk = uml::load<tiny, backend>(std::as_bytes(std::span(text)));
    REQUIRE_FALSE(junk);
    CHECK(junk.error().code == errc::malformed);

    const auto whole = labelled().bytes();
    for (std::size_t kept = 0; kept < whole.size(); kept += kept < 4096 ? 61 : 997) {
        const auto m = uml::load<tiny, backend>(std::span(whole).first(kept));
        REQUIRE_FALSE(m);
        CHECK(m.error().code == errc::malformed);
    }
}

TEST_CASE("weights on disk") {
    const char* const path = "uml-unit-model-load.safetensors";
    REQUIRE(labelled().writer().write(path));
    const auto m = uml::load<tiny, backend>(path);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    CHECK(answer(*m) == answer(*load(right())));
    draft d = labelled();
    d.tensors.erase("tiny.stem.weight");
    REQUIRE(d.writer().write(path));
    const auto broken = uml::load<tiny, backend>(path);
    REQUIRE_FALSE(broken);
    CHECK(broken.error().what == R"(uml-unit-model-load.safetensors: tensor "tiny.stem.weight" is missing)");
    std::remove(path);
}

TEST_CASE("weights of another network or configuration") {
    refused(right().labelled("paper", tiny_config), errc::wrong_network, {R"(weights of network "paper", not tiny)"});
    refused<dynamic_tiny>(right().labelled("edge", tiny_config), errc::wrong_network, {"not tiny"});
    refused<any_network>(labelled(), errc::wrong_network, {R"(network "tiny", which is not known here)"});
    uml::config other = tiny_config;
    other.classes = 4;
    refused(right().labelled("tiny", other), errc::wrong_config, {"weights for classes 4, the network has classes 3"});
    other = tiny_config;
    other.regions = 5;
    refused(right().labelled("tiny", other), errc::wrong_config, {"weights for regions 5, the network has regions 2"});
    other = tiny_config;
    other.channels_in = 1;
    refused(right().labelled("tiny", other), errc::wrong_config, {"channels_in 1", "channels_in 3"});
    other = tiny_config;
    other.channel_divisor = 2;
    refused(right().labelled("tiny", other), errc::wrong_config, {"channel_divisor 2", "channel_divisor 1"});
    other = tiny_config;
    other.stem_stride = 2;
    refused(right().labelled("tiny", other), errc::wrong_config, {"stem_stride 2", "stem_stride 1"});
    uml::load_options asked;
    asked.configuration = tiny_config;
    asked.configuration->classes = 2;
    refused<dynamic_tiny>(labelled(), errc::wrong_config, {"weights for classes 3, the network has classes 2"}, asked);
    other = tiny_config;
    other.height = 20;
    refused<dynamic_tiny>(right().labelled("tiny", other), errc::wrong_config,
                          {"height 20 is not a multiple of 8: 16 or 24 would be"});
    CHECK_MESSAGE(load(right().labelled("tiny", other)), "another size does not matter to the weights");
}

TEST_CASE("a plain state_dict is for a network of fixed configuration") {
    for (const char* part : {"a plain state_dict", "load it into a network of fixed configuration"}) {
        refused<dynamic_tiny>(right(), errc::wrong_network, {part});
        refused<any_network>(right(), errc::wrong_network, {part});
    }
    uml::load_options asked;
    asked.configuration = tiny_config;
    refused<any_network>(right(), errc::wrong_network, {"a plain state_dict"}, asked);
    CHECK(load<dynamic_tiny>(right(), asked)); // here nothing is left open
}

TEST_CASE("tensors that are missing, unknown or of another form") {
    for (const auto& [name, tensor] : right().tensors) {
        draft d = right();
        d.tensors.erase(name);
        const std::string sentence = "tensor \"" + name + "\" is missing";
        refused(d, errc::missing_tensor, {sentence.c_str()});
    }
    draft d = right();
    auto moved = d.tensors.extract("tiny.stem.weight");
    moved.key() = "tiny.stm.weight";
    d.tensors.insert(std::move(moved));
    d.tensors["tiny.extra.weight"] = {{1}, {0}};
    refused(d, errc::missing_tensor,
            {R"(tensor "tiny.stem.weight" is missing; is it "tiny.stm.weight", which the network does not have?)"});
    d.tensors.erase("tiny.stm.weight");
    d.tensors["a.tensor.of.another.network"] = {{1}, {0}};
    refused(d, errc::missing_tensor, {R"("tiny.stem.weight" is missing; is it "tiny.extra.weight", )"});
    d.tensors.erase("tiny.extra.weight");
    refused(d, errc::missing_tensor, {R"("tiny.stem.weight" is missing)"});
    d = right();
    d.tensors["tiny.extra.weight"] = {{1}, {0}};
    refused(d, errc::unknown_tensor, {R"(tensor "tiny.extra.weight" is not part of this network)"});
    d = right();
    d.tensors["tiny.stem.bias"] = {{8}, std::vector<float>(8)};
    refused(d, errc::unknown_tensor, {"tiny.stem.bias"});
    d = right();
    d.tensors["tiny.stem.weight"] = {{8, 3, 9}, std::vector<float>(216)};
    refused(d, errc::wrong_shape, {R"("tiny.stem.weight" has shape [8, 3, 9], the network expects [8, 3, 3, 3])"});
    d = right();
    d.tensors["tiny.classes.bias"] = {{4}, std::vector<float>(4)};
    refused(d, errc::wrong_shape, {"has shape [4], the network expects [3]"});
    d = right();
    d.tensors.erase("tiny.ln.weight");
    d.bytes_of["tiny.ln.weight"] = {{12}, std::vector<std::uint8_t>(12)};
    refused(d, errc::unsupported, {"tiny.ln.weight", "has dtype U8, weights are F32, F16 or BF16"});
}

TEST_CASE("numbers that no weight can be") {
    for (const auto& [name, tensor] : right().tensors)
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
            draft d = right();
            d.tensors[name].values.back() = bad;
            refused(d, errc::not_finite, {name.c_str(), bad < 0 ? "is infinite" : "is NaN"});
        }
    draft d = right();
    for (const float zero : {0.0F, -0.0F}) {
        d.tensors["tiny.frozen.running_var"].values[5] = zero;
        refused(d, errc::malformed, {"tiny.frozen.running_var: channel 5 is not positive"});
    }
    d = right();
    for (const float below : {-1.F, -1e-6F, -std::numeric_limits<float>::denorm_min()}) { // also where eps is more
        d.tensors["tiny.bn.running_var"].values[7] = below;
        refused(d, errc::malformed, {"tiny.bn.running_var: channel 7 is below 0"});
    }
    d = right();
    for (const float dead : {0.F, -0.F, std::numeric_limits<float>::denorm_min()}) { // with eps 1e-5 that is fine
        d.tensors["tiny.bn.running_var"].values[7] = dead;
        CHECK(load(d));
    }
    d = right();
    d.tensors["tiny.frozen.running_var"].values[5] = std::numeric_limits<float>::denorm_min(); // a factor of 2.7e22
    CHECK(load(d));
}

TEST_CASE("prepared weights in the caller's memory") {
    const auto expected = answer(*load(right()));
    constexpr auto bytes = static_cast<std::size_t>(uml::prepared_bytes<tiny, backend{}>);
    alignas(64) static std::byte room[bytes + 128];
    uml::load_options o;
    for (const std::size_t offset : {std::size_t{0}, std::size_t{64}}) { // exactly as much as is needed
        for (std::byte& b : room) b = std::byte{0xa5};
        o.memory = std::span(room).subspan(offset, bytes);
        const auto m = load(right(), o);
        REQUIRE_MESSAGE(m, m.error().what.c_str());
        CHECK(m->prepared_bytes() == static_cast<std::int64_t>(bytes));
        CHECK(answer(*m) == expected);
        for (std::size_t i = 0; i < sizeof room; ++i)
            if (i < offset || i >= offset + bytes) CHECK(room[i] == std::byte{0xa5});
    }
    o.memory = std::span(room).subspan(1, bytes + 63); // not aligned: up to 63 bytes are lost
    const auto m = load(right(), o);
    REQUIRE(m);
    CHECK(answer(*m) == expected);
    for (const auto& [offset, size] : {std::pair{std::size_t{0}, bytes - 1},
                                       {std::size_t{1}, bytes + 62},
                                       {std::size_t{0}, std::size_t{1}},
                                       {std::size_t{3}, std::size_t{2}}}) {
        o.memory = std::span(room).subspan(offset, size);
        const auto small = load(right(), o);
        REQUIRE_FALSE(small);
        CHECK(small.error().code == errc::too_small);
        CHECK(small.error().what.view().ends_with(", " + std::to_string(bytes) + " are needed"));
    }
}
