// A program made at run time, by the same functions that the compiler runs for a static one.
#pragma once

#include "uml/core/buffer.hpp"
#include "uml/graph/program.hpp"

#include <new>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Owns its tables, or shows constant ones. Move only.
class dynamic_program {
public:
    /// Shows constant tables, which must outlive it.
    [[nodiscard]] static dynamic_program of(const program_view& constant) {
        dynamic_program p;
        p.view_ = constant;
        return p;
    }
    /// Fills a graph (`fill(graph&)`: a network's description), checks it and plans it for the backend `target`.
    template <class B, class F> [[nodiscard, gnu::cold]] static result<dynamic_program> make(const B& target, F fill) {
        const graph_room room;
        if (room.made == nullptr) return no_memory();
        graph& g = *room.made;
        const typename B::engine where{target};
        fill(g);
        if (g.error.what == fault::none) where.lower(g);
        plan_sizes sizes;
        if (g.error.what == fault::none) sizes = plan(where, g);
        if (g.error.what != fault::none) return explain(g);
        dynamic_program p;
        program_view& v = p.view_;
        if (!copy(g.nodes, g.node_count, p.nodes_, v.nodes) ||
            !copy(g.parameters, g.parameter_count, p.parameters_, v.parameters) ||
            !copy(g.outputs, g.output_count, p.outputs_, v.outputs))
            return no_memory();
        std::span<const name_part> names;
        std::span<const char> letters;
        if (!copy(g.names, g.name_count, p.names_, names) || !copy(g.letters, g.letter_count, p.letters_, letters))
            return no_memory();
        v.names = names.data();
        v.letters = letters.data();
        v.sizes = sizes;
        return result<dynamic_program>(std::move(p));
    }
    /// `constant` planned anew, for another value of the backend than it was planned for.
    template <class B>
    [[nodiscard, gnu::cold]] static result<dynamic_program> replan(const B& target, const program_view& constant) {
        const graph_room room;
        if (room.made == nullptr) return no_memory();
        graph& g = *room.made;
        for (const node& n : constant.nodes) g.nodes[g.node_count++] = n;
        for (const parameter& q : constant.parameters) g.parameters[g.parameter_count++] = q;
        for (const output_entry& o : constant.outputs) g.outputs[g.output_count++] = o;
        dynamic_program p = of(constant);
        p.view_.sizes = plan(typename B::engine{target}, g);
        if (g.error.what != fault::none) return explain(g);
        if (!copy(g.nodes, g.node_count, p.nodes_, p.view_.nodes)) return no_memory();
        return result<dynamic_program>(std::move(p));
    }

    [[nodiscard]] const program_view& view() const { return view_; }

private:
    /// A graph is large: it lives on the heap while it is built. (No std::unique_ptr: its header includes streams.)
    struct graph_room {
        graph* const made = new (std::nothrow) graph{};
        graph_room() = default;
        graph_room(const graph_room&) = delete;
        graph_room& operator=(const graph_room&) = delete;
        ~graph_room() { delete made; }
    };

    [[nodiscard]] static error no_memory() { return fail(errc::out_of_memory, "no memory for the network's tables"); }
    template <class T> static bool copy(const T* from, int count, buffer<T>& to, std::span<const T>& seen) {
        if (!to.resize(static_cast<std::size_t>(count))) return false;
        for (int i = 0; i < count; ++i) to.data()[i] = from[i];
        seen = to.span();
        return true;
    }

    buffer<node> nodes_;
    buffer<parameter> parameters_;
    buffer<output_entry> outputs_;
    buffer<name_part> names_;
    buffer<char> letters_;
    program_view view_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
