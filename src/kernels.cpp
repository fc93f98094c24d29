// The kernels of every tier, compiled once for a program whose other files define UML_KERNELS_ELSEWHERE.
#undef UML_KERNELS_ELSEWHERE
#include <uml/kernels/table.hpp>

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

#define UML_TIER(name, ...) template struct tier_code<isa::name, all_kernels>;
UML_COMPILED_TIERS(UML_TIER)
#undef UML_TIER

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels
