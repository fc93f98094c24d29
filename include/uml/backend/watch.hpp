// Watching a run: who is told of its operations, and who can end it between two of them. uml/profile.hpp has both.
#pragma once

#include "uml/core/result.hpp"
#include "uml/graph/program.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// An operation of a run. Views the model's program.
struct operation_view {
    const program_view& program;
    id number; ///< in program.nodes

    [[nodiscard]] const node& entry() const { return program.nodes[static_cast<std::size_t>(number)]; }
    /// "conv", "add", ...
    [[nodiscard]] std::string_view kind() const { return to_text(entry().kind); }
    /// The layer whose weights it has, as in the weights file; of several that were merged the first, empty if none.
    [[nodiscard]] path_text layer() const {
        id p = entry().weight;
        while (p != no_id && program.parameters[static_cast<std::size_t>(p)].name == no_id)
            p = program.parameters[static_cast<std::size_t>(p)].a;
        return p == no_id ? path_text{} : program.name_of(program.parameters[static_cast<std::size_t>(p)].name);
    }
};

/// Is told when an operation begins and when it has ended, on the thread that called run. A null function is not
/// called. Does not throw.
struct run_observer {
    void* self = nullptr;
    void (*begins)(void* self, const operation_view&) = nullptr;
    void (*ends)(void* self, const operation_view&) = nullptr;
};

/// Is asked before every operation, on the thread that called run; true ends the run with errc::cancelled.
struct cancellation {
    const void* self = nullptr;
    bool (*asked)(const void* self) = nullptr;

    [[nodiscard]] bool wanted() const { return asked != nullptr && asked(self); }
};

/// What a run is watched by. A backend that hands a device all operations at once may tell of none of them, and asks
/// once, before it does.
struct run_watch {
    run_observer observer{};
    cancellation cancel{};

    [[nodiscard]] bool empty() const {
        return observer.begins == nullptr && observer.ends == nullptr && cancel.asked == nullptr;
    }
    /// For backends. Errors: errc::cancelled.
    [[nodiscard, gnu::cold, gnu::noinline]] result<void> before(const program_view& p, id number) const {
        const operation_view o{p, number};
        if (cancel.wanted())
            return fail(errc::cancelled, {"cancelled before operation ", static_cast<int>(number), " of ",
                                          std::uint64_t{p.nodes.size()}, ", ", o.kind()});
        if (observer.begins != nullptr) observer.begins(observer.self, o);
        return {};
    }
    [[gnu::cold, gnu::noinline]] void after(const program_view& p, id number) const {
        if (observer.ends != nullptr) observer.ends(observer.self, operation_view{p, number});
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
