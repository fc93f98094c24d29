// Ending on request: SIGINT (Ctrl-C) and SIGTERM let the work at hand be finished.
#pragma once

namespace support {

/// From now on the first SIGINT or SIGTERM is only remembered; the second ends the program at once. A pipe that nobody
/// reads makes writing fail in place of ending the program.
void catch_signals();

/// The signal that asked for the end; 0 while none did.
[[nodiscard]] int stop_signal();

} // namespace support
