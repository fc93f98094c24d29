// A softmax over the pixels of several channels.
// clang-format off
// expect: uml: the operation needs an input of one channel
// expect: layer<'s', 'o', 'f', 't', 'm', 'a', 'x', '_', 'p', 'i', 'x', 'e', 'l', 's', ' ', 'a', 'f', 't', 'e', 'r', ' ', 'c', 'o', 'n', 'v', '1'>
// expect-gcc: have<16>, uml::v0_1::want<1>
// expect-clang: uml::have<16>, uml::want<1>
// clang-format on
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";

    static constexpr void describe(uml::builder& g, const options& o) {
        uml::value x = g.input({1, o.size, o.size});
        x = g.conv(x, "conv1", {.out = 16, .kernel = 3});
        x = g.softmax_pixels(x);
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
