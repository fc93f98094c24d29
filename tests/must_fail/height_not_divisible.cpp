// A height that the network cannot have.
// clang-format off
// expect: uml: this height or width is not a multiple of what the network needs; the next smaller and larger multiples of `want` would be right
// expect: layer<'h', 'e', 'i', 'g', 'h', 't'>
// expect-gcc: have<100>, uml::v0_1::want<8>
// expect-clang: uml::have<100>, uml::want<8>
// clang-format on
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

using net = uml::networks::release<uml::config{.height = 100, .width = 96}>;
static_assert(uml::arena_bytes<net, uml::reference{}> < 1 << 30);
