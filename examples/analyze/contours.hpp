// Contours of regions as soft lines, from the margin by which a region's logit leads the others.
#pragma once

#include "support/engine.hpp"

namespace analyze {

/// How contours are drawn.
struct contour_style {
    double thickness = 2; ///< in pixels
    double tint = 0;      ///< share of the region's colour inside it, 0..1
    bool white = false;   ///< white lines in place of the regions' colours
};

/// Draws the contours of all regions but the background onto a picture of three channels, of any size.
void draw_contours(support::picture& on, const support::reading& r, const contour_style& style);

} // namespace analyze
