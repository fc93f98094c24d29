// A stroke font drawn for these programs: letters as lines and curves on a small grid.
#pragma once

#include <string_view>
#include <vector>

namespace support {

/// A point in units of the font: capital letters reach from y = 0 down to 16, lower-case ones from 5, tails to 21.
struct font_point {
    double x = 0, y = 0;
};

/// One glyph: its width without the gap to the next, and its strokes as lines through points.
struct glyph {
    double width = 0;
    std::vector<std::vector<font_point>> strokes;
};

inline constexpr double font_capital = 16, font_gap = 4, font_stroke = 2;

/// The glyph of a character; a box for any that the font lacks.
[[nodiscard]] glyph glyph_of(char c);

} // namespace support
