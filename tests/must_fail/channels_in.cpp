// Two channels: neither grey nor colours.
// expect: uml: this option of the configuration has none of the values that it can have; `want` is the first of them
// expect: layer<'c', 'h', 'a', 'n', 'n', 'e', 'l', 's', '_', 'i', 'n'>
// expect-gcc: have<2>, uml::v0_1::want<1>
// expect-clang: uml::have<2>, uml::want<1>
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

using net = uml::networks::edge<uml::config{.height = 64, .width = 64, .channels_in = 2}>;
static_assert(uml::prepared_bytes<net, uml::reference{}> < 1 << 30);
