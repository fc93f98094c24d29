// The kernels of a tier as a table of function pointers, with the code of a chosen set of kernels.
#pragma once

#include "uml/kernels/tiers.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Where the code of a tier's kernels is compiled: wherever table() is defined, for all kernels in `used`.
template <isa tier, kernel_set used> struct tier_code { static const kernel_table& table(); };

#ifdef UML_KERNELS_ELSEWHERE

// A program whose files define UML_KERNELS_ELSEWHERE compiles the kernels once, in src/kernels.cpp, which it links.
    #define UML_TIER(name, ...) extern template struct tier_code<isa::name, all_kernels>;
UML_COMPILED_TIERS(UML_TIER)
    #undef UML_TIER

#else

namespace table_detail {

    #define UML_CODE_compute(name) code::name##_run<>
    #define UML_CODE_memory(name) code::memory_tier::name##_run<>
    #define UML_NAME(name, bound, parameters)                                                                          \
        if constexpr (used.has(kernel::name)) t.name = UML_CODE_##bound(name);
    #define UML_TIER(name, ...)                                                                                        \
        if constexpr (tier == isa::name) {                                                                             \
            namespace code = kernels::name;                                                                            \
            UML_KERNELS(UML_NAME)                                                                                      \
        }

template <isa tier, kernel_set used> [[nodiscard]] constexpr kernel_table make_table() {
    kernel_table t;
    t.tier = tier;
    UML_COMPILED_TIERS(UML_TIER)
    return t;
}

    #undef UML_TIER
    #undef UML_NAME
    #undef UML_CODE_memory
    #undef UML_CODE_compute

} // namespace table_detail

template <isa tier, kernel_set used> const kernel_table& tier_code<tier, used>::table() {
    static constexpr kernel_table made = table_detail::make_table<tier, used>();
    return made;
}

#endif

/// The kernels of `most`, or of the highest tier below it that there is code for. Calling them on a machine without
/// that tier ends the program: see available(). Kernels that are not in `used` are not compiled, and null in the table
/// (unless kernels are compiled elsewhere: then all are there).
template <kernel_set used = all_kernels> [[nodiscard]] inline const kernel_table& kernels_for(isa most) {
#ifdef UML_KERNELS_ELSEWHERE
    #define UML_CODE all_kernels
#else
    #define UML_CODE used
#endif
    const kernel_table* found = nullptr;
#define UML_TIER(name, ...)                                                                                            \
    if (most >= isa::name) found = &tier_code<isa::name, UML_CODE>::table();
    UML_COMPILED_TIERS(UML_TIER)
#undef UML_TIER
#undef UML_CODE
    return *found;
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
