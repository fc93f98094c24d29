// What a run does, decided once when a workspace is made: an array of prepared steps in planned memory.
#pragma once

#include "uml/core/executor.hpp"
#include "uml/core/result.hpp"
#include "uml/graph/node.hpp"
#include "uml/kernels/common.hpp"
#include "uml/kernels/denormals.hpp"

#include <new>
#include <span>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Most phases that a kernel has; all jobs of one are done before the next.
inline constexpr int most_phases = 2;

/// One call of a kernel, cut into jobs for the threads, or one call of a library that has threads of its own.
struct step {
    using untyped = void (*)();

    void (*job)(const step&, int phase, int job, void* scratch) = nullptr; ///< null: `whole` does it all
    bool (*whole)(const void* arguments) = nullptr;                        ///< false: it failed
    untyped kernel = nullptr;                                              ///< that `job` calls
    void* arguments = nullptr;
    std::int32_t jobs[most_phases] = {};
    std::byte* scratch = nullptr;  ///< of the first thread
    std::size_t scratch_bytes = 0; ///< of each thread
    id node = no_id;               ///< whose result it makes
    std::int16_t order = 0;        ///< as the node's
};

struct step_list {
    const step* first = nullptr;
    std::size_t count = 0;

    [[nodiscard]] const step* begin() const { return first; }
    [[nodiscard]] const step* end() const { return first + count; }
};

/// How many steps and bytes of arguments an operation has.
struct step_need {
    int count = 0;
    std::size_t arguments = 0;

    /// `count` steps with arguments of one type.
    template <class Args> [[nodiscard]] static constexpr step_need of(int count = 1) {
        return {count, static_cast<std::size_t>(count) * room_for(sizeof(Args))};
    }
    [[nodiscard]] constexpr std::int64_t bytes() const {
        return static_cast<std::int64_t>(static_cast<std::size_t>(count) * sizeof(step) + arguments);
    }
    [[nodiscard]] static constexpr std::size_t room_for(std::size_t bytes) { return (bytes + 15) / 16 * 16; }
};

/// Writes steps into planned memory: steps from its beginning, arguments from its end.
class step_writer {
public:
    explicit step_writer(std::span<std::byte> memory)
        : first_(reinterpret_cast<step*>(memory.data())), next_(memory.data()), end_(memory.data() + memory.size()) {}

    /// For the steps to come: the operation, and the memory of its threads.
    void begin(const node& n, id index, std::byte* scratch, std::size_t scratch_bytes) {
        common_ = {};
        common_.node = index;
        common_.order = n.order;
        common_.scratch = scratch;
        common_.scratch_bytes = scratch_bytes;
    }
    /// A kernel of one phase. Gives the arguments' place, null if the planned memory is full.
    template <class Args> Args* add(void (*kernel)(const Args&, int job, void* scratch), int jobs, const Args& a) {
        const auto job = [](const step& own, int, int number, void* scratch) {
            reinterpret_cast<void (*)(const Args&, int, void*)>(own.kernel)(*static_cast<const Args*>(own.arguments),
                                                                            number, scratch);
        };
        return put(job, reinterpret_cast<step::untyped>(kernel), jobs, 0, a);
    }
    /// A kernel of two phases.
    template <class Args>
    Args* add(void (*kernel)(const Args&, int phase, int job, void* scratch), int first_jobs, int second_jobs,
              const Args& a) {
        const auto job = [](const step& own, int phase, int number, void* scratch) {
            reinterpret_cast<void (*)(const Args&, int, int, void*)>(own.kernel)(
                *static_cast<const Args*>(own.arguments), phase, number, scratch);
        };
        return put(job, reinterpret_cast<step::untyped>(kernel), first_jobs, second_jobs, a);
    }
    /// A call of a library.
    template <class Args> Args* add_whole(bool (*call)(const void* arguments), const Args& a) {
        common_.whole = call;
        Args* const kept = put(nullptr, nullptr, 0, 0, a);
        common_.whole = nullptr;
        return kept;
    }

    [[nodiscard]] bool full() const { return full_; }
    /// Whether a step calls a kernel that the program's table has not.
    [[nodiscard]] bool lacks_kernel() const { return lacks_kernel_; }
    [[nodiscard]] step_list steps() const { return {first_, count_}; }

private:
    using job_function = void(const step&, int phase, int job, void* scratch);

    template <class Args>
    Args* put(job_function* job, step::untyped kernel, int first_jobs, int second_jobs, const Args& a) {
        static_assert(std::is_trivially_copyable_v<Args> && alignof(Args) <= 16);
        void* const place = put_step(job, kernel, first_jobs, second_jobs, sizeof(Args));
        return place != nullptr ? ::new (place) Args(a) : nullptr;
    }
    /// Gives the arguments' place.
    [[gnu::cold, gnu::noinline]] void* put_step(job_function* job, step::untyped kernel, int first_jobs,
                                                int second_jobs, std::size_t bytes) {
        lacks_kernel_ = lacks_kernel_ || (job != nullptr && kernel == nullptr);
        const std::size_t size = step_need::room_for(bytes);
        if (static_cast<std::size_t>(end_ - next_) < sizeof(step) + size) {
            full_ = true;
            return nullptr;
        }
        end_ -= size;
        step s = common_;
        s.job = job;
        s.kernel = kernel;
        s.arguments = end_;
        s.jobs[0] = first_jobs;
        s.jobs[1] = second_jobs;
        ::new (static_cast<void*>(next_)) step(s);
        next_ += sizeof(step);
        ++count_;
        return end_;
    }

    step* first_;
    std::byte* next_;
    std::byte* end_;
    std::size_t count_ = 0;
    step common_{};
    bool full_ = false;
    bool lacks_kernel_ = false;
};

/// Runs a step's jobs on the threads. A single job runs at once, on the caller's. False: it failed.
[[nodiscard]] inline bool run_step(const step& s, const executor& threads) {
    if (s.job == nullptr) return s.whole(s.arguments);
    for (int phase = 0; phase < most_phases && s.jobs[phase] > 0; ++phase) {
        auto call = [&s, phase](int job, int thread) noexcept {
            const kernels::flush_denormals guard;
            s.job(s, phase, job, s.scratch + static_cast<std::size_t>(thread) * s.scratch_bytes);
        };
        if (s.jobs[phase] == 1)
            call(0, 0);
        else
            threads.for_each(s.jobs[phase], call);
    }
    return true;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
