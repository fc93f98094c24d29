// A network's label is asked for: without it any file would be taken for one of its own.
// expect-gcc: 'label' is not a member of 'own_network'
// expect-clang: no member named 'label' in 'own_network'
// errors: 3
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct own_network {
    static constexpr std::string_view lable = "own";
    static constexpr void describe(uml::builder& g, const uml::config& c) {
        const uml::value x = uml::picture(g, c);
        const uml::value y = g.conv(x, "conv1", {.out = 3, .kernel = 3});
        g.output(y, "seg_logits");
    }
};
using net = uml::network<own_network, uml::config{.height = 64, .width = 64}>;
bool loads(const char* path) { return uml::load<net>(path, uml::reference{}).has_value(); }
