// Samples into tensors, and elements to other places.
#pragma once

#include "uml/backend/cuda/launch_writer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

inline constexpr operation input{
    .launch = [](launch_writer& to, const site& at) { to.launch(0, kernel::picture, to.picture(at.n)); }};

/// In place: nothing is launched.
inline constexpr operation slice{.launch = [](launch_writer&, const site&) {}};

/// Copies the parts that are not made where they stand.
inline constexpr operation concat{.launch = [](launch_writer& to, const site& at) {
    tensor part = to.out(at.n);
    for (int j = 0; j < at.n.inputs; ++j) {
        const tensor x = to.in(at, j);
        part.c = x.c;
        if (x.data != part.data) to.launch(0, kernel::move, move_args{moving::copy, x, part});
        part.data = static_cast<std::byte*>(part.data) + x.c * bytes_of(part.type);
    }
}};

template <moving how>
inline constexpr operation rearrange{.launch = [](launch_writer& to, const site& at) {
    const int groups = how == moving::shuffle ? at.n.arg : 1;
    to.launch(0, kernel::move, move_args{how, to.in(at, 0), to.out(at.n), groups});
}};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
