// A value that no operation made: default-constructed, or of another network.
// expect: uml: an operation reads a value that no operation of this network made
// expect: layer<'d', 'e', 'c', 'o', 'd', 'e', 'r', '.', 'c', 'o', 'n', 'v', '2'>
// expect-gcc: have<-1>, uml::v0_1::want<2>
// expect-clang: uml::have<-1>, uml::want<2>
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
        uml::value skip;
        x = g.conv(skip, uml::name("decoder") / "conv2", {.out = 8});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
