#pragma once
#include "uml/core/low.hpp"
