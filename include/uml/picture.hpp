// Frames for a network and its maps back on them, on the caller's memory and without a heap.
#pragma once

#include "uml/picture/back.hpp"
#include "uml/picture/fit.hpp"
#include "uml/picture/layout.hpp"
#include "uml/picture/resize.hpp"
#include "uml/picture/span.hpp"
