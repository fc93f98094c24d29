// The network of the code published with the paper: Res2Net and VGG16 encoders, a one-level mutual decoder, the masking
// navigator.
#pragma once

#include "uml/layers/instructor.hpp"
#include "uml/layers/mixer.hpp"
#include "uml/layers/navigator.hpp"
#include "uml/layers/res2net.hpp"
#include "uml/layers/vgg.hpp"
#include "uml/networks/config.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

struct paper_network {
    static constexpr std::string_view label = "paper";
    static constexpr double_conv_names convs{0, 1, 4, 5};

    static constexpr void describe(builder& g, const config& c) {
        if (!check_published(g, c)) return;
        const value image = picture(g, c);
        pyramid cls{}, seg{}, mixed{};
        for (int i = 0; i < 4; ++i) { // level by level: a level's features are mixed before the next ones need memory
            cls[i] = res2net_level(g, i == 0 ? image : cls[i - 1], name("cls_feature_encoder"), i);
            seg[i] = vgg16_level(g, i == 0 ? image : seg[i - 1], name("seg_feature_encoder"), i);
            if (i == 3) cls[i] = g.keep_precise(cls[i]); // see mixer_level
            mixed[i] = mix(g, cls[i], seg[i], i);
        }
        familiar_features(g, cls[3]);
        value evidence{}, vacuity{};
        mutual_decoder(g, mixed, c, evidence, vacuity);
        const value eta = navigate(g, seg, mixed, evidence, vacuity, c);
        const name u("UI");
        instructor_names n{};
        n.head = u / "cls_head" / "cls_head";
        n.step = 3;
        n.depthwise = "conv1";
        n.pointwise = "pointwise";
        n.reliable = u / "conv_reliable";
        n.predict = u / "cls_predict" / 0;
        n.double_conv = convs;
        constexpr int classifier[4] = {1024, 512, 512, 1024};
        const value features = g.concat(cls[3], mixed[3]);
        const opinion_values o = instructor(g, features, eta, n, classifier, c.classes);
        g.output(o.alpha, name("cls_alpha"));
        g.output(o.vacuity, name("cls_uncertainty"));
    }

private:
    /// Upsample ×2, double convolution, concatenation with the skip before it.
    static constexpr value up(builder& g, value low, value skip, const name& where, int out) {
        value x = g.resize(low, low.shape.h * 2, low.shape.w * 2);
        x = double_conv(g, x, where / "conv", out, convs);
        return g.concat(skip, x);
    }

    static constexpr value mix(builder& g, value cls, value seg, int i) {
        const name p("feature_mixer");
        const mixer_names levels[4] = {{p / "cf_conv1", p / "sf_conv1", p / "PSA1", p / "f_conv1"},
                                       {p / "cf_conv2", p / "sf_conv2", p / "PSA2", p / "f_conv2"},
                                       {p / "cf_conv3", p / "sf_conv3", p / "PSA3", p / "f_conv3"},
                                       {p / "cf_conv4", p / "sf_conv4", p / "PSA4", {}}};
        constexpr int out[4] = {64, 128, 256, 0}; // no output convolution at the deepest level
        const value mixed = mixer_level(g, cls, seg, levels[i], 256, out[i]);
        g.output(cls, name("tap") / "cls_features" / i, output_set::taps);
        g.output(seg, name("tap") / "seg_features" / i, output_set::taps);
        g.output(mixed, name("tap") / "mutual_features" / i, output_set::taps);
        return mixed;
    }

    static constexpr void mutual_decoder(builder& g, const pyramid& mixed, const config& c, value& evidence,
                                         value& vacuity) {
        const name p("mutual_feature_decoder"); // counts from the deep end, unlike the navigator
        const value up1 = up(g, mixed[3], mixed[2], p / "up_conv1", 256);
        const value up2 = up(g, up1, mixed[1], p / "up_conv2", 128);
        const value up3 = up(g, up2, mixed[0], p / "up_conv3", 64);
        value logits = project(g, up3, p / "out_conv1", 32);
        logits = project(g, logits, p / "out_conv2", c.regions);
        const opinion_values o = evidential_head(g, logits);
        g.output(o.alpha, name("mutual_alpha"));
        g.output(o.vacuity, name("mutual_uncertainty"));
        const value info[3] = {up3, up2, up1};
        for (int i = 0; i < 3; ++i) g.output(info[i], name("tap") / "mutual_info" / i, output_set::taps);
        evidence = o.evidence;
        vacuity = o.vacuity;
    }

    static constexpr value navigate(builder& g, const pyramid& seg, const pyramid& mixed, value evidence, value vacuity,
                                    const config& c) {
        const name p("UN");
        const int h = seg[3].shape.h, w = seg[3].shape.w;
        const value low_vacuity = g.resize(vacuity, h, w);
        const value low_evidence = g.resize(evidence, h, w);
        value f = g.concat(seg[3], mixed[3]);
        f = reliable(g, f, low_vacuity);
        f = g.keep_precise(f);
        f = project(g, f, p / "conv_bottom", 512);
        g.output(f, name("tap") / "bottom", output_set::taps);
        value logits[4]{};
        logits[3] = project(g, f, p / "conv_out3", c.regions);
        masked deep = navigator_mask(g, f, logits[3], low_evidence, low_vacuity, p / "UN_C3");
        deep.features = g.keep_precise(deep.features);
        g.output(deep.mask, name("tap") / "reliable_mask" / 3, output_set::taps);
        g.output(deep.features, name("tap") / "un3", output_set::taps);
        f = up(g, deep.features, seg[2], p / "conv_up3", 256);
        logits[2] = project(g, f, p / "conv_out2", c.regions);
        f = up(g, f, seg[1], p / "conv_up2", 128);
        logits[1] = project(g, f, p / "conv_out1", c.regions);
        f = up(g, f, seg[0], p / "conv_up1", 64);
        logits[0] = project(g, f, p / "conv_out0", c.regions);
        for (int i = 0; i < 4; ++i) {
            const value full = g.resize(logits[i], c.height, c.width);
            g.output(full, name("seg_logits") / i, i == 0 ? output_set::answer : output_set::training);
        }
        const masked fine = navigator_mask(g, f, logits[0], evidence, vacuity, p / "UN_C0");
        g.output(fine.mask, name("tap") / "reliable_mask" / 0, output_set::taps);
        const value eta = g.resize(fine.features, h, w);
        g.output(eta, name("tap") / "eta", output_set::taps);
        return eta;
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
