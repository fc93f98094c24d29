// A name of too many parts.
// expect: uml: a parameter's name has too many parts
// expect: layer<'a', '.', 'b', '.', 'c', '.', 'd', '.', 'e', '.', 'f', '.', 'g', '.', 'h'>
// expect-gcc: have<9>, uml::v0_1::want<8>
// expect-clang: uml::have<9>, uml::want<8>
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr std::string_view label = "own";

    static constexpr void describe(uml::builder& g, const options& o) {
        uml::value x = g.input({1, o.size, o.size});
        const uml::name deep = uml::name("a") / "b" / "c" / "d" / "e" / "f" / "g" / "h" / "i";
        x = g.conv(x, deep, {.out = 1});
        g.output(x, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

bool loads(const char* path) { return uml::load<net, uml::reference>(path).has_value(); }
