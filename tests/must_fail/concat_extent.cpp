// Tensors of different size beside each other: an operation without a name is told by the layer before it.
// clang-format off
// expect: uml: tensors of different height or width cannot be concatenated
// expect: layer<'c', 'o', 'n', 'c', 'a', 't', ' ', 'a', 'f', 't', 'e', 'r', ' ', 'e', 'n', 'c', 'o', 'd', 'e', 'r', '.', 'c', 'o', 'n', 'v', '2'>
// expect-gcc: have<32>, uml::v0_1::want<64>
// expect-clang: uml::have<32>, uml::want<64>
// clang-format on
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";

    static constexpr void describe(uml::builder& g, const options& o) {
        const uml::value x = g.input({1, o.size, o.size});
        const uml::value fine = g.conv(x, uml::name("encoder") / "conv1", {.out = 16, .kernel = 3});
        const uml::value coarse = g.conv(fine, uml::name("encoder") / "conv2", {.out = 16, .kernel = 3, .stride = 2});
        const uml::value both = g.concat(fine, coarse);
        g.output(both, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
