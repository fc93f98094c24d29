// A precision that the oracle lacks.
// expect: uml: the reference backend computes in float or double
// errors: 2
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

using net = uml::networks::release<uml::config{}>;
bool loads(const char* path) { return uml::load<net, uml::basic_reference<int>>(path).has_value(); }
