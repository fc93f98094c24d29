// A thread that reports when the system refuses to start it: std::thread ends programs without exceptions then.
#pragma once

#include "uml/version.hpp"

#if __has_include(<pthread.h>)
    #include <pthread.h>
#else
    #include <thread>
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::threads_detail {

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
