// The single include: everything that needs the standard library alone, and no threads, streams or filesystem.
// More, each a header: uml/threads/pool.hpp, uml/threads/openmp.hpp, uml/backend/eigen.hpp, uml/backend/onednn.hpp,
// uml/adapt/xtensor.hpp, uml/metrics.hpp.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/backend/reference.hpp"
#include "uml/evidence.hpp"
#include "uml/model/batch.hpp"
#include "uml/model/load.hpp"
#include "uml/model/prepare.hpp"
#include "uml/picture.hpp"
