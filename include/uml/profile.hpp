// Where a run's time goes, and ending it from another thread: what model::run takes as its last argument.
#pragma once

#include "uml/backend/watch.hpp"

#include <atomic>
#include <chrono>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Adds up the time of each operation of one model's runs, in the caller's memory: an entry for each of
/// model.program().nodes; operations beyond them are not counted.
class profiler {
public:
    struct entry {
        std::int64_t nanoseconds = 0;
        int runs = 0;
    };

    explicit profiler(std::span<entry> entries) : entries_(entries) {}
    profiler(const profiler&) = delete; // runs hold its address
    profiler& operator=(const profiler&) = delete;

    [[nodiscard]] std::span<const entry> entries() const { return entries_; }
    [[nodiscard]] run_observer observer() {
        return {this, [](void* self, const operation_view&) { static_cast<profiler*>(self)->start_ = clock::now(); },
                [](void* self, const operation_view& o) { static_cast<profiler*>(self)->add(o.number); }};
    }

private:
    using clock = std::chrono::steady_clock;

    void add(id number) {
        if (static_cast<std::size_t>(number) >= entries_.size()) return;
        const std::chrono::nanoseconds took = clock::now() - start_;
        entry& e = entries_[static_cast<std::size_t>(number)];
        e.nanoseconds += took.count();
        ++e.runs;
    }

    std::span<entry> entries_;
    clock::time_point start_{};
};

/// Ends the runs that were given its `when_asked()`, from any thread.
class cancel_token {
public:
    void cancel() { wanted_.store(true, std::memory_order_relaxed); }
    /// For further runs.
    void reset() { wanted_.store(false, std::memory_order_relaxed); }
    [[nodiscard]] bool cancelled() const { return wanted_.load(std::memory_order_relaxed); }
    [[nodiscard]] cancellation when_asked() const {
        return {this, [](const void* self) { return static_cast<const cancel_token*>(self)->cancelled(); }};
    }

private:
    std::atomic<bool> wanted_{false};
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
