// Threads of the standard library that wait for a workspace's jobs.
#pragma once

#include "uml/core/executor.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace uml::inline UML_VERSION_NAMESPACE {

/// `width` threads, the caller's among them. Serves one run at a time: give every thread that runs a model a pool of
/// its own, or none. Between jobs the threads spin for a moment, then sleep. Must outlive the workspaces that use it.
class thread_pool {
public:
    explicit thread_pool(int width)
        : width_(width < 1 ? 1 : width),
          spins_(static_cast<unsigned>(width_) <= std::thread::hardware_concurrency() ? most_spins : 0) {
        workers_ = std::make_unique<std::thread[]>(static_cast<std::size_t>(width_ - 1));
        for (int t = 1; t < width_; ++t)
            workers_[static_cast<std::size_t>(t - 1)] = std::thread([this, t] { serve(t); });
    }
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;
    ~thread_pool() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            round_.fetch_add(1, std::memory_order_release);
        }
        wake_.notify_all();
        for (int t = 1; t < width_; ++t) workers_[static_cast<std::size_t>(t - 1)].join();
    }

    [[nodiscard]] int width() const { return width_; }
    operator executor() {
        executor e;
        e.run = [](void* self, int count, executor::body call, void* context) {
            static_cast<thread_pool*>(self)->run(count, call, context);
        };
        e.self = this;
        e.width = width_;
        return e;
    }

private:
    /// How often to look for work before sleeping: longer than the gaps between the operations of a network. Threads
    /// that outnumber the processors sleep at once: each would only keep another one from its work.
    static constexpr int most_spins = 20000;

    static void pause() {
#if defined(__x86_64__) && defined(__GNUC__)
        __builtin_ia32_pause();
#endif
    }

    void run(int count, executor::body call, void* context) {
        if (width_ == 1 || count <= 1) {
            for (int job = 0; job < count; ++job) call(context, job, 0);
            return;
        }
        count_ = count;
        call_ = call;
        context_ = context;
        next_.store(0, std::memory_order_relaxed);
        busy_.store(width_ - 1, std::memory_order_relaxed);
        bool asleep = false;
        {
            const std::lock_guard lock(mutex_);
            round_.fetch_add(1, std::memory_order_release);
            asleep = sleepers_ > 0;
        }
        if (asleep) wake_.notify_all();
        work(0);
        for (int i = 0; busy_.load(std::memory_order_acquire) > 0; ++i) {
            if (i < spins_)
                pause();
            else
                std::this_thread::yield();
        }
    }

    void work(int thread) {
        while (true) {
            const int job = next_.fetch_add(1, std::memory_order_relaxed);
            if (job >= count_) return;
            call_(context_, job, thread);
        }
    }

    void serve(int thread) {
        unsigned seen = 0;
        while (true) {
            for (int i = 0; i < spins_ && round_.load(std::memory_order_acquire) == seen; ++i) pause();
            if (round_.load(std::memory_order_acquire) == seen) {
                std::unique_lock lock(mutex_);
                ++sleepers_;
                wake_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
                --sleepers_;
            }
            ++seen; // rounds follow each other only when all threads have finished the one before
            if (stopping_) return;
            work(thread);
            busy_.fetch_sub(1, std::memory_order_acq_rel);
        }
    }

    int width_, spins_;
    std::unique_ptr<std::thread[]> workers_;
    std::mutex mutex_;
    std::condition_variable wake_;
    int sleepers_ = 0;
    bool stopping_ = false;
    std::atomic<unsigned> round_{0};
    std::atomic<int> next_{0}, busy_{0};
    int count_ = 0;
    executor::body call_ = nullptr;
    void* context_ = nullptr;
};

} // namespace uml::inline UML_VERSION_NAMESPACE
