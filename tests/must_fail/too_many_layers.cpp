// More layers than the graph's tables hold.
// expect: uml: the network is larger than the graph's tables
// expect: layer<'l', 'a', 'y', 'e', 'r'>
// expect-gcc: have<1025>, uml::v0_1::want<1024>
// expect-clang: uml::have<1025>, uml::want<1024>
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";

    static constexpr void describe(uml::builder& g, const options& o) {
        uml::value x = g.input({1, o.size, o.size});
        for (int i = 0; i < 2000; ++i) x = g.conv(x, "layer", {.out = 1});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
