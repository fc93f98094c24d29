// The cpu backend's one number.
// expect: uml: the cpu backend runs on 1 to 1024 threads
// errors: 2
#include "uml/backend/cpu.hpp"
#include "uml/model/load.hpp"

using net = uml::networks::release<uml::config{.height = 64, .width = 64}>;
bool loads(const char* path) { return uml::load<net, uml::cpu<0>>(path).has_value(); }
