// The table that a network is described into, with a fixed capacity so that it can be filled while compiling.
#pragma once

#include "uml/graph/faults.hpp"
#include "uml/parameters/parameter.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A tensor that the caller gets.
struct output_entry {
    id node = no_id;
    id name = no_id;
};

/// A part of a network for which there is a cheaper form.
enum class region_kind : std::uint8_t {
    mixer, ///< reads both encoders' features; parameters: both entry convolutions, ch_wv, ch_wq, ch_wz, ln, sp_wv,
           ///< sp_wq and, if there is one, the output convolution
    gate   ///< reads x, mutual features, vacuity; parameters: convolution and normalisation of W_x, of W_m, of psi
};

/// Nodes [first, end), of which the last one is the result. Its parameters are those that its nodes read, in their
/// order.
struct region {
    region_kind kind = region_kind::mixer;
    std::uint8_t inputs = 0;
    id first = no_id, end = no_id;
    id in[3] = {no_id, no_id, no_id};
};

struct graph {
    static constexpr int max_nodes = 1152, max_parameters = 1024, max_names = 2560, max_letters = 16384,
                         max_outputs = 48, max_regions = 64, max_extent = 32767, max_path = 100, most_words = 128;

    node nodes[max_nodes]{};
    parameter parameters[max_parameters]{};
    name_part names[max_names]{};
    char letters[max_letters]{};
    output_entry outputs[max_outputs]{};
    region regions[max_regions]{}; ///< none inside another; until passes have changed their nodes
    int node_count = 0, parameter_count = 0, name_count = 0, letter_count = 0, output_count = 0, region_count = 0;
    id latest_words[most_words]{}; ///< 1 + the last name of those that end alike, see place_of
    malformed error{};
    bool replaying = false; ///< the second evaluation, which makes the compiler print the calls that led to the error

    /// Without a name in `where`, the place is told by the last layer before it.
    constexpr void fail(fault what, op where_op, id where, std::int64_t have, std::int64_t want);
    constexpr id add_node(const node& n);
    constexpr id add_parameter(const parameter& p);
    constexpr id add_name(const name& n, id up = no_id);
    /// Where in `letters` the word stands, written there if need be; -1: there is no room.
    constexpr int place_of(std::string_view word);
    constexpr void add_output(id node, id name);
    constexpr void add_region(const region& r);
};

/// Not constexpr on purpose: a compiler that reaches it in a constant evaluation prints the calls that led there.
inline void the_network_is_malformed_here(fault, std::int64_t /*have*/, std::int64_t /*want*/) {}

constexpr void graph::fail(fault what, op where_op, id where, std::int64_t have, std::int64_t want) {
    if (error.what != fault::none) return; // the first fault is the one that tells
    const bool after = where == no_id;
    for (int i = parameter_count - 1; i >= 0 && where == no_id; --i) where = parameters[i].name;
    error = {what,
             where_op,
             where,
             after && where != no_id,
             static_cast<std::int32_t>(have),
             static_cast<std::int32_t>(want)};
    if (replaying) the_network_is_malformed_here(what, have, want);
}

constexpr id graph::add_node(const node& n) {
    if (node_count == max_nodes) {
        fail(fault::too_many_entries, n.kind, no_id, node_count + 1, max_nodes);
        return 0;
    }
    nodes[node_count] = n;
    return static_cast<id>(node_count++);
}

constexpr id graph::add_parameter(const parameter& p) {
    if (parameter_count == max_parameters) {
        fail(fault::too_many_entries, op::conv, p.name, parameter_count + 1, max_parameters);
        return 0;
    }
    parameters[parameter_count] = p;
    return static_cast<id>(parameter_count++);
}

constexpr id graph::add_name(const name& n, id up) {
    int letters_in_all = 0;
    for (int i = 0; i < n.count && i < name::max_parts; ++i) {
        if (name_count == max_names) {
            fail(fault::too_many_entries, op::conv, up, name_count + 1, max_names);
            return up;
        }
        const std::string_view word = n.parts[i].word != nullptr ? n.parts[i].word : std::string_view();
        const int length = static_cast<int>(word.size());
        letters_in_all += length;
        if (letters_in_all > max_path) {
            fail(fault::name_letters, op::conv, up, max_path + 1, max_path);
            return up;
        }
        const int first = place_of(word);
        if (first < 0) {
            fail(fault::too_many_entries, op::conv, up, max_letters + 1, max_letters);
            return up;
        }
        names[name_count] = {up, n.parts[i].number, static_cast<std::uint16_t>(first),
                             static_cast<std::uint8_t>(length)};
        up = static_cast<id>(name_count++);
    }
    if (n.count > name::max_parts) fail(fault::name_too_long, op::conv, up, n.count, name::max_parts);
    return up;
}

constexpr int graph::place_of(std::string_view word) {
    // Names repeat a few words: of those with the same ends and length the latest is remembered. Pointers, where
    // std::string_view is a call for each letter.
    const char* const spelt = word.data();
    const int length = static_cast<int>(word.size());
    if (length == 0) return 0;
    const int ends = static_cast<unsigned char>(spelt[length - 1]) * 4 + static_cast<unsigned char>(spelt[0]);
    id& latest = latest_words[(ends + length * 16) % most_words];
    if (latest > 0 && names[latest - 1].length == length) {
        const char* const earlier = letters + names[latest - 1].first;
        int same = 0;
        while (same < length && earlier[same] == spelt[same]) ++same;
        if (same == length) return names[latest - 1].first;
    }
    latest = static_cast<id>(name_count + 1);
    if (length > max_letters - letter_count) return -1;
    const int first = letter_count;
    for (int i = 0; i < length; ++i) letters[letter_count++] = spelt[i];
    return first;
}

constexpr void graph::add_output(id node, id name) {
    if (output_count == max_outputs) {
        fail(fault::too_many_entries, op::input, name, output_count + 1, max_outputs);
        return;
    }
    outputs[output_count++] = {node, name};
}

constexpr void graph::add_region(const region& r) {
    if (region_count == max_regions) {
        fail(fault::too_many_entries, nodes[r.first].kind, no_id, region_count + 1, max_regions);
        return;
    }
    regions[region_count++] = r;
}

/// The sentence for a malformed network.
[[nodiscard]] constexpr error explain(const graph& g) {
    return explain(g.error, path(g.names, g.letters, g.error.where));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
