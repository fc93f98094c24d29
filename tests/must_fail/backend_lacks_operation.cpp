// A backend that says of an operation that it does not have it.
// expect: uml: the backend lacks an operation that this network uses
// expect: layer<'m', 'a', 'x', '_', 'p', 'o', 'o', 'l', ' ', 'a', 'f', 't', 'e', 'r', ' ', 'c', 'o', 'n', 'v', '1'>
// errors: 1
#include "uml/backend/cpu.hpp"
#include "uml/model/load.hpp"

struct without_pooling {
    using engine = uml::host::engine_of<without_pooling>;
    int threads = 1;
    uml::kernels::isa max_isa = uml::kernels::isa::avx512;
    static constexpr uml::rewrites passes = uml::all_rewrites();
    constexpr uml::result<void> check() const { return {}; }
    constexpr double relative_limit() const { return 5e-6; }
    constexpr uml::host::planning how() const { return {}; }
    friend constexpr bool operator==(const without_pooling&, const without_pooling&) = default;
};
template <> struct uml::host::operations_of<without_pooling> {
    static constexpr operation_table table = [] {
        operation_table t = cpu_operations;
        t.of[static_cast<int>(op::max_pool)] = {};
        return t;
    }();
};
struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";
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
