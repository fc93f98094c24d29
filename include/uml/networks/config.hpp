// What can be chosen about a network. A structural type, so it can be a template argument.
#pragma once

#include "uml/graph/builder.hpp"

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

/// Refuses what no network here can be: the first thing that is wrong becomes the graph's error. False then.
[[nodiscard]] constexpr bool check(builder& g, const config& c) {
    const int multiple = 8 * (c.stem_stride == 2 ? 2 : 1);
    const auto in_range = [&](const char* what, int have, int least, int most) {
        if (have < least) g.refuse(fault::configuration, name(what), have, least);
        if (have > most) g.refuse(fault::configuration, name(what), have, most);
    };
    in_range("stem_stride", c.stem_stride, 1, 2);
    in_range("channel_divisor", c.channel_divisor, 1, 64);
    in_range("regions", c.regions, 2, 64);
    in_range("classes", c.classes, 2, 1024);
    if (c.channels_in != 3) in_range("channels_in", c.channels_in, 1, c.channels_in < 3 ? 1 : 3);
    const auto extent = [&](const char* what, int have) {
        if (have > 8192) g.refuse(fault::configuration, name(what), have, 8192);
        if (have < multiple || have % multiple != 0) g.refuse(fault::input_extent, name(what), have, multiple);
    };
    extent("height", c.height);
    extent("width", c.width);
    return !g.failed();
}

/// The same for the networks as they were published.
[[nodiscard]] constexpr bool check_published(builder& g, const config& c) {
    const auto only = [&](const char* what, int have, int want) {
        if (have != want) g.refuse(fault::configuration, name(what), have, want);
    };
    only("channel_divisor", c.channel_divisor, 1);
    only("stem_stride", c.stem_stride, 1);
    only("channels_in", c.channels_in, 3);
    return check(g, c);
}

/// The picture as the network's first convolutions read it.
constexpr value picture(builder& g, const config& c) {
    const value x = g.input({c.grey ? 1 : c.channels_in, c.height, c.width});
    return c.grey ? g.tile(x, c.channels_in) : x;
}

} // namespace uml::inline UML_VERSION_NAMESPACE
