#include "parts.hpp"

uml::result<any_model> load_it(const char* weights) { return uml::load<network>(weights, uml::cpu{.threads = 2}); }
