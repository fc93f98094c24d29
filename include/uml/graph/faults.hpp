// All that can be wrong with a network's description, each with its two sentences: the compiler's and the program's.
#pragma once

#include "uml/core/result.hpp"
#include "uml/graph/node.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

// entry(fault, sentence of the compile error, wording of the error at run time); diagnose.hpp undefines it, after its
// use. In a wording:
//   %p the place: "LAYER: OPERATION: ", or "OPERATION after LAYER: " where the operation has no name
//   %n the name alone   %h have   %w want   %o " or other" if it differs   %b "least" where have < want, else "most"
//   %m the multiples of want below and above have   %i, %s see wording_detail
// clang-format off
#define UML_FAULTS(entry)                                                                                              \
    entry(input_extent, /* want: what the height or width must be a multiple of */                                     \
          "this height or width is not a multiple of what the network needs; the next smaller and larger multiples "   \
          "of `want` would be right",                                                                                  \
          "%n %h is not a multiple of %w: %m would be")                                                                \
    entry(configuration, /* want: the nearest value allowed */                                                         \
          "this option of the configuration is out of range; `want` is the nearest value allowed",                     \
          "%n cannot be %h: it is at %b %w")                                                                           \
    entry(configuration_choice, /* want and other: the only values allowed */                                          \
          "this option of the configuration has none of the values that it can have; `want` is the first of them",     \
          "%n cannot be %h: it is %w%o")                                                                               \
    entry(one_picture, /* have: how many inputs there are */                                                           \
          "a network begins with its input, and has no other",                                                         \
          "a network begins with its input and has no other; this one has %i")                                         \
    entry(unknown_input, /* a value, or a parameter */                                                                 \
          "an operation reads a value that no operation of this network made",                                         \
          "%preads a value that no operation made")                                                                    \
    entry(extent_range, /* of any tensor */                                                                            \
          "a tensor's channels, height and width are at least 1 and at most graph::max_extent",                        \
          "%pthe result has an extent of %h, it is at %b %w")                                                          \
    entry(window_range, /* also padding that is negative or holds the whole window */                                  \
          "a window's kernel, stride, dilation or padding is out of range; `want` is the nearest value possible",      \
          "%pkernel, stride, dilation or padding of the window is %h, the nearest possible is %w")                     \
    entry(conv_channels, /* have: of the input */                                                                      \
          "a convolution's input has not the number of channels that its weight expects",                              \
          "%pthe input has %h channels, the weight expects %w")                                                        \
    entry(conv_groups, /* only 1 group, or as many as channels */                                                      \
          "a depthwise convolution has as many outputs as inputs",                                                     \
          "%pa depthwise convolution has as many outputs as inputs: %w, not %h")                                       \
    entry(window_extent, /* have: with padding */                                                                      \
          "the input is smaller than the window that slides over it",                                                  \
          "%pthe input's extent, with padding, is %h, smaller than the window of %w")                                  \
    entry(concat_extent, /* heights or widths */                                                                       \
          "tensors of different height or width cannot be concatenated",                                               \
          "%pinputs of extents %w and %h cannot stand side by side")                                                   \
    entry(broadcast, /* an extent that is neither equal nor 1 */                                                       \
          "two shapes do not fit each other: an extent must be equal or 1",                                            \
          "%pextents %w and %h do not fit each other")                                                                 \
    entry(slice_range, /* have: the first channel if negative, else the end */                                         \
          "a slice reaches beyond the channels of its input",                                                          \
          "%p%s")                                                                                                      \
    entry(single_channel, /* have: channels of the input */                                                            \
          "the operation needs an input of one channel",                                                               \
          "%pneeds 1 channel, the input has %h")                                                                       \
    entry(too_many_entries, /* want: capacity of the table */                                                          \
          "the network is larger than the graph's tables",                                                             \
          "%pthe network is larger than the graph's tables (%w entries)")                                              \
    entry(name_too_long, /* more than name::max_parts parts */                                                         \
          "a parameter's name has too many parts",                                                                     \
          "%n...: a name has %h parts, at most %w")                                                                    \
    entry(name_letters, /* more than graph::max_path letters */                                                        \
          "a parameter's name has too many letters",                                                                   \
          "%pa name has more than %w letters")                                                                         \
    entry(live_blocks, /* in the memory plan */                                                                        \
          "more tensors are alive at the same time than the memory plan handles",                                      \
          "%pmore than %w tensors are alive at the same time")                                                         \
    entry(unsupported, /* by the backend that the network is planned for */                                            \
          "the backend lacks an operation that this network uses",                                                     \
          "%pthe backend lacks this operation")
// clang-format on

#define UML_NAME(fault, sentence, wording) fault,
enum class fault : std::uint8_t { none, UML_FAULTS(UML_NAME) };
#undef UML_NAME

/// The first thing that was wrong with a network's description.
struct malformed {
    fault what = fault::none;
    op where_op = op::input;
    id where = no_id;   ///< name of the layer, if there is one
    bool after = false; ///< the operation has no name: `where` is the last layer before it
    std::int32_t have = 0, want = 0;
    std::int32_t other = 0; ///< of configuration_choice
    friend constexpr bool operator==(const malformed&, const malformed&) = default;
};

namespace wording_detail {

[[nodiscard]] constexpr std::string_view wording_of(fault f) {
#define UML_WORDING(fault, sentence, wording) wording,
    constexpr std::string_view all[] = {"", UML_FAULTS(UML_WORDING)};
#undef UML_WORDING
    return all[static_cast<int>(f)];
}

/// Writes what stands for `%key`. `layer`: the name at m.where.
[[gnu::cold]] constexpr void put(error& e, char key, const malformed& m, std::string_view layer) {
    switch (key) {
    case 'p':
        if (!layer.empty() && !m.after) e.what << layer << ": ";
        e.what << to_text(m.where_op);
        if (m.after) e.what << " after " << layer;
        e.what << ": ";
        break;
    case 'n': e.what << layer; break;
    case 'h': e.what << m.have; break;
    case 'w': e.what << m.want; break;
    case 'o':
        if (m.other != m.want) e.what << " or " << m.other;
        break;
    case 'b': e.what << (m.have < m.want ? "least" : "most"); break;
    case 'm': {
        const std::int64_t below = m.have < m.want ? 0 : m.have / m.want * m.want;
        if (below > 0) e.what << below << " or ";
        e.what << below + m.want;
        break;
    }
    case 'i': e.what << (m.have == 0 ? "none there" : "a second one"); break;
    case 's':
        if (m.have < 0)
            e.what << "begins at channel " << m.have;
        else
            e.what << "ends at channel " << m.have << " of " << m.want;
        break;
    default: break;
    }
}

} // namespace wording_detail

/// The sentence for a malformed network. `layer`: the name at m.where.
[[nodiscard]] constexpr error explain(const malformed& m, std::string_view layer) {
    if (m.what == fault::none) return {};
    error e;
    e.code = m.what == fault::unsupported ? errc::unsupported : errc::wrong_config;
    const std::string_view wording = wording_detail::wording_of(m.what);
    for (std::size_t i = 0; i < wording.size(); ++i)
        if (wording[i] == '%')
            wording_detail::put(e, wording[++i], m, layer);
        else
            e.what << wording[i];
    return e;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
