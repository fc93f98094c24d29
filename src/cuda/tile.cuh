// Convolutions as products of matrices: see tile.cu.
#pragma once

#include "uml/backend/cuda/arguments.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

int launch_conv_tile(const void* arguments, int images, void* stream);

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
