// The portable backend: own vector kernels, chosen for the processor at run time; no dependency.
#pragma once

#include "uml/backend/cpu/ops/table.hpp"
#include "uml/backend/cpu/planning.hpp"
#include "uml/backend/cpu/value.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

template <> struct host::operations_of<cpu> { static constexpr const operation_table& table = cpu_operations; };

static_assert(backend<cpu>);

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
