// The network of the authors' current code: two Res2Net encoders, a four-level mutual decoder, the gating navigator;
// and `edge`, the same with fewer channels and, if asked for, at half the resolution.
#pragma once

#include "uml/graph/program.hpp"
#include "uml/layers/instructor.hpp"
#include "uml/layers/mixer.hpp"
#include "uml/layers/navigator.hpp"
#include "uml/layers/res2net.hpp"
#include "uml/networks/config.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The edge network's rule: channels divided by d, to the nearest multiple of 8, at least 8.
[[nodiscard]] constexpr int divided(int channels, int d) {
    const int eights = (2 * channels + 8 * d) / (16 * d); // floor(c / 8d + 1/2)
    return eights < 1 ? 8 : 8 * eights;
}

/// Channel counts of the release network and, divided, of the edge network.
struct release_widths {
    res2net_widths encoder{};
    int mixer = 256;                      ///< each entry convolution
    int level[4] = {64, 256, 512, 1024};  ///< the mixer's results
    int decoder[4] = {64, 128, 256, 512}; ///< both decoders, finest first
    int head[4] = {32, 64, 128, 256};     ///< inside the mutual heads
    int gate[3] = {32, 64, 128};          ///< inside the navigators, finest first
    int classifier[4] = {1024, 512, 512, 1024};
};
[[nodiscard]] constexpr release_widths divided(release_widths w, int d) {
    const auto all = [d](auto& counts) {
        for (int& c : counts) c = divided(c, d);
    };
    w.encoder.stem1 = divided(w.encoder.stem1, d);
    w.encoder.stem2 = divided(w.encoder.stem2, d);
    w.encoder.stem3 = divided(w.encoder.stem3, d);
    w.mixer = divided(w.mixer, d);
    all(w.encoder.group);
    all(w.encoder.out);
    all(w.level);
    all(w.decoder);
    all(w.head);
    all(w.gate);
    all(w.classifier);
    return w;
}

/// What the mutual decoder makes.
struct mutual_values {
    pyramid info;            ///< features, finest first
    opinion_values finest{}; ///< the pixels' opinion at the decoder's own size
};

/// What a decoder reads of level `i`: the finest as it is, others with as many channels as the decoder has there.
constexpr value decoder_skip(builder& g, value x, const name& decoder, int i, const release_widths& w) {
    constexpr const char* layer[4] = {"", "conv_adj_channel2", "conv_adj_channel3", "conv_adj_channel4"};
    return i == 0 ? x : project(g, x, decoder / layer[i], w.decoder[i]);
}

constexpr mutual_values release_mutual_decoder(builder& g, const name& p, const pyramid& skip, const config& c,
                                               const release_widths& w) {
    mutual_values m{};
    m.info[3] = skip[3];
    m.info[2] = up_step(g, m.info[3], skip[2], p / "up_conv4", w.decoder[2], skip_order::skip_last);
    m.info[1] = up_step(g, m.info[2], skip[1], p / "up_conv3", w.decoder[1], skip_order::skip_last);
    m.info[0] = up_step(g, m.info[1], skip[0], p / "up_conv2", w.decoder[0], skip_order::skip_last);
    constexpr const char* head[4] = {"out_conv1", "out_conv2", "out_conv3", "out_conv4"};
    for (int i = 0; i < 4; ++i) {
        value logits = project(g, m.info[i], p / head[i] / 0, w.head[i]);
        logits = project(g, logits, p / head[i] / 1, c.regions);
        const opinion_values o = evidential_head(g, logits);
        if (i == 0) m.finest = o;
        const output_set kind = i == 0 ? output_set::answer : output_set::training;
        value alpha = o.alpha, vacuity = o.vacuity;
        if (i > 0) { // for deep supervision, each resized by itself: vacuity is no longer K / Σ alpha there
            alpha = g.resize(alpha, c.height, c.width);
            vacuity = g.resize(vacuity, c.height, c.width);
        } else if (c.stem_stride > 1) {
            const value evidence = g.resize(o.evidence, c.height, c.width);
            const opinion_values full = dirichlet_of(g, evidence);
            alpha = full.alpha;
            vacuity = full.vacuity;
        }
        g.output(alpha, name("mutual_alpha") / i, kind);
        g.output(vacuity, name("mutual_uncertainty") / i, kind);
    }
    return m;
}

/// The navigator's decoder: region logits, and eta for the classifier.
constexpr value release_segmentation_decoder(builder& g, const name& p, const pyramid& skip, const mutual_values& m,
                                             const config& c, const release_widths& w) {
    constexpr const char* layer[3] = {"un2", "un3", "un4"};
    constexpr const char* up[3] = {"conv_up2", "conv_up3", "conv_up4"};
    value x = skip[3];
    for (int i = 2; i >= 0; --i) {
        const value mutual = g.resize(m.info[0], skip[i].shape.h, skip[i].shape.w);
        const value unsure = g.resize(m.finest.vacuity, skip[i].shape.h, skip[i].shape.w);
        const value gated = navigator_gate(g, skip[i], mutual, unsure, p / layer[i], w.gate[i]);
        g.output(gated, name("tap") / layer[i], output_set::taps);
        x = up_step(g, x, gated, p / up[i], w.decoder[i], skip_order::skip_last);
    }
    value logits = project(g, x, p / "conv_out", c.regions);
    logits = g.resize(logits, c.height, c.width);
    g.output(logits, name("seg_logits"));
    const value eta = g.resize(x, skip[3].shape.h, skip[3].shape.w);
    g.output(eta, name("tap") / "eta", output_set::taps);
    return eta;
}

constexpr void release_like(builder& g, const config& c, const release_widths& w) {
    const value image = picture(g, c);
    const name p("mut_feature_mixer"), mutual_decoder("mut_feature_decoder"), seg_decoder("un_seg_decoder");
    const mixer_names levels[4] = {{p / "cf_conv1", p / "sf_conv1", p / "PSA1", p / "out_conv1"},
                                   {p / "cf_conv2", p / "sf_conv2", p / "PSA2", p / "out_conv2"},
                                   {p / "cf_conv3", p / "sf_conv3", p / "PSA3", p / "out_conv3"},
                                   {p / "cf_conv4", p / "sf_conv4", p / "PSA4", p / "out_conv4"}};
    pyramid cls{}, seg{}, mutual_skip{}, seg_skip{};
    for (int i = 0; i < 4; ++i) { // level by level, down to what decoders read: no level's wide features stay in memory
        cls[i] = res2net_level(g, i == 0 ? image : cls[i - 1], name("cls_feature_encoder"), i, w.encoder);
        seg[i] = res2net_level(g, i == 0 ? image : seg[i - 1], name("seg_feature_encoder"), i, w.encoder);
        if (i == 3) { // on whose precision this level's spatial attention hangs: see mixer_level
            cls[i] = g.keep_precise(cls[i]);
            seg[i] = g.keep_precise(seg[i]);
        }
        value mixed = mixer_level(g, cls[i], seg[i], levels[i], w.mixer, w.level[i]);
        if (i == 3) mixed = g.keep_precise(mixed);
        mutual_skip[i] = decoder_skip(g, mixed, mutual_decoder, i, w);
        seg_skip[i] = decoder_skip(g, seg[i], seg_decoder, i, w);
        g.output(cls[i], name("tap") / "cls_features" / i, output_set::taps);
        g.output(seg[i], name("tap") / "seg_features" / i, output_set::taps);
        g.output(mixed, name("tap") / "mutual_features" / i, output_set::taps);
    }
    familiar_features(g, cls[3]);
    const mutual_values mutual = release_mutual_decoder(g, mutual_decoder, mutual_skip, c, w);
    for (int i = 0; i < 4; ++i) g.output(mutual.info[i], name("tap") / "mutual_info" / i, output_set::taps);
    const value eta = release_segmentation_decoder(g, seg_decoder, seg_skip, mutual, c, w);
    const name u("un_cls_decoder");
    instructor_names n{};
    n.head = u / "cls_head";
    n.reliable = u / "conv_reliable";
    n.predict = u / "cls_predict" / 0;
    const opinion_values o = instructor(g, cls[3], eta, n, w.classifier, c.classes);
    g.output(o.alpha, name("cls_alpha"));
    g.output(o.vacuity, name("cls_uncertainty"));
}

/// The network of the authors' current code. Three input channels, or grey pictures that stand for them.
struct release_network {
    static constexpr std::string_view label = "release";
    static constexpr void describe(builder& g, const config& c) {
        if (!check_published(g, c)) return;
        release_like(g, c, release_widths{});
    }
};

/// Ours, for small machines: the release network with every channel count divided.
struct edge_network {
    static constexpr std::string_view label = "edge";
    static constexpr void describe(builder& g, const config& c) {
        if (!check(g, c)) return;
        release_widths w = divided(release_widths{}, c.channel_divisor);
        w.encoder.stem_stride = c.stem_stride;
        release_like(g, c, w);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
