// Pooling and resizing.
#pragma once

#include "uml/backend/cuda/launch_writer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

template <bool largest>
inline constexpr operation pool{.launch = [](launch_writer& to, const site& at) {
    const window& w = at.n.win;
    to.launch(0, kernel::pool, pool_args{to.in(at, 0), to.out(at.n), w.kernel, w.stride, w.pad, largest});
}};

inline constexpr operation resize{.launch = [](launch_writer& to, const site& at) {
    to.launch(0, kernel::resize, resize_args{to.in(at, 0), to.out(at.n)});
}};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
