// What the program's translation units share: all of them include uml/compiled.hpp.
#pragma once

#include <uml/compiled.hpp>

using network = uml::network<uml::dynamic>;
using any_model = uml::model<network, uml::cpu>;

uml::result<any_model> load_it(const char* weights);
int predicted(const any_model& model, any_model::workspace& workspace, const unsigned char* pixels);
