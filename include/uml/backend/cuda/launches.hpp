// What is launched for a run.
#pragma once

#include "uml/backend/cuda/ops/table.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// What is launched for a program's operations.
class launches {
public:
    static constexpr int stages = 3; ///< of an operation: see launch_writer::launch

    launches(const program_view& p, precision asked, int images, const places& to)
        : p_(p), images_(images), to_(to), writer_(p, asked, images, to) {}

    /// Calls f(batches) for each stage of a run, in order: what a stage holds can run side by side and needs all stages
    /// before. Ends at the first error, which it gives.
    template <class F> [[nodiscard]] int each_stage(F f) {
        int last = 0;
        for (const node& n : p_.nodes) last = n.order > last ? n.order : last;
        for (int order = 0; order <= last; ++order)
            for (int stage = 0; stage < stages; ++stage) {
                writer_.begin(stage);
                for (std::size_t i = 0; i < p_.nodes.size(); ++i)
                    if (p_.nodes[i].order == order) operations[p_.nodes[i].kind].launch(writer_, p_.at(i));
                const batches& now = writer_.launches();
                if (now.launches() == 0 && now.complete()) continue;
                if (const int error = f(now); error != 0) return error;
            }
        writer_.begin(0);
        for (const output_entry& o : p_.outputs) result(p_.nodes[static_cast<std::size_t>(o.node)], o.node);
        return f(writer_.launches());
    }

private:
    void result(const node& n, id which) {
        const tensor there{to_.results + result_at(p_, images_, which),
                           n.out.size(),
                           n.out.h,
                           n.out.w,
                           n.out.c,
                           n.out.c,
                           element::f32};
        writer_.launch(0, kernel::move, move_args{moving::copy, writer_.out(n), there});
    }

    program_view p_;
    int images_;
    places to_;
    launch_writer writer_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
