// A malformed static network as a compile error that people can read: one sentence, the layer's name, what is there and
// what should be. For the chain of calls with their values the description is evaluated once more, after the fact only.
#pragma once

#include "uml/graph/program.hpp"

#include <utility>

namespace uml::inline UML_VERSION_NAMESPACE {

/// A layer's name, readable in both compilers' messages.
template <char... letters> struct layer {};
template <int n> struct have {};
template <int n> struct want {};

template <fault what, class where, class is, class should_be> struct malformed_network {
    static_assert(what == fault::none, "uml: the network is malformed");
};

#define UML_SENTENCE(kind, sentence)                                                                                   \
    template <class where, int is, int should_be> struct malformed_network<kind, where, have<is>, want<should_be>> {   \
        static_assert(is == should_be, "uml: " sentence);                                                              \
    };
UML_SENTENCE(fault::input_extent,
             "this height or width is not a multiple of what the network needs; the next smaller and "
             "larger multiples of `want` would be right")
UML_SENTENCE(fault::configuration,
             "this option of the configuration is out of range; `want` is the nearest value allowed")
UML_SENTENCE(fault::one_picture, "a network begins with its input, and has no other")
UML_SENTENCE(fault::extent_range, "a tensor's channels, height and width are at least 1 and at most graph::max_extent")
UML_SENTENCE(fault::window_range,
             "a window's kernel, stride, dilation or padding is out of range; `want` is the nearest "
             "value possible")
UML_SENTENCE(fault::unknown_input, "an operation reads a value that no operation of this network made")
UML_SENTENCE(fault::conv_channels, "a convolution's input has not the number of channels that its weight expects")
UML_SENTENCE(fault::conv_groups, "a depthwise convolution has as many outputs as inputs")
UML_SENTENCE(fault::window_extent, "the input is smaller than the window that slides over it")
UML_SENTENCE(fault::concat_extent, "tensors of different height or width cannot be concatenated")
UML_SENTENCE(fault::broadcast, "two shapes do not fit each other: an extent must be equal or 1")
UML_SENTENCE(fault::slice_range, "a slice reaches beyond the channels of its input")
UML_SENTENCE(fault::single_channel, "the operation needs an input of one channel")
UML_SENTENCE(fault::too_many_entries, "the network is larger than the graph's tables")
UML_SENTENCE(fault::name_too_long, "a parameter's name has too many parts")
UML_SENTENCE(fault::name_letters, "a parameter's name has too many letters")
UML_SENTENCE(fault::live_blocks, "more tensors are alive at the same time than the memory plan handles")
UML_SENTENCE(fault::unsupported, "the backend lacks an operation that this network uses")
#undef UML_SENTENCE

/// `description` in `configuration`, described, rewritten and, if it is well formed, planned for `target`.
struct lowered_network {
    graph g{};
    plan_sizes sizes{};
    bool planned = false; ///< else the fault is the description's
};
template <class description, auto configuration, auto target>
inline constexpr lowered_network lowered = [] {
    lowered_network l{};
    describe<description>(l.g, configuration, decltype(target)::engine::passes, wanted::answer);
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
    describe<description>(g, configuration, decltype(target)::engine::passes, wanted::answer);
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
