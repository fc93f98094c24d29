// The cpu backend's threads.
// expect: uml: the backend cannot be had with this value: it runs on 1 to 1024 threads, in a precision that it has
// errors: 2
#include "uml/backend/cpu.hpp"
#include "uml/model/load.hpp"

using net = uml::networks::release<uml::config{.height = 64, .width = 64}>;
static_assert(uml::arena_bytes<net, uml::cpu{.threads = 0}> > 0);
