// Screening: which images and which pixels are certain enough to be used without a human, and which are referred.
#pragma once

#include "uml/core/result.hpp"
#include "uml/evidence/dirichlet.hpp"
#include "uml/evidence/opinion.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Largest vacuities that are accepted, in [0, 1]. Calibration chooses them on data that the network was not trained on
/// (see uml/trust.hpp). The defaults accept nothing, since vacuity is never 0: without calibration all is referred.
struct screening {
    float image_vacuity = 0;
    float pixel_vacuity = 0;
    float image_distance = 0; ///< of familiarity, above which a picture is of no known kind; 0: that is not checked

    /// Whether an image's vacuity is low enough; never for NaN. It is compared in the threshold's precision, so that
    /// 0.7 is within 0.7f.
    template <std::floating_point T> [[nodiscard]] constexpr bool accepts(T vacuity) const {
        return static_cast<float>(vacuity) <= image_vacuity;
    }
    template <class T> [[nodiscard]] constexpr bool accepts(const dirichlet<T>& diagnosis) const {
        return accepts(diagnosis.vacuity());
    }
    template <class T> [[nodiscard]] constexpr bool accepts(const opinion<T>& diagnosis) const {
        return accepts(diagnosis.vacuity());
    }
    /// Anything with a member `diagnosis` that has a vacuity, such as findings.
    template <class F>
    requires requires(const F& f) { f.diagnosis.vacuity(); }
    [[nodiscard]] constexpr bool accepts(const F& findings) const { return accepts(findings.diagnosis.vacuity()); }

    /// Whether a pixel's vacuity is low enough, compared likewise; never for NaN.
    template <std::floating_point T> [[nodiscard]] constexpr bool reliable(T vacuity) const {
        return static_cast<float>(vacuity) <= pixel_vacuity;
    }

    /// Writes 1 for every reliable pixel and 0 for the others. Fails when `mask` is smaller than `vacuity`.
    template <class T> constexpr result<void> reliable_mask(std::span<T> vacuity, std::span<std::uint8_t> mask) const {
        if (mask.size() < vacuity.size())
            return fail(errc::too_small, {"reliable mask: room for ", std::uint64_t{mask.size()}, " pixels, ",
                                          static_cast<std::uint64_t>(vacuity.size()), " are needed"});
        for (std::size_t p = 0; p < vacuity.size(); ++p) mask[p] = reliable(vacuity[p]) ? 1 : 0;
        return {};
    }

    /// Share of the pixels that are reliable, in [0, 1]; 0 for no pixels.
    template <class T> [[nodiscard]] constexpr double fraction_reliable(std::span<T> vacuity) const {
        std::size_t count = 0;
        for (const T u : vacuity) count += reliable(u) ? 1u : 0u;
        return vacuity.empty() ? 0.0 : static_cast<double>(count) / static_cast<double>(vacuity.size());
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
