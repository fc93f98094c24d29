#include "analyze/figures.hpp"

#include "analyze/contours.hpp"
#include "analyze/outcome.hpp"
#include "support/canvas.hpp"
#include "support/palette.hpp"
#include "support/resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace analyze {
namespace {

namespace ink = support::ink;

constexpr int least_side = 640, most_side = 2000; // of the longer side of a picture in a figure
constexpr double scale_height = 260;
constexpr int most_classes = 6, most_regions = 7;

std::string fixed(double value, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

// A picture as figures show it, and the size of everything beside it.
struct frame {
    support::picture shown;
    double unit; // 1 where the longer side is least_side
};

frame frame_of(const support::picture& image) {
    const int longer = std::max(image.height, image.width);
    const double scale = static_cast<double>(std::clamp(longer, least_side, most_side)) / longer;
    const auto size = [&](int n) { return std::max(1, static_cast<int>(std::lround(n * scale))); };
    support::picture shown = support::resize(support::to_color(image), size(image.height), size(image.width));
    return {std::move(shown), std::max(1.0, longer * scale / least_side)};
}

// A figure: the picture at the left, a panel of the given width and least height (in units) at its right.
struct figure {
    support::picture canvas;
    double left, right; // of the panel's text
};

figure place(const frame& f, double panel_width, double least_height) {
    const int height = std::max(f.shown.height, static_cast<int>(std::ceil(least_height * f.unit)));
    const int panel = static_cast<int>(std::ceil(panel_width * f.unit));
    support::picture canvas(height, f.shown.width + panel, 3);
    const double gap = 24 * f.unit;
    support::draw_box(canvas, {0, 0, 1.0 * canvas.width, 1.0 * height}, ink::paper);
    support::draw_box(canvas, {1.0 * f.shown.width, 0, 1.0 * panel, 1.0 * height}, ink::panel);
    support::draw_picture(canvas, f.shown, 0, (height - f.shown.height) / 2);
    const double right = canvas.width - gap; // before the canvas moves
    return {std::move(canvas), f.shown.width + gap, right};
}

// Writes down the panel, line by line.
class pen {
public:
    pen(figure& f, double unit) : f_(f), unit_(unit), y_(26 * unit) {}

    void skip(double units) { y_ += units * unit_; }
    [[nodiscard]] double y() const { return y_; }
    [[nodiscard]] double width() const { return f_.right - f_.left; }

    void line(std::string_view text, double height, support::color c) {
        const double h = height * unit_;
        support::draw_text(f_.canvas, f_.left, y_, h, c, support::fit_text(h, width(), text));
        skip(height * 1.9);
    }

    // A text at the left and one at the right end of the same line.
    void pair(std::string_view left, std::string_view right, double height, support::color c, double indent = 0) {
        const double h = height * unit_, room = support::text_width(h, right);
        const double start = f_.left + indent * unit_;
        support::draw_text(f_.canvas, start, y_, h, c,
                           support::fit_text(h, f_.right - start - room - 10 * unit_, left));
        support::draw_text(f_.canvas, f_.right - room, y_, h, c, right);
        skip(height * 1.9);
    }

    // A text broken between words where it is wider than the panel.
    void paragraph(std::string_view text, double height, support::color c) {
        std::string row;
        while (!text.empty()) {
            const std::size_t end = std::min(text.find(' '), text.size());
            const std::string longer =
                row.empty() ? std::string(text.substr(0, end)) : row + " " + std::string(text.substr(0, end));
            if (!row.empty() && support::text_width(height * unit_, longer) > width()) {
                line(row, height, c);
                row = text.substr(0, end);
            } else {
                row = longer;
            }
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        line(row, height, c);
    }

    void bar(double value, support::color c, double limit = -1) {
        const double h = 8 * unit_;
        support::draw_box(f_.canvas, {f_.left, y_, width(), h}, ink::rule, h / 2);
        const double filled = std::max(h, width() * std::clamp(value, 0.0, 1.0));
        support::draw_box(f_.canvas, {f_.left, y_, filled, h}, c, h / 2);
        if (limit >= 0 && limit < 1) {
            const double x = f_.left + width() * limit;
            support::draw_line(f_.canvas, x, y_ - 4 * unit_, x, y_ + h + 4 * unit_, 2 * unit_, ink::text);
        }
        skip(22);
    }

    void rule() {
        support::draw_box(f_.canvas, {f_.left, y_, width(), std::max(1.0, unit_)}, ink::rule);
        skip(18);
    }

    void badge(std::string_view text, support::color c) {
        const double h = 13 * unit_, high = 34 * unit_;
        support::draw_box(f_.canvas, {f_.left, y_, width(), high}, c, 6 * unit_);
        support::draw_text(f_.canvas, f_.left + (width() - support::text_width(h, text)) / 2, y_ + (high - h) / 2, h,
                           ink::paper, text);
        skip(54);
    }

    void swatch(support::color c) { support::draw_box(f_.canvas, {f_.left, y_, 13 * unit_, 13 * unit_}, c, 3 * unit_); }

private:
    figure& f_;
    double unit_, y_;
};

void footer(figure& f, double unit) {
    const double h = 8.5 * unit;
    support::draw_text(f.canvas, f.left, f.canvas.height - 22 * unit, h, ink::faint,
                       support::fit_text(h, f.right - f.left, "For research. Not a medical device."));
}

// Where the scale of vacuity ends: the same for all pictures of a network whose vacuity stays near or below its limit,
// further up where a picture needs it.
double scale_end(float most, double limit) {
    for (const double end : {0.2, 0.4, 0.6, 0.8})
        if (static_cast<double>(most) <= end && 1.2 * limit <= end) return end;
    return 1;
}

void draw_scale(figure& f, double top, double unit, double end, double limit) {
    const double tall = scale_height * unit, wide = 26 * unit;
    for (int y = 0; y < static_cast<int>(tall); ++y)
        support::draw_box(f.canvas, {f.left, std::floor(top) + y, wide, 1}, support::heat(1 - (y + 0.5) / tall));
    const auto mark = [&](double value, std::string_view label, support::color c) {
        const double x = f.left + wide, y = top + (1 - value / end) * tall;
        support::draw_line(f.canvas, x + 3 * unit, y, x + 9 * unit, y, 1.5 * unit, c);
        support::draw_text(f.canvas, x + 16 * unit, y - 5 * unit, 10 * unit, c, label);
    };
    const bool limited = limit > 0 && limit < end;
    for (const double part : {0.0, 0.25, 0.5, 0.75, 1.0})
        if (!limited || std::fabs(part - limit / end) > 0.06) mark(part * end, fixed(part * end, 2), ink::faint);
    if (limited) mark(limit, fixed(limit, 3) + " reliable below", ink::text);
}

} // namespace

support::picture overlay_figure(const subject& s) {
    frame shown = frame_of(s.image);
    if (!s.withheld) draw_contours(shown.shown, s.says, {2 * shown.unit, 0.16});
    const int classes = std::min(most_classes, static_cast<int>(s.model.classes.size()));
    const int regions = std::min(most_regions, static_cast<int>(s.model.regions.size()));
    figure f = place(shown, 360, 450 + 44.0 * classes + 44.0 * regions);
    pen p(f, shown.unit);

    const auto predicted = static_cast<std::size_t>(s.says.predicted);
    p.line(s.name, 9.5, ink::faint);
    p.skip(6);
    if (s.withheld)
        p.line("class and mask withheld", 15, ink::text);
    else if (s.says.class_set.size() == 1)
        p.line(s.model.classes[predicted], 24, ink::text);
    else
        p.line(class_set_text(s.says.class_set, s.model.classes), 15, ink::text);
    p.skip(6);
    if (s.says.accepted)
        p.badge("accepted", ink::yes);
    else
        p.badge(s.says.verdict == uml::trust::verdict::unfamiliar ? "unfamiliar" : "refer to a human", ink::no);
    if (s.says.familiarity) {
        const bool none = *s.says.familiarity >= uml::familiarity_model::no_features;
        p.pair("distance / limit", none ? "no features" : fixed(*s.says.familiarity, 2), 12, ink::text);
        p.bar(*s.says.familiarity / 2, *s.says.familiarity <= 1 ? ink::yes : ink::no, 0.5);
    } else {
        p.line("kind of picture: not checked", 12, ink::no);
    }
    if (s.says.kind == uml::acquaintance::unusual) p.line("unusual: other scanner or framing?", 11, ink::text);
    if (s.withheld) {
        p.paragraph(
            "The picture is unlike those that the network was trained on. What it says of it would mean nothing.", 11,
            ink::text);
        footer(f, shown.unit);
        return f.canvas;
    }

    p.pair("vacuity", fixed(s.says.vacuity, 3), 12, ink::text);
    p.bar(s.says.vacuity, s.says.accepted ? ink::yes : ink::no, s.model.most_image_vacuity);
    p.line("limit for accepting: " + fixed(s.model.most_image_vacuity, 3), 9.5, ink::faint);
    p.skip(2);
    p.rule();

    std::vector<std::size_t> order(s.model.classes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return s.says.probability[a] > s.says.probability[b]; });
    p.line("probability", 9.5, ink::faint);
    p.skip(5);
    for (std::size_t i = 0; i < static_cast<std::size_t>(classes); ++i) {
        const std::size_t k = order[i];
        p.pair(s.model.classes[k], fixed(s.says.probability[k], 3), 12, k == predicted ? ink::text : ink::faint);
        p.bar(s.says.probability[k], k == predicted ? ink::text : ink::faint);
    }
    p.rule();

    p.pair("region", "area", 9.5, ink::faint);
    p.skip(5);
    for (std::size_t k = 1; k < static_cast<std::size_t>(regions); ++k) {
        p.swatch(support::region_color(static_cast<int>(k)));
        p.pair(s.model.regions[k], s.regions[k].pixels == 0 ? "none" : fixed(100 * s.regions[k].share, 2) + " %", 12,
               ink::text, 22);
        if (s.regions[k].pixels == 0) continue;
        const std::size_t parts = s.regions[k].parts.size();
        p.pair(std::to_string(parts) + (parts == 1 ? " part" : " parts") + ", mean vacuity",
               fixed(s.regions[k].mean_vacuity, 3), 9.5, ink::faint, 22);
    }
    footer(f, shown.unit);
    return f.canvas;
}

support::picture uncertainty_figure(const subject& s) {
    frame shown = frame_of(s.image);
    const int height = shown.shown.height, width = shown.shown.width;
    const double scale = scale_end(*std::max_element(s.says.pixel_vacuity.begin(), s.says.pixel_vacuity.end()),
                                   s.model.most_pixel_vacuity);
    support::resized_rows vacuity(s.says.pixel_vacuity.data(), s.says.height, s.says.width, 1, height, width);
    double sum = 0, least = 1, most = 0;
    for (int y = 0; y < height; ++y) {
        const float* row = vacuity.row(y);
        for (int x = 0; x < width; ++x) {
            const auto u = static_cast<double>(row[x]);
            sum += u, least = std::min(least, u), most = std::max(most, u);
            const support::color c = support::heat(u / scale);
            std::copy(c.begin(), c.end(), shown.shown.at(y, x));
        }
    }
    draw_contours(shown.shown, s.says, {1.5 * shown.unit, 0, true});

    const int regions = std::min(most_regions, static_cast<int>(s.model.regions.size()));
    figure f = place(shown, 300, 520 + 24.0 * regions);
    pen p(f, shown.unit);
    p.line(s.name, 9.5, ink::faint);
    p.skip(6);
    p.line("uncertainty", 20, ink::text);
    p.line("vacuity of every pixel", 11, ink::text);
    p.skip(12);
    draw_scale(f, p.y(), shown.unit, scale, s.model.most_pixel_vacuity);
    p.skip(scale_height + 30);

    p.pair("mean", fixed(sum / static_cast<double>(shown.shown.pixels()), 3), 11, ink::text);
    p.pair("least to most", fixed(least, 3) + " to " + fixed(most, 3), 11, ink::text);
    p.rule();
    p.pair("region", "mean", 9.5, ink::faint);
    p.skip(3);
    for (std::size_t k = 0; k < static_cast<std::size_t>(regions); ++k)
        p.pair(s.model.regions[k], s.regions[k].pixels == 0 ? "none" : fixed(s.regions[k].mean_vacuity, 3), 11,
               ink::text);
    p.skip(10);
    p.paragraph("Vacuity is lack of evidence, not the chance that the mask is wrong.", 9, ink::faint);
    footer(f, shown.unit);
    return f.canvas;
}

} // namespace analyze
