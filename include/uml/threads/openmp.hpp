// The caller's OpenMP team as an executor: no second set of threads beside the ones that other libraries use.
#pragma once

#ifndef _OPENMP
    #error "uml/threads/openmp.hpp needs OpenMP: compile with -fopenmp or link OpenMP::OpenMP_CXX"
#endif

#include "uml/core/executor.hpp"
#include "uml/core/forks.hpp"

#include <cstdint>
#include <omp.h>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Jobs on a team of `width` threads. Nothing to keep alive. In a process that is forked off one that has had a team
/// the caller does all jobs itself.
[[nodiscard]] inline executor openmp(int width) {
    executor e;
    e.width = width < 1 ? 1 : width;
    // The width travels in the pointer: there is nothing else to remember.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    e.self = reinterpret_cast<void*>(static_cast<std::uintptr_t>(e.width));
    e.run = [](void* self, int count, executor::body call, void* context) {
        const int threads = static_cast<int>(reinterpret_cast<std::uintptr_t>(self));
        if (threads == 1 || !threads_detail::teams_come()) {
            for (int job = 0; job < count; ++job) call(context, job, 0);
            return;
        }
#pragma omp parallel num_threads(threads)
        {
            const int thread = omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
            for (int job = 0; job < count; ++job) call(context, job, thread);
        }
    };
    return e;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
