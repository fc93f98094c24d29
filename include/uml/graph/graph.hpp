// The table that a network is described into, with a fixed capacity so that it can be filled while compiling.
#pragma once

#include "uml/graph/faults.hpp"
#include "uml/graph/name.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The exact rewrites (docs/rewrites.md). Each can be switched off.
enum class rewrite : std::uint16_t {
    fold = 1,       ///< normalisation, activation and residual sum into the convolution before them
    compose = 2,    ///< consecutive 1×1 convolutions multiplied out where that is cheaper
    tile = 4,       ///< a convolution of repeated channels by the sum of its column blocks
    grey = 8,       ///< the same for the first convolution of a grey picture
    stem = 16,      ///< convolutions that read the same picture as one
    prune = 32,     ///< what no wanted output needs
    mixer = 64,     ///< each mixer level as one matrix made per image
    upsample = 128, ///< a 3×3 convolution after a ×2 upsample at the low resolution
    late = 256,     ///< a 1×1 convolution whose result is only used at a lower resolution, after the downsampling
    gate = 512      ///< each navigator gate as one operation
};
/// A set of rewrites.
struct rewrites {
    std::uint16_t bits = 0;

    constexpr rewrites() = default;
    constexpr rewrites(rewrite r) : bits(static_cast<std::uint16_t>(r)) {}
    [[nodiscard]] constexpr bool has(rewrite r) const { return (bits & static_cast<std::uint16_t>(r)) != 0; }
    friend constexpr rewrites operator|(rewrites a, rewrites b) {
        rewrites both;
        both.bits = static_cast<std::uint16_t>(a.bits | b.bits);
        return both;
    }
    [[nodiscard]] constexpr rewrites without(rewrite r) const {
        rewrites fewer = *this;
        fewer.bits = static_cast<std::uint16_t>(bits & ~static_cast<std::uint16_t>(r));
        return fewer;
    }
    friend constexpr bool operator==(const rewrites&, const rewrites&) = default;
};
[[nodiscard]] constexpr rewrites all_rewrites() {
    rewrites all;
    all.bits = 1023;
    return all;
}

/// Which outputs a program computes. The network's answer is always among them.
enum class wanted : std::uint8_t {
    answer,   ///< class evidence, region logits, pixel evidence
    training, ///< also those that only deep supervision uses
    taps      ///< also the intermediate features of the published code
};

/// A tensor that the caller gets.
struct output_entry {
    id node = no_id;
    id name = no_id;
};

struct graph {
    static constexpr int max_nodes = 1152, max_parameters = 1024, max_names = 2560, max_letters = 16384,
                         max_outputs = 48, max_extent = 32767, max_path = 100;

    node nodes[max_nodes]{};
    parameter parameters[max_parameters]{};
    name_part names[max_names]{};
    char letters[max_letters]{};
    output_entry outputs[max_outputs]{};
    int node_count = 0, parameter_count = 0, name_count = 0, letter_count = 0, output_count = 0;
    malformed error{};
    bool replaying =
        false; ///< a second evaluation, only to make the compiler print the chain of calls that led to the error

    /// Without a name in `where`, the place is told by the last layer before it.
    constexpr void fail(fault what, op where_op, id where, std::int64_t have, std::int64_t want);
    constexpr id add_node(const node& n);
    constexpr id add_parameter(const parameter& p);
    constexpr id add_name(const name& n, id up = no_id);
    constexpr void add_output(id node, id name);
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
        name_part part{up, n.parts[i].number, static_cast<std::uint16_t>(letter_count), 0};
        if (name_count == max_names) {
            fail(fault::too_many_entries, op::conv, up, name_count + 1, max_names);
            return up;
        }
        if (n.parts[i].word != nullptr)
            for (const char* c = n.parts[i].word; *c != 0; ++c) {
                if (letter_count == max_letters) {
                    fail(fault::too_many_entries, op::conv, up, letter_count + 1, max_letters);
                    return up;
                }
                if (++letters_in_all > max_path) {
                    fail(fault::name_letters, op::conv, up, letters_in_all, max_path);
                    return up;
                }
                letters[letter_count++] = *c;
                ++part.length;
            }
        names[name_count] = part;
        up = static_cast<id>(name_count++);
    }
    if (n.count > name::max_parts) fail(fault::name_too_long, op::conv, up, n.count, name::max_parts);
    return up;
}

constexpr void graph::add_output(id node, id name) {
    if (output_count == max_outputs) {
        fail(fault::too_many_entries, op::input, name, output_count + 1, max_outputs);
        return;
    }
    outputs[output_count++] = {node, name};
}

using path_text = text<120>;

/// The dotted name, as it stands in a weights file, without `.weight` and the like.
[[nodiscard]] constexpr path_text path(const name_part* names, const char* letters, id n) {
    id chain[32]{};
    int count = 0;
    for (; n != no_id && count < 32; n = names[n].up) chain[count++] = n;
    path_text t;
    while (count > 0) {
        const name_part& part = names[chain[--count]];
        if (!t.empty()) t << '.';
        if (part.length == 0)
            t << static_cast<int>(part.number);
        else
            t << std::string_view(letters + part.first, part.length);
    }
    return t;
}

/// The sentence for a malformed network.
[[nodiscard]] constexpr error explain(const graph& g) {
    return explain(g.error, path(g.names, g.letters, g.error.where));
}

} // namespace uml::inline UML_VERSION_NAMESPACE
