// A slice beyond the channels.
// expect: uml: a slice reaches beyond the channels of its input
// expect: layer<'s', 'l', 'i', 'c', 'e', ' ', 'a', 'f', 't', 'e', 'r', ' ', 'c', 'o', 'n', 'v', '1'>
// expect-gcc: have<20>, uml::v0_1::want<16>
// expect-clang: uml::have<20>, uml::want<16>
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
        x = g.slice(x, 12, 8);
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
