// How work reaches threads: a type-erased "run these jobs", so that kernels know nothing of thread libraries.
#pragma once

#include "uml/version.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Runs every job in [0, count) exactly once and returns when all are done. `thread`, in [0, width), tells a job which
/// scratch memory is its own. The default runs them one after the other on the caller's thread; see threads/ for a pool
/// and OpenMP.
struct executor {
    /// Jobs do not throw, by their type: other threads hold pointers into the caller's frame until all are done.
    using body = void (*)(void* context, int job, int thread) noexcept;

    void (*run)(void* self, int count, body call, void* context) = [](void*, int count, body call, void* context) {
        for (int job = 0; job < count; ++job) call(context, job, 0);
    };
    void* self = nullptr;
    int width = 1;

    /// Calls `f(job, thread)` for every job. What `f` throws ends the program.
    template <class F> void for_each(int count, F& f) const {
        run(
            self, count, [](void* context, int job, int thread) noexcept { (*static_cast<F*>(context))(job, thread); },
            &f);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
