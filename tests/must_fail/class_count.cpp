// One class: nothing to tell apart.
// expect: uml: this option of the configuration is out of range; `want` is the nearest value allowed
// expect: layer<'c', 'l', 'a', 's', 's', 'e', 's'>
// expect-gcc: have<1>, uml::v0_1::want<2>
// expect-clang: uml::have<1>, uml::want<2>
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

using net = uml::networks::paper<uml::config{.height = 64, .width = 64, .classes = 1}>;
static_assert(uml::prepared_bytes<net, uml::reference{}> < 1 << 30);
