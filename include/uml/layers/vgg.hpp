// VGG16-BN (Simonyan and Zisserman, ICLR 2015) as an encoder, without its last level.
#pragma once

#include "uml/layers/blocks.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Level `level` of four: 64, 128, 256 and 512 channels, at the picture's size, a half, a quarter and an eighth of it.
/// `x`: the picture, or the level before.
constexpr value vgg16_level(builder& g, value x, const name& where, int level) {
    constexpr const char* layer[4][3] = {{"conv1_1", "conv1_2", nullptr},
                                         {"conv2_1", "conv2_2", nullptr},
                                         {"conv3_1", "conv3_2", "conv3_3"},
                                         {"conv4_1", "conv4_2", "conv4_3"}};
    constexpr int channels[4] = {64, 128, 256, 512};
    if (level > 0) x = g.max_pool(x, {2, 2, 0, 1});
    for (const char* const* word = layer[level]; word < layer[level] + 3 && *word != nullptr; ++word) {
        const name n = where / *word;
        x = conv_norm_relu(g, x, n / "conv", n / "bn", {.out = channels[level], .kernel = 3, .bias = true},
                           norm_kind::frozen);
    }
    return x;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
