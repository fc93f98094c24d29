// A program made by the compiler: shapes checked, rewrites applied, memory planned, tables cut to size.
#pragma once

#include "uml/graph/diagnose.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The tables of `description` in `configuration`, lowered for the backend `planned_for`.
template <class description, auto configuration, auto planned_for> class static_program {
    static_assert(
        typename decltype(planned_for)::engine{planned_for}.check().has_value(),
        "uml: the backend cannot be had with this value: it runs on 1 to 1024 threads, in a precision that it has");
    static_assert(sizeof(well_formed<description, configuration, planned_for>) > 0);
    [[nodiscard]] static constexpr const graph& g() { return lowered<description, configuration, planned_for>.g; }
    [[nodiscard]] static constexpr const plan_sizes& sizes() {
        return lowered<description, configuration, planned_for>.sizes;
    }

    template <std::size_t n, class T> struct table {
        T of[n > 0 ? n : 1]{}; // a faulty network has none
        constexpr explicit table(const T* from) {
            for (std::size_t i = 0; i < n; ++i) of[i] = from[i];
        }
        [[nodiscard]] constexpr std::span<const T> span() const { return {of, n}; }
    };
    static constexpr table<std::size_t(g().node_count), node> nodes{g().nodes};
    static constexpr table<std::size_t(g().parameter_count), parameter> parameters{g().parameters};
    static constexpr table<std::size_t(g().output_count), output_entry> outputs{g().outputs};
    static constexpr table<std::size_t(g().name_count), name_part> names{g().names};
    static constexpr table<std::size_t(g().letter_count), char> letters{g().letters};

public:
    static constexpr auto target = planned_for; ///< the backend's value

    [[nodiscard]] static constexpr program_view view() {
        return {nodes.span(), parameters.span(), outputs.span(), names.of, letters.of, sizes()};
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
