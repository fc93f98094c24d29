// The pictures that uml-analyze makes for people: the overlay and the uncertainty heat map, each with its legend.
#pragma once

#include "support/engine.hpp"
#include "support/maps.hpp"

#include <string>
#include <string_view>

namespace analyze {

/// Everything a figure shows of one picture.
struct subject {
    const support::picture& image; ///< as read, at its own size
    const support::reading& says;
    const support::model_facts& model;
    const std::vector<support::region_summary>& regions;
    std::string_view name; ///< of the file
    bool withheld = false; ///< neither class nor mask is shown
};

/// The picture with every region's contour in its colour, beside the class, its scores and the verdict.
[[nodiscard]] support::picture overlay_figure(const subject& s);

/// Vacuity of every pixel as colour, with contours, a scale bar from 0 to 1 and the numbers of every region.
[[nodiscard]] support::picture uncertainty_figure(const subject& s);

} // namespace analyze
