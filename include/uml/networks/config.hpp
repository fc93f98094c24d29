// What can be chosen about a network. A structural type, so it can be a template argument.
#pragma once

#include "uml/graph/builder.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

struct config {
    int height = 256, width = 256; ///< of the picture; multiples of 8 times the stem's stride
    int regions = 2;               ///< segmentation classes, the background among them
    int classes = 2;               ///< of the image
    int channels_in = 3;           ///< that the weights expect, 1 or 3
    int channel_divisor = 1;       ///< edge network: every channel count by this much smaller
    int stem_stride = 1;           ///< edge network: 1 or 2
    bool grey = false;             ///< pictures have one channel, which stands for all channels_in

    friend constexpr bool operator==(const config&, const config&) = default;
};

/// What a weights file calls one of the configuration's numbers, and which values it can have.
struct config_field {
    const char* name;
    int config::*member;
    int least, most;     ///< extents: multiples of what the stem needs
    bool either = false; ///< one of these two, and nothing between
    int published = 0;   ///< the only value of the networks as published; 0: any
    bool extent = false; ///< of the picture, which the weights do not depend on
    bool in_every_file = false;
};
/// Every number of `config`. cmake/uml-embed.cmake and training/uml_training/networks.py have the same names.
inline constexpr config_field config_fields[] = {
    {.name = "height", .member = &config::height, .least = 8, .most = 8192, .extent = true, .in_every_file = true},
    {.name = "width", .member = &config::width, .least = 8, .most = 8192, .extent = true, .in_every_file = true},
    {.name = "regions", .member = &config::regions, .least = 2, .most = 64, .in_every_file = true},
    {.name = "classes", .member = &config::classes, .least = 2, .most = 1024, .in_every_file = true},
    {.name = "channels_in", .member = &config::channels_in, .least = 1, .most = 3, .either = true, .published = 3},
    {.name = "channel_divisor", .member = &config::channel_divisor, .least = 1, .most = 64, .published = 1},
    {.name = "stem_stride", .member = &config::stem_stride, .least = 1, .most = 2, .either = true, .published = 1}};
static_assert(sizeof(config) == (std::size(config_fields) + 1) * sizeof(int), // `grey` is the one that is no number
              "uml: a number of the configuration is missing in config_fields");

/// Refuses what no network here can be: the first thing that is wrong becomes the graph's error. False then.
[[nodiscard]] constexpr bool check(builder& g, const config& c) {
    const int multiple = 8 * (c.stem_stride == 2 ? 2 : 1);
    for (const config_field& f : config_fields) {
        const int have = c.*f.member;
        if (f.either && have != f.least && have != f.most)
            g.refuse_choice(f.name, have, f.least, f.most);
        else if (have > f.most)
            g.refuse(fault::configuration, f.name, have, f.most);
        else if (f.extent && (have < multiple || have % multiple != 0))
            g.refuse(fault::input_extent, f.name, have, multiple);
        else if (have < f.least)
            g.refuse(fault::configuration, f.name, have, f.least);
    }
    return !g.failed();
}

/// The same for the networks as they were published.
[[nodiscard]] constexpr bool check_published(builder& g, const config& c) {
    for (const config_field& f : config_fields)
        if (f.published != 0 && c.*f.member != f.published)
            g.refuse_choice(f.name, c.*f.member, f.published, f.published);
    return check(g, c);
}

/// The picture as the network's first convolutions read it.
constexpr value picture(builder& g, const config& c) {
    const value x = g.input({c.grey ? 1 : c.channels_in, c.height, c.width});
    return c.grey ? g.tile(x, c.channels_in) : x;
}

/// The output `cls_pooled`: means over the pixels of the deepest classification features, by which a picture is known
/// as one like those of the training (see familiarity_model).
constexpr void familiar_features(builder& g, value deepest) {
    const value pooled = g.global_average(deepest);
    g.output(pooled, name("cls_pooled"));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
