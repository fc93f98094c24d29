// The parameters of a network's table.
#pragma once

#include "uml/core/id.hpp"
#include "uml/parameters/name.hpp"

#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// How a parameter is made: read from the weights file, or computed from others when the network is prepared.
enum class parameter_kind : std::uint8_t {
    conv,        ///< leaf: NAME.weight [out, in, k, k] and, if `bias`, NAME.bias
    linear,      ///< leaf: NAME.weight [out, in] and, if `bias`, NAME.bias
    batch_norm,  ///< leaf: NAME.weight, .bias, .running_mean, .running_var; eps 1e-5
    frozen_norm, ///< leaf: the same names, no eps
    layer_norm,  ///< leaf: NAME.weight, .bias
    folded,      ///< convolution `a` followed by normalisation `b`
    product,     ///< 1×1 convolution `a` followed by 1×1 convolution `b`
    column_sum,  ///< `a` on a tensor of `count` channels that were repeated
    stacked,     ///< the outputs of `a`, then those of `b`
    joined,      ///< the inputs of `a`, then those of `b`: 1×1 convolutions whose results are added
    mixed,       ///< 1×1 convolutions `a` and `b` of a concatenated input, outputs shuffled in `count` groups
    transposed,  ///< the matrix of `a`, transposed; no bias
    bias_row     ///< the bias of `a` as a matrix of one row; no bias
};

struct parameter {
    parameter_kind kind = parameter_kind::conv;
    bool bias = false;
    id name = no_id; ///< leaves
    id a = no_id, b = no_id;
    std::int16_t kernel = 1, count = 1;
    std::int32_t out = 0, in = 0; ///< in: channels read by one output (depthwise: 1)

    friend constexpr bool operator==(const parameter&, const parameter&) = default;
};

/// Whether it is a normalisation's scale and shift of every channel.
[[nodiscard]] constexpr bool is_norm(parameter_kind k) {
    return k == parameter_kind::batch_norm || k == parameter_kind::frozen_norm || k == parameter_kind::layer_norm;
}
/// Whether it is read from the weights file.
[[nodiscard]] constexpr bool is_leaf(parameter_kind k) {
    return k == parameter_kind::conv || k == parameter_kind::linear || is_norm(k);
}

/// A network's parameters with their names. Points into the network's tables.
struct parameter_table {
    std::span<const parameter> all;
    const name_part* names = nullptr;
    const char* letters = nullptr;

    [[nodiscard]] const parameter& operator[](id p) const { return all[static_cast<std::size_t>(p)]; }
    [[nodiscard]] path_text name_of(id p) const { return path(names, letters, (*this)[p].name); }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
