#include "parts.hpp"

uml::result<any_model> load_it(const char* weights) { return uml::load<network, uml::compiled_cpu<2>>(weights); }
