#include "support/stop.hpp"

#include <csignal>

namespace support {
namespace {

constexpr int asking[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t caught = 0;

void remember(int signal) {
    caught = signal;
    for (const int other : asking) {
        struct sigaction now {};
        if (sigaction(other, nullptr, &now) == 0 && now.sa_handler == remember) std::signal(other, SIG_DFL);
    }
}

} // namespace

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = remember;
    action.sa_flags = static_cast<int>(SA_RESTART);
    sigfillset(&action.sa_mask);
    for (const int signal : asking) {
        struct sigaction before {};
        // A program that was started to ignore it (by nohup, or in the background of a script) goes on doing so.
        if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

int stop_signal() { return caught; }

} // namespace support
