// Evidence: what a Dirichlet says, opinions and their fusion, screening. Usable alone, with any model's evidence.
#pragma once

#include "uml/evidence/dirichlet.hpp"
#include "uml/evidence/divergence.hpp"
#include "uml/evidence/familiarity.hpp"
#include "uml/evidence/fuse_pixels.hpp"
#include "uml/evidence/fusion.hpp"
#include "uml/evidence/opinion.hpp"
#include "uml/evidence/pixel_maps.hpp"
#include "uml/evidence/screening.hpp"
#include "uml/evidence/special.hpp"
#include "uml/evidence/temperature.hpp"
