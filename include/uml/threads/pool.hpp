// Threads that wait for a workspace's jobs.
#pragma once

#include "uml/core/executor.hpp"
#include "uml/core/forks.hpp"
#include "uml/threads/start.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Up to `width` threads, the caller's among them: as many as the system starts, see width(). Must outlive the
/// workspaces that use it.
///
/// Jobs are taken, not dealt. Each thread begins with its own part of them, so that in one operation after the other it
/// reads what it wrote itself, and then helps the others. Nobody waits for a thread that has not come: on a machine
/// busy with other work the caller does alone what the others cannot. A thread that was taken off its processor in the
/// middle of a job, so that the caller had to wait, rests for twenty times as long. Who waits looks for a few
/// microseconds, then sleeps.
///
/// Threads that call at the same time take turns, in the order of their calls: give every thread that runs a model a
/// pool of its own, or none. A job that calls the pool it runs on does those jobs itself, with its own `thread`.
/// A job must not wait for a job of another thread that calls the same pool.
///
/// A process that is forked off has none of the threads: in it the caller does all jobs itself, and the pool ends
/// without waiting for anybody. Pools that it makes are as any.
class thread_pool {
public:
    explicit thread_pool(int width) {
        const int wanted = width < 1 ? 1 : width > most_threads ? most_threads : width;
        threads_detail::watch_forks();
        may_spin_ = static_cast<unsigned>(wanted) <= std::thread::hardware_concurrency();
        parts_.reset(new (std::nothrow) part[static_cast<std::size_t>(wanted)]);
        if (!parts_) return;
        while (width_ < wanted) {
            part& own = parts_[static_cast<std::size_t>(width_)];
            own.pool = this;
            if (!own.thread.start([](void* p) { serve(*static_cast<part*>(p)); }, &own)) break;
            ++width_;
        }
    }
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;
    ~thread_pool() {
        if (forked()) return;
        {
            const std::lock_guard<std::mutex> lock(waits_.of.mutex);
            stopping_.store(true, std::memory_order_relaxed);
        }
        waits_.of.wake.notify_all();
        waits_.of.resting.notify_all();
        for (int t = 1; t < width_; ++t) parts_[static_cast<std::size_t>(t)].thread.join();
        waits_.of.~waiting();
    }

    /// The caller's thread and those that could be started, at least 1.
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
    using clock = std::chrono::steady_clock;
    /// Longer than the gaps between the operations of a network, much shorter than a time slice. Threads that outnumber
    /// the processors sleep at once: each would only keep another one from its work.
    static constexpr clock::duration longest_spin = std::chrono::microseconds(30);
    /// About a time slice of common systems: a longer wait is a longer job rather.
    static constexpr clock::duration longest_wait = std::chrono::milliseconds(5);
    static constexpr clock::duration longest_rest = std::chrono::milliseconds(500);
    static constexpr int most_threads = 4096;

    // The state: the round's number in the upper half, whether it takes threads, whether the caller sleeps until they
    // have left, and how many are inside. A number that comes again makes a sleeping thread miss one round at most,
    // whose jobs the others do.
    static constexpr std::uint32_t one_round = 1u << 16, open = 1u << 15, caller_sleeps = 1u << 14;
    static constexpr std::uint32_t inside(std::uint32_t state) { return state & (caller_sleeps - 1); }
    static constexpr std::uint32_t round(std::uint32_t state) { return state / one_round; }

    /// Jobs that one thread begins with, on a cache line of their own.
    struct alignas(64) part {
        std::atomic<unsigned> next{0}; // goes beyond the end, by the number of threads at most
        unsigned end = 0;
        thread_pool* pool = nullptr;
        threads_detail::joined_thread thread{};
        clock::duration rest{0};    // the last one's length
        clock::time_point rested{}; // and its end
    };

    struct waiting {
        std::mutex mutex;
        std::condition_variable wake, left, turn, resting;
    };
    /// The pool ends it. Not so in a forked process: a condition variable's end waits for who waits at it, and who did
    /// is not there; and a thread that is not there may hold the mutex.
    union waits {
        waiting of;
        waits() : of() {}
        ~waits() {}
    };

    /// A job that is running on this thread, and those it runs in.
    struct frame {
        const thread_pool* pool;
        int thread;
        const frame* outer;
    };
    static inline thread_local const frame* running = nullptr;

    static void pause() {
#if defined(__x86_64__) && defined(__GNUC__)
        __builtin_ia32_pause();
#endif
    }
    /// Looks whether `done()` for a while; false if it is not by then. Who looked in vain time after time looks at
    /// some waits only: what it waits for may need the very processor that it looks on.
    template <class F> bool spin(int& luck, F done) const {
        constexpr int most_luck = 16, gain = 4, rare = -32;
        if (done()) return true;
        if (!may_spin_) return false;
        if (luck <= 0 && --luck > rare) return false;
        const auto until = clock::now() + longest_spin;
        do {
            for (int i = 0; i < 8; ++i) {
                if (done()) {
                    luck = std::min(std::max(luck, 0) + gain, most_luck);
                    return true;
                }
                pause();
            }
        } while (clock::now() < until);
        luck = std::max(luck, 1) - 1;
        return false;
    }

    [[nodiscard]] bool forked() const { return forks_ != threads_detail::forks.load(std::memory_order_relaxed); }

    /// On the caller's thread.
    void run_alone(int count, executor::body call, void* context, int thread) {
        const frame own{this, thread, running};
        running = &own;
        for (int job = 0; job < count; ++job) call(context, job, thread);
        running = own.outer;
    }

    void run(int count, executor::body call, void* context) {
        for (const frame* f = running; f != nullptr; f = f->outer)
            if (f->pool == this) return run_alone(count, call, context, f->thread);
        if (forked()) return run_alone(count, call, context, 0);
        const bool together = width_ > 1 && count > 1;
        bool asleep = false;
        {
            std::unique_lock<std::mutex> lock(waits_.of.mutex);
            const std::uint64_t ticket = tickets_++;
            waits_.of.turn.wait(lock, [&] { return ticket == serving_; });
            if (together) {
                call_ = call;
                context_ = context;
                deal(static_cast<unsigned>(count));
                state_.store((round(state_.load(std::memory_order_relaxed)) + 1) * one_round | open,
                             std::memory_order_release);
                asleep = sleepers_ > 0;
            }
        }
        if (asleep) waits_.of.wake.notify_all();
        if (together) {
            const auto start = clock::now();
            work(0);
            close(start);
        } else {
            run_alone(count, call, context, 0);
        }
        bool others = false;
        {
            const std::lock_guard<std::mutex> lock(waits_.of.mutex);
            others = ++serving_ != tickets_;
        }
        if (others) waits_.of.turn.notify_all();
    }

    void deal(unsigned count) {
        const auto begin = [&](int t) {
            return static_cast<unsigned>(std::uint64_t{count} * static_cast<unsigned>(t) /
                                         static_cast<unsigned>(width_));
        };
        for (int t = 0; t < width_; ++t) {
            part& own = parts_[static_cast<std::size_t>(t)];
            own.next.store(begin(t), std::memory_order_relaxed);
            own.end = begin(t + 1);
        }
    }

    void work(int thread) {
        const frame own{this, thread, running};
        running = &own;
        for (int i = 0; i < width_; ++i) {
            part& of = parts_[static_cast<std::size_t>((thread + i) % width_)];
            if (of.next.load(std::memory_order_relaxed) >= of.end) continue;
            for (unsigned job; (job = of.next.fetch_add(1, std::memory_order_relaxed)) < of.end;)
                call_(context_, static_cast<int>(job), thread);
        }
        running = own.outer;
    }

    /// Lets nobody in any more and waits for those who are.
    void close(clock::time_point start) {
        const auto empty = [&] { return inside(state_.load(std::memory_order_acquire)) == 0; };
        closed_ = clock::now();
        // Jobs are of about one size: who began one before the caller was done has ended it by then.
        late_ = closed_ + (closed_ - start) + longest_spin;
        if (inside(state_.fetch_and(~open, std::memory_order_acq_rel)) == 0 || spin(luck_, empty)) return;
        std::unique_lock<std::mutex> lock(waits_.of.mutex);
        if (inside(state_.fetch_or(caller_sleeps, std::memory_order_acq_rel)) > 0) waits_.of.left.wait(lock, empty);
    }

    [[nodiscard]] bool enter(std::uint32_t& state) {
        while ((state & open) != 0)
            if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) return true;
        return false;
    }
    /// How long the caller has waited for this thread, if that is longer than a job takes.
    [[nodiscard]] clock::duration leave() {
        clock::duration waited{0};
        if ((state_.load(std::memory_order_acquire) & open) == 0)
            if (const auto now = clock::now(); now > late_) waited = now - closed_;
        const std::uint32_t before = state_.fetch_sub(1, std::memory_order_acq_rel);
        if ((before & caller_sleeps) != 0 && inside(before) == 1) {
            const std::lock_guard<std::mutex> lock(waits_.of.mutex);
            waits_.of.left.notify_one();
        }
        return waited;
    }

    static void serve(part& own) {
        thread_pool& pool = *own.pool;
        const int thread = static_cast<int>(&own - pool.parts_.get());
        std::uint32_t state = 0;
        int luck = 1;
        while (pool.next_round(state, luck)) {
            if (!pool.enter(state)) continue;
            pool.work(thread);
            if (const auto waited = pool.leave(); waited.count() > 0) pool.rest(own, waited);
        }
    }

    /// Longer each time, until the processor has been free for as long as the rest was.
    void rest(part& own, clock::duration waited) {
        const auto now = clock::now();
        const bool again = now - own.rested < own.rest;
        const auto length = std::max(20 * std::min(waited, longest_wait), again ? 2 * own.rest : clock::duration(0));
        own.rest = std::min(length, longest_rest);
        own.rested = now + own.rest;
        std::unique_lock<std::mutex> lock(waits_.of.mutex);
        waits_.of.resting.wait_until(lock, own.rested, [&] { return stopping_.load(std::memory_order_relaxed); });
    }

    /// Waits for a round other than the state's; false when the pool ends.
    [[nodiscard]] bool next_round(std::uint32_t& state, int& luck) {
        const std::uint32_t seen = round(state);
        const auto other = [&] {
            state = state_.load(std::memory_order_acquire);
            return round(state) != seen;
        };
        const auto ends = [&] { return stopping_.load(std::memory_order_relaxed); };
        if (!spin(luck, [&] { return other() || ends(); })) {
            std::unique_lock<std::mutex> lock(waits_.of.mutex);
            ++sleepers_;
            waits_.of.wake.wait(lock, [&] { return other() || ends(); });
            --sleepers_;
        }
        return !ends();
    }

    bool may_spin_ = false;
    int width_ = 1;
    std::unique_ptr<part[]> parts_;
    waits waits_;
    const unsigned forks_ = threads_detail::forks.load(std::memory_order_relaxed);
    std::uint64_t tickets_ = 0, serving_ = 0;
    int sleepers_ = 0, luck_ = 1;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint32_t> state_{0};
    clock::time_point closed_{}, late_{}; // of the round: when its jobs had all been taken, when they should be done
    executor::body call_ = nullptr;
    void* context_ = nullptr;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
