// Copies: the picture, and channels that are joined, shuffled or repeated.
#pragma once

#include "uml/backend/cpu/operation.hpp"
#include "uml/kernels/copy.hpp"
#include "uml/kernels/picture.hpp"
#include "uml/kernels/table.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

/// Each run puts its picture into the arguments.
inline constexpr operation input{.steps = [](const planned_site&) { return step_need::of<kernels::picture_args>(); },
                                 .kernels = calls<kernels::kernel::picture>,
                                 .prepare =
                                     [](const placed_site& s, step_writer& to) {
                                         const kernels::picture_args a{{}, s.out()};
                                         to.add(s.table.picture, kernels::picture_jobs(a), a);
                                         return result<void>{};
                                     }};

/// A view of its input.
inline constexpr operation slice{
    .takes_bf16 = true,
    .prepare = [](const placed_site&, step_writer&) { return result<void>{}; },
};

inline void prepare_copy(const placed_site& s, kernels::copying kind, int from, kernels::target y, step_writer& to) {
    const bool half = s.in(from).type == dtype::bf16, half_out = s.n.type == dtype::bf16;
    const kernels::copy_args a{kind, s.input(from), y, s.n.arg, {{half}, half_out}};
    to.add(half || half_out ? s.table.copy_mixed : s.table.copy, kernels::copy_jobs(a), a);
}

/// Copies the inputs that do not lie in their place already.
inline constexpr operation concat{
    .takes_bf16 = true,
    .steps = [](const planned_site& s) { return step_need::of<kernels::copy_args>(s.n.inputs); },
    .kernels =
        [](const planned_site& s) {
            kernels::kernel_set all = calls<kernels::kernel::copy, kernels::kernel::copy_mixed>(s);
            for (int j = 0; j < s.n.inputs; ++j)
                all = all | (s.in(j).type == dtype::bf16 || s.n.type == dtype::bf16 ? kernels::kernel::copy_mixed
                                                                                    : kernels::kernel::copy);
            return all;
        },
    .prepare =
        [](const placed_site& s, step_writer& to) {
            kernels::target part = s.out();
            for (int j = 0, c = 0; j < s.n.inputs; ++j, c += part.c) {
                part.data = s.data(s.n, c);
                part.c = s.input(j).c;
                if (s.input(j).data != part.data) prepare_copy(s, kernels::copying::plain, j, part, to);
            }
            return result<void>{};
        }};

template <kernels::copying kind>
inline constexpr operation rearrange{.takes_bf16 = true,
                                     .steps = [](const planned_site&) { return step_need::of<kernels::copy_args>(); },
                                     .kernels = calls<kernels::kernel::copy, kernels::kernel::copy_mixed>,
                                     .prepare =
                                         [](const placed_site& s, step_writer& to) {
                                             prepare_copy(s, kind, 0, s.out(), to);
                                             return result<void>{};
                                         }};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
