#include "evaluate/plots.hpp"

#include "support/output.hpp"
#include "support/palette.hpp"
#include "support/svg.hpp"
#include "uml/metrics.hpp"

#include <algorithm>
#include <cstdio>

namespace evaluate {
namespace {

namespace metrics = uml::metrics;
using support::chart;
using support::chart_point;
using support::color;

constexpr color grey{0x8a, 0x94, 0xa2}, blue{0x00, 0x72, 0xb2}, orange{0xe6, 0x9f, 0x00}, red{0xd5, 0x5e, 0x00};
constexpr chart_point diagonal[] = {{0, 0}, {1, 1}};

std::string with_number(const std::string& text, double value) {
    char number[32];
    std::snprintf(number, sizeof number, " %.3f", value);
    return text + number;
}

std::vector<bool> where(const score_table& t, auto condition) {
    std::vector<bool> chosen(t.size());
    for (std::size_t i = 0; i < t.size(); ++i) chosen[i] = condition(i);
    return chosen;
}

chart reliability_chart(const score_table& t) {
    const auto right = where(t, [&](std::size_t i) { return t.wrong[i] <= 0; });
    const auto bins = metrics::reliability(t.confidence, right);
    chart c("Reliability of the class scores", {"probability of the predicted class"}, {"share of right answers"});
    std::size_t most = 1;
    for (const auto& bin : bins) most = std::max(most, bin.count);
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const double n = static_cast<double>(bins.size());
        const double from = static_cast<double>(b) / n, to = static_cast<double>(b + 1) / n;
        if (bins[b].count == 0) continue;
        c.bar(from, to, bins[b].accuracy, blue, 0.85);
        c.bar(from, to, 0.12 * static_cast<double>(bins[b].count) / static_cast<double>(most), orange);
    }
    c.line(diagonal, grey, "right as often as the score says", true);
    c.entry(blue, with_number("share of right answers, ECE", metrics::ece(t.confidence, right)));
    c.entry(orange, "number of answers, most = " + std::to_string(most));
    return c;
}

chart risk_chart(const score_table& t) {
    const auto line_of = [](const std::vector<double>& risk) {
        std::vector<chart_point> points;
        for (std::size_t m = 0; m < risk.size(); ++m)
            points.push_back({static_cast<double>(m + 1) / static_cast<double>(risk.size()), risk[m]});
        return points;
    };
    const auto by_vacuity = metrics::risk_coverage(t.vacuity, t.wrong);
    const double all = metrics::mean(t.wrong);
    const double most = by_vacuity.empty() ? 1 : *std::max_element(by_vacuity.begin(), by_vacuity.end());
    const double step = support::tick_step(std::max(1.4 * most, 0.02));
    chart c(
        "Risk when only the most certain images are accepted", {"coverage: share of images accepted"},
        {"risk: share of them that is wrong", 0, std::min(1.0, step * std::ceil(std::max(1.4 * most, 0.02) / step))});
    const chart_point level[] = {{0, all}, {1, all}};
    c.line(level, grey, with_number("no screening, risk", all), true);
    c.line(line_of(metrics::risk_coverage(t.wrong, t.wrong)), orange,
           with_number("perfect screening, AURC", metrics::aurc(t.wrong, t.wrong)));
    c.line(line_of(by_vacuity), blue, with_number("by vacuity, AURC", metrics::aurc(t.vacuity, t.wrong)));
    return c;
}

chart roc_chart(const score_table& t, const std::vector<std::string>& classes) {
    chart c("Receiver operating characteristic", {"false positive rate"}, {"true positive rate"},
            chart::corner::bottom_right);
    c.line(diagonal, grey, {}, true);
    const auto add = [&](const std::vector<double>& score, const std::vector<bool>& positive, color ink,
                         const std::string& name, bool dashed) {
        std::vector<chart_point> points;
        for (const auto& p : metrics::roc_curve(score, positive))
            points.push_back({p.false_positive_rate, p.true_positive_rate});
        if (!points.empty()) c.line(points, ink, with_number(name + ", area", metrics::auroc(score, positive)), dashed);
    };
    constexpr std::size_t most_lines = 7;
    for (std::size_t k = 0; k < std::min(classes.size(), most_lines); ++k) {
        std::vector<double> score(t.size());
        for (std::size_t i = 0; i < t.size(); ++i) score[i] = t.probability[i * classes.size() + k];
        add(score, where(t, [&](std::size_t i) { return t.labels[i] == static_cast<int>(k); }),
            support::region_color(static_cast<int>(k) + 1), classes[k], false);
    }
    add(t.vacuity, where(t, [&](std::size_t i) { return t.wrong[i] > 0; }), red, "wrong answers by vacuity", true);
    return c;
}

chart dice_chart(const score_table& t) {
    constexpr std::size_t bins = 20;
    std::vector<int> count(bins);
    for (const double d : t.dice) ++count[std::min(bins - 1, static_cast<std::size_t>(d * bins))];
    const double most = std::max(1, *std::max_element(count.begin(), count.end()));
    const double step = std::max(1.0, support::tick_step(1.25 * most));
    chart c("Dice of the masks", {"Dice of one image"}, {"images", 0, step * std::ceil(1.25 * most / step)});
    for (std::size_t b = 0; b < bins; ++b)
        c.bar(static_cast<double>(b) / bins, static_cast<double>(b + 1) / bins, count[b], blue, 0.85);
    const double mean = metrics::mean(t.dice);
    const chart_point line[] = {{mean, 0}, {mean, most}};
    c.line(line, red, with_number("mean", mean), true);
    return c;
}

} // namespace

uml::result<void> write_plots(const std::filesystem::path& folder, const score_table& t,
                              const std::vector<std::string>& classes) {
    const std::array<chart, plot_names.size()> charts{reliability_chart(t), risk_chart(t), roc_chart(t, classes),
                                                      dice_chart(t)};
    for (std::size_t i = 0; i < charts.size(); ++i)
        if (auto r = support::write_file(folder / plot_names[i], charts[i].svg()); !r) return r;
    return {};
}

} // namespace evaluate
