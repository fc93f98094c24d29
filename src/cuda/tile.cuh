// Convolutions as products of matrices: see tile.cu.
#pragma once

#include "uml/backend/cuda/arguments.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// All of them form their products in one way.
int launch_conv_tile(const void* arguments, int count, int images, void* stream);
int launch_conv_pieces(const void* arguments, int count, int images, void* stream);

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
