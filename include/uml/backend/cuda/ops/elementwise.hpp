// Element by element.
#pragma once

#include "uml/backend/cuda/ops/channel_sums.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

namespace elementwise_detail {

[[nodiscard]] inline pointwise_args arguments(pointwise kind, const launch_writer& to, const site& at) {
    pointwise_args a;
    a.kind = kind;
    a.a = to.in(at, 0);
    a.y = to.out(at.n);
    a.value = at.n.value;
    if (at.n.inputs > 1) a.b = to.in(at, 1);
    if (honours_activation(at.n.kind)) a.act = at.n.act;
    return a;
}

} // namespace elementwise_detail

template <pointwise kind>
inline constexpr operation elementwise{.launch = [](launch_writer& to, const site& at) {
    to.launch(0, kernel::pointwise, elementwise_detail::arguments(kind, to, at));
}};

inline constexpr operation norm{
    .packed_bytes = norm_bytes, .pack = pack_norm, .launch = [](launch_writer& to, const site& at) {
        pointwise_args a = elementwise_detail::arguments(pointwise::norm, to, at);
        a.scale = to.floats(at.n);
        a.shift = norm_shift(to, at.n);
        to.launch(0, kernel::pointwise, a);
    }};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
