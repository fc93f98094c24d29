// A caller's array that is smaller than the arena.
// expect: uml: the memory for the arena is too small: it needs arena_bytes<net, backend> bytes (and 64-byte alignment)
// expect: bytes_needed<1000,
// errors: 1
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct options {
    int size = 64;
};
struct own_network {
    static constexpr void describe(uml::builder& g, const options& o) {
        const uml::value x = g.input({1, o.size, o.size});
        const uml::value y = g.conv(x, "conv1", {.out = 3, .kernel = 3});
        g.output(y, "seg_logits");
    }
};
using net = uml::network<own_network, options{}>;

alignas(64) std::byte arena[1000];
bool has_room(const uml::model<net, uml::reference>& m) {
    return m.make_workspace<uml::reference{}>(arena).has_value();
}
