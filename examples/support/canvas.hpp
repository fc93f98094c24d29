// Drawing on pictures of three channels: boxes, lines and text with soft edges. What lies outside is cut off.
#pragma once

#include "support/picture.hpp"

#include <string_view>

namespace support {

/// A box in pixels: its left and top edge, width and height.
struct box {
    double x = 0, y = 0, width = 0, height = 0;
};

/// Covers the share `cover` in [0, 1] of one pixel with a colour.
void blend(picture& on, int y, int x, color c, double cover);

/// A filled box with round corners.
void draw_box(picture& on, const box& b, color c, double radius = 0);

/// A straight stroke with round ends.
void draw_line(picture& on, double x0, double y0, double x1, double y1, double thickness, color c);

/// Copies a picture of three channels to (x, y).
void draw_picture(picture& on, const picture& p, int x, int y);

/// Text in the library's own stroke font; `height` is that of a capital letter, `y` its top. UTF-8 beyond ASCII shows
/// as a box.
void draw_text(picture& on, double x, double y, double height, color c, std::string_view text);

/// Width of the text in pixels.
[[nodiscard]] double text_width(double height, std::string_view text);

/// The text, or its beginning and three dots where it is wider than `most` pixels.
[[nodiscard]] std::string fit_text(double height, double most, std::string_view text);

} // namespace support
