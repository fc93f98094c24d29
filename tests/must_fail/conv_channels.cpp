// A wrong channel count inside one's own network: the layer by its name, what it gets, what its weight expects, and
// the line of one's own that says so.
// expect: uml: a convolution's input has not the number of channels that its weight expects
// expect: layer<'d', 'e', 'c', 'o', 'd', 'e', 'r', '.', '0', '.', 'c', 'o', 'n', 'v', '2'>
// expect-gcc: have<16>, uml::v0_1::want<24>
// expect-clang: uml::have<16>, uml::want<24>
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";

    static constexpr void describe(uml::builder& g, const options& o) {
        uml::value x = g.input({1, o.size, o.size});
        x = g.conv(x, uml::name("encoder") / "conv1", {.out = 16, .kernel = 3});
        x = g.conv(x, uml::name("decoder") / 0 / "conv2", {.in = 24, .out = 8});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
