// What every program does first and last.
#pragma once

#include "support/guarded.hpp"
#include "support/stop.hpp"

namespace support {

/// Standard streams that are closed become ones that cannot be written to: a file that is opened later would get their
/// number, and what is printed would end in it.
void keep_standard_streams_apart();

/// Whether all that was printed on standard output has arrived.
[[nodiscard]] bool printed();

/// Catches signals (support/stop.hpp), keeps the standard streams apart, then the exit status is what `run` returns, or
/// 1 with a sentence where memory runs out.
template <class F> [[nodiscard]] int run_program(const char* name, F run) {
    keep_standard_streams_apart();
    catch_signals();
    return guarded(name, run);
}

} // namespace support
