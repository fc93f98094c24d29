#include "support/svg.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace support {
namespace {

// Of the whole picture and of the plot in it.
constexpr double width = 640, height = 480, left = 76, right = 616, top = 56, bottom = 412;

std::string escaped(std::string_view text) {
    std::string s;
    for (const char c : text) {
        if (c == '&')
            s += "&amp;";
        else if (c == '<')
            s += "&lt;";
        else if (c == '>')
            s += "&gt;";
        else
            s += c;
    }
    return s;
}

std::string number(double x, int digits = 2) {
    char text[48];
    std::snprintf(text, sizeof text, "%.*f", digits, x);
    return text;
}

std::string hex(color c) {
    char text[8];
    std::snprintf(text, sizeof text, "#%02x%02x%02x", c[0], c[1], c[2]);
    return text;
}

std::string text_at(double x, double y, std::string_view anchor, int size, std::string_view words,
                    std::string_view more = {}) {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + std::string(anchor) +
           "\" font-size=\"" + std::to_string(size) + "\"" + std::string(more) + ">" + escaped(words) + "</text>\n";
}

std::string stroke(double x0, double y0, double x1, double y1, std::string_view style) {
    return "<line x1=\"" + number(x0) + "\" y1=\"" + number(y0) + "\" x2=\"" + number(x1) + "\" y2=\"" + number(y1) +
           "\" " + std::string(style) + "/>\n";
}

} // namespace

double tick_step(double range) {
    const double power = std::pow(10, std::floor(std::log10(range / 4)));
    const double parts = range / 4 / power;
    return power * (parts >= 5 ? 5 : parts >= 2 ? 2 : 1);
}

chart::chart(std::string_view title, axis x, axis y, corner legend)
    : title_(title), x_(std::move(x)), y_(std::move(y)), corner_(legend) {}

double chart::across(double x) const {
    return left + (right - left) * std::clamp((x - x_.from) / (x_.to - x_.from), 0.0, 1.0);
}

double chart::up(double y) const {
    return bottom - (bottom - top) * std::clamp((y - y_.from) / (y_.to - y_.from), 0.0, 1.0);
}

void chart::line(std::span<const chart_point> points, color c, std::string_view name, bool dashed) {
    body_ += "<polyline fill=\"none\" stroke=\"" + hex(c) + "\" stroke-width=\"2\" stroke-linejoin=\"round\"" +
             (dashed ? " stroke-dasharray=\"6 5\"" : "") + " points=\"";
    for (const chart_point& p : points)
        if (std::isfinite(p.x) && std::isfinite(p.y)) body_ += number(across(p.x)) + "," + number(up(p.y)) + " ";
    body_ += "\"/>\n";
    if (!name.empty()) entry(c, name);
}

void chart::bar(double from, double to, double tall, color c, double opacity) {
    if (!std::isfinite(tall)) return;
    const double x = across(from), y = up(tall);
    body_ += "<rect x=\"" + number(x + 1) + "\" y=\"" + number(y) + "\" width=\"" +
             number(std::max(0.0, across(to) - x - 2)) + "\" height=\"" + number(bottom - y) + "\" fill=\"" + hex(c) +
             "\" fill-opacity=\"" + number(opacity) + "\"/>\n";
}

void chart::entry(color c, std::string_view name) { legend_.emplace_back(c, name); }

std::string chart::legend() const {
    if (legend_.empty()) return {};
    constexpr double wide = 270, gap = 6, line = 20;
    const double tall = line * static_cast<double>(legend_.size()) + 2 * gap;
    const bool low = corner_ == corner::bottom_right;
    const double x = low ? right - wide - gap : left + gap, y = low ? bottom - tall - gap : top + gap;
    std::string s = "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(wide) + "\" height=\"" +
                    number(tall) + "\" rx=\"4\" fill=\"#ffffff\" fill-opacity=\"0.85\"/>\n";
    double middle = y + gap + line / 2;
    for (const auto& [ink, name] : legend_) {
        s += "<rect x=\"" + number(x + 8) + "\" y=\"" + number(middle - 5) +
             "\" width=\"14\" height=\"10\" rx=\"2\" fill=\"" + hex(ink) + "\"/>\n" +
             text_at(x + 30, middle + 4, "start", 13, name);
        middle += line;
    }
    return s;
}

std::string chart::ticks() const {
    std::string s;
    const auto each = [&](const axis& a, auto draw) {
        const double step = tick_step(a.to - a.from);
        const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
        for (int i = static_cast<int>(std::ceil(a.from / step - 1e-9)); i * step <= a.to + step * 1e-6; ++i)
            draw(i * step, number(i * step, digits));
    };
    each(x_, [&](double x, const std::string& label) {
        s += stroke(across(x), top, across(x), bottom, "stroke=\"#e4e7eb\"");
        s += text_at(across(x), bottom + 20, "middle", 12, label);
    });
    each(y_, [&](double y, const std::string& label) {
        s += stroke(left, up(y), right, up(y), "stroke=\"#e4e7eb\"");
        s += text_at(left - 10, up(y) + 4, "end", 12, label);
    });
    return s;
}

std::string chart::svg() const {
    std::string s = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width, 0) + " " +
                    number(height, 0) + "\" width=\"" + number(width, 0) + "\" height=\"" + number(height, 0) +
                    "\" font-family=\"Helvetica, Arial, sans-serif\" fill=\"#1f242b\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
    s += text_at(left, 34, "start", 17, title_, " font-weight=\"bold\"");
    s += ticks() + body_;
    s += stroke(left, bottom, right, bottom, "stroke=\"#1f242b\"") +
         stroke(left, top, left, bottom, "stroke=\"#1f242b\"");
    s += legend();
    s += text_at((left + right) / 2, height - 22, "middle", 14, x_.label);
    s += text_at(0, 0, "middle", 14, y_.label,
                 " transform=\"translate(22 " + number((top + bottom) / 2) + ") rotate(-90)\"");
    return s + "</svg>\n";
}

} // namespace support
