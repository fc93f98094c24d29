#pragma once

#include "uml/graph/high.hpp"
