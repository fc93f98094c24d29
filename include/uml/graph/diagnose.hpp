// A malformed static network as a compile error that people can read: one sentence, the layer's name, what is there and
// what should be. For the chain of calls with their values the description is evaluated once more, after the fact only.
#pragma once

#include "uml/graph/program.hpp"

#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A layer's name, readable in both compilers' messages.
template <char... letters> struct layer {};
template <int n> struct have {};
template <int n> struct want {};

template <fault what, class where, class is, class should_be> struct malformed_network {
    static_assert(what == fault::none, "uml: the network is malformed");
};
// Not in faults.hpp: GCC names all includes on the way to a sentence before the sentence.
#define UML_SENTENCE(kind, sentence, wording)                                                                          \
    template <class where, int is, int should_be>                                                                      \
    struct malformed_network<fault::kind, where, have<is>, want<should_be>> {                                          \
        static_assert(is == should_be, "uml: " sentence);                                                              \
    };
UML_FAULTS(UML_SENTENCE)
#undef UML_SENTENCE
#undef UML_FAULTS

/// `description` in `configuration`, described, rewritten and, if it is well formed, planned for `target`.
struct lowered_network {
    graph g{};
    plan_sizes sizes{};
    bool planned = false; ///< else the fault is the description's
};
template <class description, auto configuration, auto target>
inline constexpr lowered_network lowered = [] {
    lowered_network l{};
    describe<description>(l.g, configuration, decltype(target)::engine::passes, output_set::answer);
    l.planned = l.g.error.what == fault::none;
    constexpr typename decltype(target)::engine where{target};
    if (l.planned) where.lower(l.g);
    if (l.planned) l.sizes = plan(where, l.g);
    return l;
}();

namespace diagnose_detail {

/// What to show as the place: the layer's name, or the operation's and the layer before it.
[[nodiscard]] constexpr path_text place_of(const graph& g) {
    const malformed& m = g.error;
    path_text place;
    if (m.where == no_id || m.after) place << to_text(m.where_op);
    if (m.after) place << " after ";
    return place << path(g.names, g.letters, m.where);
}
template <const lowered_network& l, std::size_t... i>
auto spell(std::index_sequence<i...>) -> layer<place_of(l.g).view()[i]...>;

template <class description, auto configuration, auto target> constexpr bool replay() {
    graph g{};
    g.replaying = true;
    describe<description>(g, configuration, decltype(target)::engine::passes, output_set::answer);
    return true;
}

} // namespace diagnose_detail

/// An empty type; or a compile error that says what is wrong with the network, and then where it is called from.
template <class description, auto configuration, auto target,
          fault found = lowered<description, configuration, target>.g.error.what>
struct well_formed {
    static constexpr malformed error = lowered<description, configuration, target>.g.error;
    using place =
        std::make_index_sequence<diagnose_detail::place_of(lowered<description, configuration, target>.g).size()>;
    using where = decltype(diagnose_detail::spell<lowered<description, configuration, target>>(place{}));
    static_assert(sizeof(malformed_network<found, where, have<error.have>, want<error.want>>) > 0);
    static_assert(lowered<description, configuration, target>.planned ||
                  diagnose_detail::replay<description, configuration, target>());
};
template <class description, auto configuration, auto target>
struct well_formed<description, configuration, target, fault::none> {};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
