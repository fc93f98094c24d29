// Ending on request: SIGINT (Ctrl-C), SIGTERM and SIGHUP let the work at hand be finished.
#pragma once

namespace support {

/// From now on the first SIGINT, SIGTERM or SIGHUP is only remembered; a second of any of them ends the program at
/// once. A pipe that nobody reads and a limit on the size of files make writing fail in place of ending the program.
void catch_signals();

/// The signal that asked for the end; 0 while none did.
[[nodiscard]] int stop_signal();

} // namespace support
