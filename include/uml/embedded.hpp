// For programs without a heap and without files: a network on prepared weights that are linked in (uml_embed_weights),
// in an arena that is a static array. docs/embedded.md shows it. uml.hpp has all this and the loader besides.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/evidence.hpp"
#include "uml/model/prepared.hpp"
