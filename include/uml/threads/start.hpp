// A thread that reports when the system refuses to start it: std::thread ends programs without exceptions then. And
// whether a process is the child of one that started threads: they are not there.
#pragma once

#include "uml/version.hpp"

#include <atomic>

#if __has_include(<pthread.h>)
    #include <pthread.h>
#else
    #include <thread>
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::threads_detail {

/// How many forks lie between the first process and this one, counted from the first call of watch_forks() on.
inline std::atomic<unsigned> forks{0};

inline void watch_forks() {
#if defined(__unix__) || defined(__APPLE__)
    static std::atomic<bool> watched{false};
    if (!watched.exchange(true))
        pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
#endif
}

/// One thread, which is joined if it was started. `call` must not throw.
class joined_thread {
public:
    using body = void (*)(void* argument);

#if __has_include(<pthread.h>)
    /// Calls `call(argument)` on the thread; false if it cannot be started. Both must stay until join() has returned.
    [[nodiscard]] bool start(body call, void* argument) {
        call_ = call;
        argument_ = argument;
        return pthread_create(
                   &thread_, nullptr,
                   [](void* self) -> void* {
                       const auto& own = *static_cast<const joined_thread*>(self);
                       own.call_(own.argument_);
                       return nullptr;
                   },
                   this) == 0;
    }
    void join() { pthread_join(thread_, nullptr); }

private:
    pthread_t thread_{};
    body call_ = nullptr;
    void* argument_ = nullptr;
#else
    [[nodiscard]] bool start(body call, void* argument) {
        thread_ = std::thread(call, argument);
        return true;
    }
    void join() { thread_.join(); }

private:
    std::thread thread_;
#endif
};

} // namespace uml::inline UML_VERSION_NAMESPACE::threads_detail

#include "uml/core/end.inc"
