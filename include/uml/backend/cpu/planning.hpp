// The members of engine_of that plan a program and pack its weights, by the backend's table of operations.
#pragma once

#include "uml/backend/cpu/host.hpp"
#include "uml/kernels/table.hpp"

#include <array>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

template <class B, class session> constexpr bool engine_of<B, session>::supports(const node& n) const {
    return !of_backend(n.kind) && operations_of<B>::table[n.kind].known;
}
template <class B, class session> constexpr void engine_of<B, session>::lower(graph& g) const {
    operations_of<B>::table.lower(g);
}
template <class B, class session> constexpr std::int64_t engine_of<B, session>::scratch_bytes(const site& at) const {
    if (of_backend(at.n.kind)) return 0;
    const scratch_need need = operations_of<B>::table[at.n.kind].scratch(planned(at));
    return static_cast<std::int64_t>(need.total(value.threads));
}
template <class B, class session> constexpr std::int64_t engine_of<B, session>::step_bytes(const site& at) const {
    return of_backend(at.n.kind) ? 0 : operations_of<B>::table[at.n.kind].steps(planned(at)).bytes();
}
template <class B, class session> constexpr std::int64_t engine_of<B, session>::packed_bytes(const site& at) const {
    return of_backend(at.n.kind) ? 0 : operations_of<B>::table[at.n.kind].packed_bytes(planned(at));
}

template <class B, class session>
int engine_of<B, session>::pack_row_multiple(const program_view& p, std::size_t i) const {
    return operations_of<B>::table[p.nodes[i].kind].pack_row_multiple(planned(p.at(i)));
}
template <class B, class session>
result<void> engine_of<B, session>::pack(const program_view& p, std::size_t i, const dense_parameter& first,
                                         const dense_parameter& second, weights& w) const {
    const node& n = p.nodes[i];
    return operations_of<B>::table[n.kind].pack(planned(p.at(i)), first, second,
                                                w.memory.template as<std::byte>(n.packed));
}

/// What preparing takes, of the operations that `program` has; of all for void. What it has not is null, so that its
/// code is in no program that does without.
template <class B, class program>
inline constexpr std::array<prepared_operation, op_count> prepared_operations = [] {
    std::array<prepared_operation, op_count> used{};
    const auto use = [&](std::size_t kind) {
        const operation& own = operations_of<B>::table.of[kind];
        used[kind] = {own.scratch, own.prepare, own.takes_bf16};
    };
    if constexpr (std::is_void_v<program>)
        for (std::size_t kind = 0; kind < used.size(); ++kind) use(kind);
    else
        for (const node& n : program::view().nodes) use(static_cast<std::size_t>(n.kind));
    return used;
}();

/// The kernels that `program` calls; of all operations for void. A variable: GCC evaluates a call that is a template
/// argument ten times over.
template <class B, class program>
inline constexpr kernels::kernel_set called_kernels = [] {
    if constexpr (std::is_void_v<program>) {
        return operations_of<B>::table.kernels;
    } else {
        kernels::kernel_set all;
        const program_view p = program::view();
        const planning how = program::target.how();
        for (std::size_t i = 0; i < p.nodes.size(); ++i) {
            const operation& own = operations_of<B>::table[p.nodes[i].kind];
            planned_site s = planned(p.at(i), how);
            all = all | own.kernels(s);
            if (operations_of<B>::table.kernels == kernels::f32_kernels) continue;
            // The value that a network is loaded for is known in the run alone: its tensors may be bf16.
            s.half = {{true, true, true}, true};
            all = all | own.kernels(s);
        }
        return all;
    }
}();

template <kernels::kernel_set used> [[nodiscard]] inline const kernels::kernel_table& best_kernels(kernels::isa most) {
    return kernels::kernels_for<used>(std::min(most, kernels::best_isa()));
}

template <class B, class session> template <class program> constexpr host_code engine_of<B, session>::code_of() {
    return {prepared_operations<B, program>.data(), best_kernels<called_kernels<B, program>>};
}

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
