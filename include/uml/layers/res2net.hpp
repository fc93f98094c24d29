// Res2Net-50-v1b-26w-4s (Gao et al., TPAMI 2021), the encoder of the UML networks, without its last stage.
#pragma once

#include "uml/layers/blocks.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Channel counts of a Res2Net encoder.
struct res2net_widths {
    int stem1 = 32, stem2 = 32, stem3 = 64; ///< the three stem convolutions
    int group[3] = {26, 52, 104};           ///< of one of the four groups, by layer
    int out[3] = {256, 512, 1024};          ///< of a block's result, by layer
    int stem_stride = 1;                    ///< of the first convolution
};

/// One block: 1×1, four groups of which three pass 3×3 convolutions and feed each other, 1×1, shortcut.
/// `first`: the first block of a layer, which strides, pools and does not feed its groups. `kind`: the published
/// encoder's norms have no eps; those of PyTorch, norm_kind::batch, differ by a tenth where variances are small.
constexpr value res2net_block(builder& g, value x, const name& where, int width, int out, int stride, bool first,
                              norm_kind kind = norm_kind::frozen) {
    const value y = conv_norm_relu(g, x, where / "conv1", where / "bn1", {.out = 4 * width}, kind);
    value part[4]{};
    for (int i = 0; i < 4; ++i) part[i] = g.slice(y, i * width, width);
    for (int i = 0; i < 3; ++i) {
        value in = part[i];
        if (i > 0 && !first) in = g.add(in, part[i - 1]);
        part[i] = conv_norm_relu(g, in, where / "convs" / i, where / "bns" / i,
                                 {.out = width, .kernel = 3, .stride = stride}, kind);
    }
    const window pooled{3, static_cast<std::int16_t>(stride), 1, 1};
    if (first) part[3] = g.average_pool(part[3], pooled);
    value z = g.concat(part[0], part[1], part[2], part[3]);
    z = g.conv(z, where / "conv3", {.out = out});
    z = g.norm(z, where / "bn3", kind);
    value shortcut = x;
    if (first) {
        const window halved{static_cast<std::int16_t>(stride), static_cast<std::int16_t>(stride), 0, 1};
        if (stride > 1) shortcut = g.average_pool(shortcut, halved);
        shortcut = g.conv(shortcut, where / "downsample" / 1, {.out = out});
        shortcut = g.norm(shortcut, where / "downsample" / 2, kind);
    }
    z = g.add(z, shortcut);
    return g.relu(z);
}

/// Level `level` of four: 0 is the stem, at the picture's size (divided by the stem's stride), the others a half, a
/// quarter and an eighth of it. `x`: the picture, or the level before.
constexpr value res2net_level(builder& g, value x, const name& where, int level, const res2net_widths& w = {},
                              norm_kind kind = norm_kind::frozen) {
    if (level == 0) {
        const name stem = where / "conv1";
        x = conv_norm_relu(g, x, stem / 0, stem / 1, {.out = w.stem1, .kernel = 3, .stride = w.stem_stride}, kind);
        x = conv_norm_relu(g, x, stem / 3, stem / 4, {.out = w.stem2, .kernel = 3}, kind);
        return conv_norm_relu(g, x, stem / 6, where / "bn1", {.out = w.stem3, .kernel = 3}, kind);
    }
    constexpr const char* layer[4] = {"", "layer1", "layer2", "layer3"};
    constexpr int blocks[4] = {0, 3, 4, 6};
    if (level == 1) x = g.max_pool(x, {3, 2, 1, 1});
    for (int i = 0; i < blocks[level]; ++i)
        x = res2net_block(g, x, where / layer[level] / i, w.group[level - 1], w.out[level - 1],
                          i == 0 && level > 1 ? 2 : 1, i == 0, kind);
    return x;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
