// Convolution blocks that every network here is made of.
#pragma once

#include "uml/graph/builder.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The features of four levels, finest first.
struct pyramid {
    value at[4]{};
    constexpr value& operator[](int i) { return at[i]; }
    constexpr const value& operator[](int i) const { return at[i]; }
};

/// Convolution, normalisation, ReLU.
constexpr value conv_norm_relu(builder& g, value x, const name& conv, const name& norm, conv_spec s, norm_kind kind) {
    x = g.conv(x, conv, s);
    x = g.norm(x, norm, kind);
    return g.relu(x);
}

/// 1×1 convolution without bias, named `where`.conv.
constexpr value project(builder& g, value x, const name& where, int out) {
    return g.conv(x, where / "conv", {.out = out});
}

/// Where a double convolution keeps its four layers.
struct double_conv_names {
    int conv1 = 0, norm1 = 1, conv2 = 3, norm2 = 4;
};

/// Twice: 3×3 convolution with bias, BN, ReLU.
constexpr value double_conv(builder& g, value x, const name& where, int out, double_conv_names n = {}) {
    const name d = where / "double_conv";
    x = conv_norm_relu(g, x, d / n.conv1, d / n.norm1, {.out = out, .kernel = 3, .bias = true}, norm_kind::batch);
    return conv_norm_relu(g, x, d / n.conv2, d / n.norm2, {.out = out, .kernel = 3, .bias = true}, norm_kind::batch);
}

/// What comes first in a decoder step's concatenation.
enum class skip_order : std::uint8_t { skip_last, skip_first };

/// One step of a U-Net's decoder: upsample ×2, double convolution, concatenation with the skip, double convolution.
constexpr value up_step(builder& g, value low, value skip, const name& where, int out, skip_order order,
                        double_conv_names n = {}) {
    value x = g.resize(low, low.shape.h * 2, low.shape.w * 2);
    x = double_conv(g, x, where / "conv1", out, n);
    x = order == skip_order::skip_last ? g.concat(x, skip) : g.concat(skip, x);
    return double_conv(g, x, where / "conv2", out, n);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
