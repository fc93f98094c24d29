// A depthwise convolution with another number of outputs.
// expect: uml: a depthwise convolution has as many outputs as inputs
// expect: layer<'c', 'o', 'n', 'v', '2'>
// expect-gcc: have<8>, uml::v0_1::want<16>
// expect-clang: uml::have<8>, uml::want<16>
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
        x = g.conv(x, "conv2", {.out = 8, .kernel = 3, .depthwise = true});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
