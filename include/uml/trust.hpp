// Trust: thresholds, class sets and masks with a promise, made from labelled cases. Standard library alone; the rules
// that come out need no heap.
#pragma once

#include "uml/trust/binomial.hpp"
#include "uml/trust/class_set.hpp"
#include "uml/trust/conformal.hpp"
#include "uml/trust/fit_familiarity.hpp"
#include "uml/trust/mask_rule.hpp"
#include "uml/trust/mask_set.hpp"
#include "uml/trust/risk_control.hpp"
#include "uml/trust/selective_risk.hpp"
#include "uml/trust/temperature.hpp"
#include "uml/trust/verdict.hpp"
