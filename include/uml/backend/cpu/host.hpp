// What the backends that run prepared steps on the processor share: memory, workspaces, running. Planning and packing
// are in planning.hpp, so that a program on the library uml::compiled need not compile them.
#pragma once

#include "uml/backend/cpu/operation.hpp"
#include "uml/kernels/isa.hpp"
#include "uml/kernels/picture.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::host {

/// A workspace needs nothing beside its memory.
struct no_session {
    [[nodiscard]] static result<no_session> make(const program_view&) { return no_session{}; }
    struct in_use {
        explicit in_use(int) {}
        [[nodiscard]] result<void> check() const { return {}; }
    };
};

/// What preparing an operation takes of its entry in the table.
struct prepared_operation {
    scratch_need (*scratch)(const planned_site&) = nullptr;
    result<void> (*prepare)(const placed_site&, step_writer&) = nullptr;
    bool takes_bf16 = false;
};
/// Functions that are chosen when a model is made: those that its program needs.
struct host_code {
    const prepared_operation* operations = nullptr; ///< by kind
    const kernels::kernel_table& (*kernels)(kernels::isa most) = nullptr;
};

/// The engine of backend B, whatever its table of operations, operations_of<B>. B has `threads`, `max_isa`, `passes`,
/// check(), relative_limit(), and how() for planning. `session`: objects of a library that a workspace owns; its
/// in_use(width) lives as long as a run, and says whether that library has so many threads for the caller.
template <class B, class session = no_session> struct engine_of final {
    B value{};

    using scalar = float;
    using code = host_code;
    struct weights {
        memory_block memory;
    };
    struct workspace {
        memory_block memory;
        executor threads;
        step_list steps{};
        kernels::picture_args* picture = nullptr; ///< of the first step
        session own{};
    };

    static constexpr rewrites passes = B::passes;

    [[nodiscard]] constexpr result<void> check() const { return value.check(); }
    [[nodiscard]] constexpr double relative_limit() const { return value.relative_limit(); }
    constexpr void lower(graph& g) const;
    [[nodiscard]] constexpr schedule order() const { return schedule::sequential; }
    [[nodiscard]] constexpr int images() const { return 1; }
    [[nodiscard]] constexpr bool supports(const node& n) const;
    [[nodiscard]] constexpr tensor_form tensor(const site& at) const { return form_of(at.n, value.how()); }
    [[nodiscard]] constexpr std::int64_t scratch_bytes(const site& at) const;
    [[nodiscard]] constexpr std::int64_t step_bytes(const site& at) const;
    [[nodiscard]] constexpr std::int64_t packed_bytes(const site& at) const;
    template <class program> [[nodiscard]] static constexpr code code_of();

    [[nodiscard]] result<weights> make_weights(const program_view& p, std::span<std::byte> given) const {
        auto block = memory_block::make(given, p.sizes.packed, "weights");
        if (!block) return block.error();
        return weights{*std::move(block)};
    }
    [[nodiscard]] const void* identity(const weights& w) const { return w.memory.data(); }
    [[nodiscard]] int pack_row_multiple(const program_view& p, std::size_t i) const;
    [[nodiscard]] result<void> pack(const program_view& p, std::size_t i, const dense_parameter& first,
                                    const dense_parameter& second, weights& w) const;

    /// Errors: errc::invalid_argument for an executor of more threads than the backend has, out_of_memory, too_small,
    /// unsupported where an operation's entry does not name the kernels that it calls, or not say that it takes bf16.
    [[nodiscard, gnu::cold]] result<workspace> make_workspace(const program_view& p, const weights& w, const code& c,
                                                              executor threads, std::span<std::byte> given) const {
        if (threads.width < 1 || threads.width > value.threads)
            return fail(errc::invalid_argument, {"the executor has ", threads.width,
                                                 " threads, the backend's workspaces are made for ", value.threads});
        auto block = memory_block::make(given, p.sizes.arena, "an arena");
        if (!block) return block.error();
        auto own = session::make(p);
        if (!own) return own.error();
        const typename session::in_use library(threads.width);
        if (auto r = library.check(); !r) return r.error();
        workspace s{*std::move(block), threads, {}, nullptr, *std::move(own)};
        if (auto r = prepare(p, w, c, s); !r) return r.error();
        return result<workspace>(std::move(s));
    }

    /// Errors: errc::device where a library's call failed, cancelled.
    [[nodiscard]] result<void> run(const program_view& p, const weights&, workspace& s,
                                   std::span<const image_view> pictures, const run_watch* watch) const {
        const typename session::in_use library(s.threads.width);
        if (auto r = library.check(); !r) return r;
        s.picture->picture = pictures.front();
        for (std::size_t i = 0; i < s.steps.count; ++i) { // those of one operation stand behind each other
            const step& next = s.steps.first[i];
            if (watch != nullptr && (i == 0 || s.steps.first[i - 1].node != next.node))
                if (auto r = watch->before(p, next.node); !r) return r;
            if (!run_step(next, s.threads))
                return fail(errc::device, {"operation ", static_cast<int>(next.node), ", ",
                                           to_text(p.nodes[static_cast<std::size_t>(next.node)].kind),
                                           ": the library that computes it failed"});
            if (watch != nullptr && (i + 1 == s.steps.count || s.steps.first[i + 1].node != next.node))
                watch->after(p, next.node);
        }
        return {};
    }
    [[nodiscard]] std::span<std::byte> idle_memory(const program_view& p, workspace& s) const {
        return {s.memory.data(), static_cast<std::size_t>(p.sizes.steps)};
    }
    [[nodiscard]] result<void> fetch(const program_view& p, workspace& s, int, std::span<const id> nodes,
                                     std::span<tensor_view<const float>> views) const {
        for (std::size_t k = 0; k < nodes.size(); ++k) {
            const node& n = p.nodes[static_cast<std::size_t>(nodes[k])];
            views[k] = {s.memory.template as<const float>(n.offset), n.out.h, n.out.w, n.out.c, n.step};
        }
        return {};
    }

private:
    [[nodiscard]] constexpr planned_site planned(const site& at) const { return host::planned(at, value.how()); }

    [[nodiscard, gnu::cold]] result<void> prepare(const program_view& p, const weights& w, const code& c,
                                                  workspace& s) const {
        step_writer to({s.memory.data() + p.sizes.steps, static_cast<std::size_t>(p.sizes.arena - p.sizes.steps)});
        const kernels::kernel_table& table = c.kernels(value.max_isa);
        for (std::size_t i = 0; i < p.nodes.size(); ++i) {
            const node& n = p.nodes[i];
            const planned_site at = planned(p.at(i));
            const prepared_operation& own = c.operations[static_cast<int>(n.kind)];
            if (at.half.any() && !own.takes_bf16)
                return fail(
                    errc::unsupported,
                    {"operation ", static_cast<int>(i), ", ", to_text(n.kind), ": ",
                     "it has a tensor of bf16, which its entry in the backend's table does not say that it takes"});
            const scratch_need need = own.scratch(at);
            std::byte* const first = s.memory.data() + n.scratch + kernels::aligned_bytes(need.shared);
            to.begin(n, static_cast<id>(i), first, kernels::aligned_bytes(need.thread));
            const placed_site placed{
                at, table, s.memory.data(), w.memory.template as<const std::byte>(n.packed), s.threads.width, &s.own};
            if (auto r = own.prepare(placed, to); !r) return r;
            if (to.lacks_kernel())
                return fail(errc::unsupported,
                            {"operation ", static_cast<int>(i), ", ", to_text(n.kind),
                             ": it calls a kernel that its entry in the backend's table does not name"});
        }
        if (to.full()) return fail(errc::too_small, "the planned memory for prepared steps is too small");
        s.steps = to.steps();
        s.picture = static_cast<kernels::picture_args*>(s.steps.first->arguments);
        return {};
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::host

#include "uml/core/end.inc"
