// A backend that says of an operation that it does not have it.
// expect: uml: the backend lacks an operation that this network uses
// expect: layer<'m', 'a', 'x', '_', 'p', 'o', 'o', 'l', ' ', 'a', 'f', 't', 'e', 'r', ' ', 'c', 'o', 'n', 'v', '1'>
// errors: 1
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct without_pooling {
    struct engine : uml::reference_engine<float> {
        constexpr explicit engine(const without_pooling&) {}
        constexpr bool supports(const uml::node& n) const { return n.kind != uml::op::max_pool; }
    };
    friend constexpr bool operator==(const without_pooling&, const without_pooling&) = default;
};
struct options {
    int size = 64;
};
struct own_network {
    static constexpr void describe(uml::builder& g, const options& o) {
        uml::value x = g.input({1, o.size, o.size});
        x = g.conv(x, "conv1", {.out = 4, .kernel = 3});
        x = g.max_pool(x, {2, 2, 0, 1});
        x = g.conv(x, "conv2", {.out = 4, .kernel = 3});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, without_pooling>(path).has_value(); }
