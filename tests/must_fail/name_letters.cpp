// A name longer than any that a file of weights has.
// expect: uml: a parameter's name has too many letters
// expect: layer<'a', '_', 'n', 'a', 'm', 'e', '_', 't', 'h', 'a', 't', '_',
// expect-gcc: have<101>, uml::v0_1::want<100>
// expect-clang: uml::have<101>, uml::want<100>
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";

    static constexpr void describe(uml::builder& g, const options& o) {
        uml::value x = g.input({1, o.size, o.size});
        x = g.conv(x, "conv1", {.out = 1});
        constexpr const char* thirty = "a_name_that_does_not_stop_here";
        const uml::name n = uml::name(thirty) / thirty / thirty / thirty;
        x = g.conv(x, n, {.out = 1});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
