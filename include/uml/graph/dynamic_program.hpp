// A program made at run time, by the same functions that the compiler runs for a static one.
#pragma once

#include "uml/core/buffer.hpp"
#include "uml/graph/program.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Owns its tables. Move only.
class dynamic_program {
public:
    /// Describes (`describe_into(graph&)`), checks and plans for `target`. The graph being built is large: it lives on
    /// the heap.
    template <class target, class F> [[nodiscard]] static result<dynamic_program> make(F describe_into) {
        struct freed {
            graph* g;
            ~freed() { std::free(g); }
        };
        const freed room{static_cast<graph*>(std::malloc(sizeof(graph)))};
        if (room.g == nullptr) return fail(errc::out_of_memory, "no memory for the network's graph");
        graph& g = *::new (static_cast<void*>(room.g)) graph{};
        describe_into(g);
        plan_sizes sizes;
        if (g.error.what == fault::none) sizes = plan<target>(g);
        if (g.error.what != fault::none) return explain(g);
        dynamic_program p;
        if (!copy(g.nodes, g.node_count, p.nodes_) || !copy(g.parameters, g.parameter_count, p.parameters_) ||
            !copy(g.outputs, g.output_count, p.outputs_) || !copy(g.names, g.name_count, p.names_) ||
            !copy(g.letters, g.letter_count, p.letters_))
            return fail(errc::out_of_memory, "no memory for the network's tables");
        p.arena_bytes_ = sizes.arena_elements * target::tensor_layout.element_bytes;
        p.packed_bytes_ = sizes.packed_bytes;
        return p;
    }

    [[nodiscard]] program_view view() const {
        return {nodes_.span(),   parameters_.span(), outputs_.span(), names_.data(),
                letters_.data(), arena_bytes_,       packed_bytes_};
    }

private:
    template <class T> static bool copy(const T* from, int count, buffer<T>& to) {
        if (!to.resize(static_cast<std::size_t>(count))) return false;
        for (int i = 0; i < count; ++i) to.data()[i] = from[i];
        return true;
    }

    buffer<node> nodes_;
    buffer<parameter> parameters_;
    buffer<output_entry> outputs_;
    buffer<name_part> names_;
    buffer<char> letters_;
    std::int64_t arena_bytes_ = 0, packed_bytes_ = 0;
};

} // namespace uml::inline UML_VERSION_NAMESPACE
