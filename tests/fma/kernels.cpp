#include "uml/kernels/table.hpp"

const uml::kernels::kernel_table& table(uml::kernels::isa tier) { return uml::kernels::kernels_for(tier); }
