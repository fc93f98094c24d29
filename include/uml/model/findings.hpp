// What a network found in one picture: a diagnosis, a mask, and how far each can be trusted.
#pragma once

#include "uml/core/tensor.hpp"
#include "uml/evidence/dirichlet.hpp"
#include "uml/evidence/screening.hpp"

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
    /// Whether the image's vacuity is within the model's threshold; else refer to a human.
    [[nodiscard]] bool accepted() const { return diagnosis.classes() > 0 && thresholds.accepts(diagnosis); }
};
using findings = basic_findings<float>;

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
