// The network of the authors' current code: two Res2Net encoders, a four-level mutual decoder, the gating navigator;
// and `edge`, the same with fewer channels and, if asked for, at half the resolution.
#pragma once

#include "uml/graph/program.hpp"
#include "uml/layers/instructor.hpp"
#include "uml/layers/mixer.hpp"
#include "uml/layers/navigator.hpp"
#include "uml/layers/res2net.hpp"
#include "uml/networks/config.hpp"

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

constexpr mutual_values release_mutual_decoder(builder& g, const pyramid& mixed, const config& c,
                                               const release_widths& w) {
    const name p("mut_feature_decoder");
    mutual_values m{};
    const value low = project(g, mixed[3], p / "conv_adj_channel4", w.decoder[3]);
    const value skip3 = project(g, mixed[2], p / "conv_adj_channel3", w.decoder[2]);
    const value skip2 = project(g, mixed[1], p / "conv_adj_channel2", w.decoder[1]);
    m.info[3] = low;
    m.info[2] = up_step(g, m.info[3], skip3, p / "up_conv4", w.decoder[2], skip_order::skip_last);
    m.info[1] = up_step(g, m.info[2], skip2, p / "up_conv3", w.decoder[1], skip_order::skip_last);
    m.info[0] = up_step(g, m.info[1], mixed[0], p / "up_conv2", w.decoder[0], skip_order::skip_last);
    constexpr const char* head[4] = {"out_conv1", "out_conv2", "out_conv3", "out_conv4"};
    for (int i = 0; i < 4; ++i) {
        value logits = project(g, m.info[i], p / head[i] / 0, w.head[i]);
        logits = project(g, logits, p / head[i] / 1, c.regions);
        const opinion_values o = evidential_head(g, logits);
        if (i == 0) m.finest = o;
        const wanted kind = i == 0 ? wanted::answer : wanted::training;
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
constexpr value release_segmentation_decoder(builder& g, const pyramid& seg, const mutual_values& m, const config& c,
                                             const release_widths& w) {
    const name p("un_seg_decoder");
    const value vacuity = m.finest.vacuity;
    const auto navigated = [&](value x, const char* layer, int level) {
        const value mutual = g.resize(m.info[0], x.is.h, x.is.w);
        const value unsure = g.resize(vacuity, x.is.h, x.is.w);
        return navigator_gate(g, x, mutual, unsure, p / layer, w.gate[level]);
    };
    const value low = project(g, seg[3], p / "conv_adj_channel4", w.decoder[3]);
    value skip3 = project(g, seg[2], p / "conv_adj_channel3", w.decoder[2]);
    skip3 = navigated(skip3, "un4", 2);
    g.output(skip3, name("tap") / "un4", wanted::taps);
    value x = up_step(g, low, skip3, p / "conv_up4", w.decoder[2], skip_order::skip_last);
    value skip2 = project(g, seg[1], p / "conv_adj_channel2", w.decoder[1]);
    skip2 = navigated(skip2, "un3", 1);
    g.output(skip2, name("tap") / "un3", wanted::taps);
    x = up_step(g, x, skip2, p / "conv_up3", w.decoder[1], skip_order::skip_last);
    const value skip1 = navigated(seg[0], "un2", 0);
    g.output(skip1, name("tap") / "un2", wanted::taps);
    x = up_step(g, x, skip1, p / "conv_up2", w.decoder[0], skip_order::skip_last);
    value logits = project(g, x, p / "conv_out", c.regions);
    logits = g.resize(logits, c.height, c.width);
    g.output(logits, name("seg_logits"));
    const value eta = g.resize(x, seg[3].is.h, seg[3].is.w);
    g.output(eta, name("tap") / "eta", wanted::taps);
    return eta;
}

constexpr void release_like(builder& g, const config& c, const release_widths& w) {
    const value image = picture(g, c);
    const pyramid cls = res2net(g, image, name("cls_feature_encoder"), w.encoder);
    const pyramid seg = res2net(g, image, name("seg_feature_encoder"), w.encoder);
    const name p("mut_feature_mixer");
    const mixer_names levels[4] = {{p / "cf_conv1", p / "sf_conv1", p / "PSA1", p / "out_conv1"},
                                   {p / "cf_conv2", p / "sf_conv2", p / "PSA2", p / "out_conv2"},
                                   {p / "cf_conv3", p / "sf_conv3", p / "PSA3", p / "out_conv3"},
                                   {p / "cf_conv4", p / "sf_conv4", p / "PSA4", p / "out_conv4"}};
    pyramid mixed{};
    for (int i = 0; i < 4; ++i) {
        mixed[i] = mixer_level(g, cls[i], seg[i], levels[i], w.mixer, w.level[i]);
        g.output(cls[i], name("tap") / "cls_features" / i, wanted::taps);
        g.output(seg[i], name("tap") / "seg_features" / i, wanted::taps);
        g.output(mixed[i], name("tap") / "mutual_features" / i, wanted::taps);
    }
    const mutual_values mutual = release_mutual_decoder(g, mixed, c, w);
    for (int i = 0; i < 4; ++i) g.output(mutual.info[i], name("tap") / "mutual_info" / i, wanted::taps);
    const value eta = release_segmentation_decoder(g, seg, mutual, c, w);
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
