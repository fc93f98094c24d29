// Several pictures: each thread takes whole ones, with a workspace of its own, so that none waits for another within a
// network.
#pragma once

#include "uml/model/model.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Runs every picture and calls `done(i, findings)` for the i-th, on the thread that ran it, in any order; what the
/// findings show is overwritten when that thread runs its next picture. `workspaces`: one for each of `threads`,
/// made without threads of their own. No allocation. All pictures are looked at first; errors, with nothing run: those
/// of model::run, naming the picture, and errc::too_small for too few workspaces. Where runs fail or are cancelled, the
/// error is one of theirs, with its picture's number; the other pictures are done.
template <class net, backend B, class F>
[[nodiscard]] result<void> run_batch(const model<net, B>& m, std::span<const image_view> pictures,
                                     std::span<typename model<net, B>::workspace> workspaces, executor threads, F done,
                                     const cancellation& cancel = {}) {
    if (workspaces.size() < static_cast<std::size_t>(threads.width))
        return fail(errc::too_small, {"batch: ", static_cast<std::int64_t>(workspaces.size()), " workspaces for ",
                                      threads.width, " threads"});
    for (std::size_t i = 0; i < pictures.size(); ++i)
        if (auto r = model_detail::check_picture(pictures[i], m.program().nodes.front().out); !r)
            return fail(r.error().code,
                        {"number ", static_cast<std::int64_t>(i), " of the batch: ", r.error().what.view()});
    int failed = 0; // by the compilers' own atomics: <atomic> would be a tenth of what uml.hpp includes
    error first{};
    auto job = [&](int i, int thread) {
        const auto f = m.run(pictures[static_cast<std::size_t>(i)], workspaces[static_cast<std::size_t>(thread)],
                             {.observer = {}, .cancel = cancel});
        if (f)
            done(i, *f);
        else if (__atomic_exchange_n(&failed, 1, __ATOMIC_RELAXED) == 0)
            first = fail(f.error().code, {"number ", i, " of the batch: ", f.error().what.view()});
    };
    threads.for_each(static_cast<int>(pictures.size()), job);
    return failed == 0 ? result<void>{} : first;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
