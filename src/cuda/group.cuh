// Convolutions in bf16 by Hopper's groups of warps: see group.cu.
#pragma once

#include "uml/backend/cuda/arguments.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// Whether the current device has groups and this library was compiled for them.
bool has_groups();
int launch_conv_group(const void* arguments, int count, int images, void* stream);

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
