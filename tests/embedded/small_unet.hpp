// A network of one's own for a microcontroller: an evidential U-Net of two levels.
#pragma once

#include <uml/embedded.hpp>

namespace embedded {

struct small_unet {
    static constexpr std::string_view label = "small_unet";
    static constexpr void describe(uml::builder& g, const uml::config& c) {
        if (!uml::check(g, c)) return;
        const uml::value image = uml::picture(g, c);
        const uml::value e1 = uml::double_conv(g, image, "enc1", 8);
        const uml::value half = g.max_pool(e1, {2, 2, 0, 1});
        const uml::value e2 = uml::double_conv(g, half, "enc2", 16);
        const uml::value d1 = uml::up_step(g, e2, e1, "dec1", 8, uml::skip_order::skip_last);
        const uml::value logits = uml::project(g, d1, "head", c.regions);
        const uml::opinion_values pixels = uml::evidential_head(g, logits);
        g.output(logits, "seg_logits");
        g.output(pixels.alpha, "mutual_alpha");
        g.output(pixels.vacuity, "mutual_uncertainty");
        uml::value pooled = g.global_average(e2);
        pooled = g.linear(pooled, "classifier", {.out = c.classes, .bias = true});
        const uml::opinion_values image_opinion = uml::evidential_head(g, pooled);
        g.output(image_opinion.alpha, "cls_alpha");
        g.output(image_opinion.vacuity, "cls_uncertainty");
    }
};

inline constexpr uml::config small_config{.height = 32, .width = 32, .regions = 2, .classes = 3, .channels_in = 1};
using small = uml::network<small_unet, small_config>;

} // namespace embedded
