// Metrics of classification, calibration, selective prediction and segmentation. For hosted programs: they allocate.
#pragma once

#include "uml/metrics/bootstrap.hpp"
#include "uml/metrics/classification.hpp"
#include "uml/metrics/distance_transform.hpp"
#include "uml/metrics/regions.hpp"
#include "uml/metrics/reliability.hpp"
#include "uml/metrics/roc.hpp"
#include "uml/metrics/segmentation.hpp"
#include "uml/metrics/selective.hpp"
#include "uml/metrics/sequence.hpp"
