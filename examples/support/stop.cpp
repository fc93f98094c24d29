#include "support/stop.hpp"

#include <csignal>
#include <initializer_list>

namespace support {
namespace {

volatile std::sig_atomic_t caught = 0;

void remember(int signal) { caught = signal; }

} // namespace

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = remember;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    for (const int signal : {SIGINT, SIGTERM}) {
        struct sigaction before {};
        // A program that was started to ignore it (by nohup, or in the background of a script) goes on doing so.
        if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

int stop_signal() { return caught; }

} // namespace support
