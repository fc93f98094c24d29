// Threads of the standard library that wait for a workspace's jobs.
#pragma once

#include "uml/core/executor.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

namespace uml::inline UML_VERSION_NAMESPACE {

/// `width` threads, the caller's among them. Serves one run at a time: give every thread that runs a model a pool of
/// its own, or none. Each thread begins with its own part of the jobs, so that in one operation after the other it
/// reads what it wrote itself, and then helps the others. Between jobs the threads spin for a moment, then sleep. Must
/// outlive the workspaces that use it.
class thread_pool {
public:
    explicit thread_pool(int width)
        : width_(width < 1 ? 1 : width),
          spins_(static_cast<unsigned>(width_) <= std::thread::hardware_concurrency() ? most_spins : 0) {
        parts_ = std::make_unique<part[]>(static_cast<std::size_t>(width_));
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
        call_ = call;
        context_ = context;
        const auto begin = [&](int t) { return static_cast<int>(std::int64_t{count} * t / width_); };
        for (int t = 0; t < width_; ++t) {
            part& own = parts_[static_cast<std::size_t>(t)];
            own.next.store(begin(t), std::memory_order_relaxed);
            own.end = begin(t + 1);
        }
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
        for (int i = 0; i < width_; ++i) {
            part& of = parts_[static_cast<std::size_t>((thread + i) % width_)];
            for (int job; (job = of.next.fetch_add(1, std::memory_order_relaxed)) < of.end;)
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

    /// Jobs that one thread begins with, on a cache line of their own.
    struct alignas(64) part {
        std::atomic<int> next{0};
        int end = 0;
    };

    int width_, spins_;
    std::unique_ptr<part[]> parts_;
    std::unique_ptr<std::thread[]> workers_;
    std::mutex mutex_;
    std::condition_variable wake_;
    int sleepers_ = 0;
    bool stopping_ = false;
    std::atomic<unsigned> round_{0};
    std::atomic<int> busy_{0};
    executor::body call_ = nullptr;
    void* context_ = nullptr;
};

} // namespace uml::inline UML_VERSION_NAMESPACE
