// Nothing is overridden by hiding: a misspelt member would then be off in silence.
// expect-gcc: cannot derive from 'final' base
// expect-clang: is marked 'final'
// errors: 3
#include "uml/backend/cpu.hpp"

struct on_value : uml::cpu {
    double relative_limt() const { return 1; }
};
struct on_engine : uml::cpu::engine {
    bool suports(const uml::node&) const { return false; }
};
