// Charts as SVG files: axes, lines, bars and a legend, in colours that stay apart for colour-blind eyes.
#pragma once

#include "support/picture.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

struct chart_point {
    double x = 0, y = 0;
};

/// A chart on white paper. Numbers outside the axes are drawn at their ends; those that are not finite are left out.
class chart {
public:
    struct axis {
        std::string label;
        double from = 0, to = 1;
    };

    enum class corner { top_left, bottom_right };

    chart(std::string_view title, axis x, axis y, corner legend = corner::top_left);

    /// A line through points. An empty name keeps it out of the legend.
    void line(std::span<const chart_point> points, color c, std::string_view name, bool dashed = false);
    /// A bar from the x axis up to `height`.
    void bar(double from, double to, double height, color c, double opacity = 1);
    /// An entry of the legend without a line of its own.
    void entry(color c, std::string_view name);

    [[nodiscard]] std::string svg() const;

private:
    [[nodiscard]] double across(double x) const;
    [[nodiscard]] double up(double y) const;
    [[nodiscard]] std::string ticks() const;
    [[nodiscard]] std::string legend() const;

    std::string title_;
    axis x_, y_;
    std::string body_;
    std::vector<std::pair<color, std::string>> legend_;
    corner corner_;
};

/// Steps of 1, 2 or 5 times a power of ten that divide a range into four to ten parts.
[[nodiscard]] double tick_step(double range);

} // namespace support
