// A window that is larger than what it slides over.
// expect: uml: the input is smaller than the window that slides over it
// expect: layer<'c', 'o', 'n', 'v', '1'>
// expect-gcc: have<64>, uml::v0_1::want<65>
// expect-clang: uml::have<64>, uml::want<65>
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";

    static constexpr void describe(uml::builder& g, const options& o) {
        uml::value x = g.input({1, o.size, o.size});
        x = g.conv(x, "conv1", {.out = 16, .kernel = 65, .stride = 2, .pad = 0});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
