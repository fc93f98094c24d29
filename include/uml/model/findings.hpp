// What a network found in one picture: a diagnosis, a mask, and how far each can be trusted.
#pragma once

#include "uml/core/tensor.hpp"
#include "uml/evidence/dirichlet.hpp"
#include "uml/evidence/screening.hpp"
#include "uml/evidence/temperature.hpp"
#include "uml/trust/class_set.hpp"
#include "uml/trust/verdict.hpp"

#include <optional>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Views into a workspace, valid until its next run. What a network does not compute is empty: 0 classes, 0 × 0 pixels.
/// y in [0, height), x in [0, width), k in [0, regions): not checked.
template <class T> struct basic_findings {
    dirichlet<T> diagnosis;       ///< of the image, over its classes
    tensor_view<const T> logits;  ///< of the regions, height × width × regions, from the navigator
    tensor_view<const T> alpha;   ///< of the pixels' Dirichlet, from the mutual decoder, height × width × regions
    tensor_view<const T> vacuity; ///< of the pixels, height × width × 1
    uml::screening thresholds{};  ///< of the model's calibration
    double temperature = 1;       ///< likewise
    trust::class_set_rule class_sets{}; ///< likewise
    /// Distance of the picture from those of training over the threshold: up to 1 is familiar. Nothing where the
    /// weights have no statistics: not checked. familiarity_model::no_features for features that are no numbers or all
    /// 0. A program that knows the kind of its pictures resets it.
    std::optional<double> familiarity{};

    [[nodiscard]] int height() const { return logits.h; }
    [[nodiscard]] int width() const { return logits.w; }
    [[nodiscard]] int regions() const { return logits.c; }

    [[nodiscard]] T region_logit(int y, int x, int k) const { return logits(y, x, k); }
    /// The mask: the region with the largest logit, the first of equals.
    [[nodiscard]] int region(int y, int x) const {
        int best = 0;
        for (int k = 1; k < logits.c; ++k)
            if (logits(y, x, k) > logits(y, x, best)) best = k;
        return best;
    }
    /// Uncertainty of the pixel, in (0, 1]: the mutual decoder's. It is not the probability that the mask is wrong
    /// there.
    [[nodiscard]] T pixel_vacuity(int y, int x) const { return vacuity(y, x, 0); }
    [[nodiscard]] dirichlet<T> pixel(int y, int x) const { return {&alpha(y, x, 0), alpha.c}; }
    /// Whether the pixel's vacuity is within the model's threshold.
    [[nodiscard]] bool reliable(int y, int x) const { return thresholds.reliable(pixel_vacuity(y, x)); }
    /// The classes' probabilities at the model's temperature: scores, calibrated as far as one number can.
    [[nodiscard]] tempered_probabilities<T> probabilities() const { return {diagnosis, temperature}; }
    /// Whether class k is in the image's set: without calibration that is the predicted class.
    [[nodiscard]] bool in_class_set(int k) const {
        return class_sets.contains(probabilities(), static_cast<std::size_t>(k));
    }
    [[nodiscard]] int class_set_size() const {
        int count = 0;
        for (int k = 0; k < diagnosis.classes(); ++k) count += in_class_set(k) ? 1 : 0;
        return count;
    }
    /// What the picture's distance says of its kind.
    [[nodiscard]] acquaintance kind() const {
        return familiarity ? acquaintance_of(*familiarity) : acquaintance::unchecked;
    }
    /// Unfamiliar: further away than the threshold, so that class and mask should not be shown. Accepted: else, the
    /// vacuity is within the model's threshold, and one class is in the set.
    [[nodiscard]] trust::verdict verdict() const {
        if (familiarity && !(*familiarity <= 1)) return trust::verdict::unfamiliar;
        return diagnosis.classes() > 0 && thresholds.accepts(diagnosis) && class_set_size() == 1
                   ? trust::verdict::accepted
                   : trust::verdict::uncertain;
    }
    /// The verdict in words: "accepted", "refer to a human", "unfamiliar (...), refer to a human"; where the kind was
    /// not checked the words say so.
    [[nodiscard]] std::string_view verdict_text() const { return trust::words_of(verdict(), kind()); }
    /// Whether the verdict is that; else refer to a human.
    [[nodiscard]] bool accepted() const { return verdict() == trust::verdict::accepted; }
};
using findings = basic_findings<float>;

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
