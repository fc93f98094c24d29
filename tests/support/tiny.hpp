// A network so small that a test can load it a hundred times, with all that a model answers; and weights files of it.
#pragma once

#include "support/loaders.hpp"
#include "support/shapes.hpp"

#include "uml/backend/reference.hpp"
#include "uml/io/safetensors_writer.hpp"
#include "uml/layers/evidential_head.hpp"
#include "uml/model/load.hpp"

#include <functional>
#include <map>

namespace uml_test {

struct tiny_network {
    static constexpr std::string_view label = "tiny";
    static constexpr void describe(uml::builder& g, const uml::config& c) {
        if (!uml::check(g, c)) return;
        const uml::name p("tiny");
        uml::value x = uml::picture(g, c);
        x = uml::conv_norm_relu(g, x, p / "stem", p / "bn", {.out = 8, .kernel = 3}, uml::norm_kind::batch);
        x = g.conv(x, p / "depthwise", {.out = 8, .kernel = 3, .depthwise = true});
        x = uml::conv_norm_relu(g, x, p / "middle", p / "frozen", {.out = 12, .kernel = 3}, uml::norm_kind::frozen);
        const uml::value logits = g.conv(x, p / "regions", {.out = c.regions, .bias = true});
        g.output(logits, "seg_logits");
        const uml::value pixel_logits = g.conv(x, p / "pixels", {.out = c.regions});
        const uml::opinion_values pixels = uml::evidential_head(g, pixel_logits);
        g.output(pixels.alpha, uml::name("mutual_alpha") / 0);
        g.output(pixels.vacuity, uml::name("mutual_uncertainty") / 0);
        uml::familiar_features(g, x);
        uml::value pooled = g.global_average(x);
        pooled = g.layer_norm(pooled, p / "ln");
        const uml::value class_logits = g.linear(pooled, p / "classes", {.out = c.classes, .bias = true});
        const uml::opinion_values classes = uml::evidential_head(g, class_logits);
        g.output(classes.alpha, "cls_alpha");
        g.output(classes.vacuity, "cls_uncertainty");
    }
};

inline constexpr uml::config tiny_config{.height = 16, .width = 24, .regions = 2, .classes = 3};
using tiny = uml::network<tiny_network, tiny_config>;

/// A weights file that can be spoilt before it is written. Values are the rule's.
struct draft {
    struct tensor {
        std::vector<std::uint64_t> shape;
        std::vector<float> values;
        uml::dtype type = uml::dtype::f32;
    };
    std::map<std::string, tensor, std::less<>> tensors;
    std::map<std::string, std::string, std::less<>> metadata;
    std::map<std::string, std::pair<std::vector<std::uint64_t>, std::vector<std::uint8_t>>> bytes_of; ///< U8 tensors

    template <class description> static draft of(const uml::config& c, std::uint64_t seed = 1) {
        draft d;
        const auto made = uml::dynamic_program::make(uml::reference{}, [&](uml::graph& g) {
            uml::describe<description>(g, c, uml::all_rewrites(), uml::output_set::answer);
        });
        for (auto& [name, shape] : tensors_of(made->view())) d.tensors[name] = {shape, rule(name, shape, seed), {}};
        return d;
    }
    /// As the training side writes it.
    draft& labelled(std::string_view network, const uml::config& c) {
        metadata["uml.format"] = "1";
        metadata["uml.network"] = network;
        const auto field = [](const char* key, int n) { return std::string("\"") + key + "\": " + std::to_string(n); };
        metadata["uml.config"] =
            "{" + field("height", c.height) + ", " + field("width", c.width) + ", " + field("regions", c.regions) +
            ", " + field("classes", c.classes) + ", " + field("channels_in", c.channels_in) + ", " +
            field("channel_divisor", c.channel_divisor) + ", " + field("stem_stride", c.stem_stride) + "}";
        return *this;
    }
    [[nodiscard]] uml::safetensors_writer writer() const {
        uml::safetensors_writer w;
        for (const auto& [key, value] : metadata) w.metadata(key, value);
        for (const auto& [name, t] : tensors) w.add(name, t.shape, t.values, t.type);
        for (const auto& [name, t] : bytes_of) w.add(name, uml::dtype::u8, t.first, std::as_bytes(std::span(t.second)));
        return w;
    }
    [[nodiscard]] std::vector<std::byte> bytes() const { return writer().bytes(); }
};

/// Pixels that differ from each other, 0..1, the same for the same seed.
inline std::vector<float> pixels(int height, int width, int channels, unsigned seed = 1) {
    std::vector<float> all(static_cast<std::size_t>(height) * static_cast<std::size_t>(width * channels));
    unsigned state = seed * 2654435761u + 1;
    for (float& v : all) {
        state = state * 1664525u + 1013904223u;
        v = static_cast<float>(state >> 8) / static_cast<float>(1 << 24);
    }
    return all;
}

/// Every number of the findings, for comparisons of bits.
template <class findings> [[nodiscard]] auto numbers_of(const findings& f) {
    std::vector<std::remove_cvref_t<decltype(f.diagnosis.alpha(0))>> all;
    for (int k = 0; k < f.diagnosis.classes(); ++k) all.push_back(f.diagnosis.alpha(k));
    for (const auto& map : {f.logits, f.alpha, f.vacuity})
        for (std::int64_t p = 0; p < map.pixels(); ++p) all.insert(all.end(), map.pixel(p), map.pixel(p) + map.c);
    return all;
}

} // namespace uml_test
