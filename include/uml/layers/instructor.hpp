// The Uncertainty Instructor: reliable segmentation features tell the classifier where to look (Ren et al. 2023,
// section 2.4).
#pragma once

#include "uml/layers/evidential_head.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// How a checkpoint names the classifier's layers.
struct instructor_names {
    name head;    ///< of the separable convolutions
    int step = 4; ///< from one of them to the next
    const char* depthwise = "conv";
    const char* pointwise = "point_wise_conv";
    name reliable, predict;
    double_conv_names double_conv{};
};

/// Four times: depthwise 3×3 of dilation 2, 1×1, BN, ReLU. `out`: channels after each.
constexpr value classification_head(builder& g, value x, const instructor_names& n, const int (&out)[4]) {
    for (int i = 0; i < 4; ++i) {
        const name layer = n.head / (i * n.step);
        x = g.conv(x, layer / n.depthwise, {.out = x.shape.c, .kernel = 3, .dilation = 2, .depthwise = true});
        x = conv_norm_relu(g, x, layer / n.pointwise, n.head / (i * n.step + 1), {.out = out[i]}, norm_kind::batch);
    }
    return x;
}

/// The class opinion of `features`, instructed by `eta` of the same height and width.
constexpr opinion_values instructor(builder& g, value features, value eta, const instructor_names& n,
                                    const int (&out)[4], int classes) {
    const value c = classification_head(g, features, n, out);
    const value rho = double_conv(g, eta, n.reliable, out[3], n.double_conv);
    const value instructed = g.multiply(c, rho);
    value pooled = g.add(c, instructed);
    pooled = g.global_average(pooled);
    const value logits = g.linear(pooled, n.predict, {.out = classes});
    return evidential_head(g, logits);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
