// A backend that is built on another one overrides an operation's parts by name.
// expect-gcc: has no non-static data member named 'pakced_bytes'
// expect-clang: field designator 'pakced_bytes' does not refer to any field in type
// errors: 1
#include "uml/backend/cpu.hpp"

inline constexpr uml::host::operation mine{
    .steps = uml::host::conv.steps,
    .pakced_bytes = uml::host::conv.packed_bytes,
};
