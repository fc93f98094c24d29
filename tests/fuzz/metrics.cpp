// Every metric on small random data, ties, empty classes and empty masks among them, against the definitions written
// out without any thought of speed.
#include "fuzz/input.hpp"

#include "uml/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace {

using fuzz::require;
namespace metrics = uml::metrics;
using numbers = std::vector<double>;
using labels = std::vector<int>;

void same(double got, double expected, const char* what) {
    if (std::isnan(expected) || std::isinf(expected)) // NaN: undefined; infinite: a likelihood of 0
        require(std::isnan(expected) ? std::isnan(got) : got == expected, what, got, expected);
    else
        require(std::abs(got - expected) <= 1e-9 * (1 + std::abs(expected)), what, got, expected);
}

double mean(const numbers& all) {
    double sum = 0;
    int count = 0;
    for (const double x : all)
        if (!std::isnan(x)) sum += x, ++count;
    return count > 0 ? sum / count : metrics::undefined;
}

template <class F> double count_if(std::size_t n, F f) {
    double count = 0;
    for (std::size_t i = 0; i < n; ++i) count += f(i) ? 1 : 0;
    return count;
}

struct answers {
    int classes;
    labels truth, said;
    numbers probability; ///< rows of classes
    numbers confidence;
    std::vector<bool> right;
    [[nodiscard]] std::size_t size() const { return truth.size(); }
    [[nodiscard]] double p(std::size_t i, int k) const {
        return probability[i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(k)];
    }
};

double pairs(const numbers& score, const std::vector<bool>& positive) {
    double won = 0, all = 0;
    for (std::size_t i = 0; i < score.size(); ++i)
        for (std::size_t j = 0; j < score.size(); ++j)
            if (positive[i] && !positive[j]) {
                won += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
                ++all;
            }
    return all > 0 ? won / all : metrics::undefined;
}

double naive_ece(const numbers& confidence, const std::vector<bool>& right, int bins) {
    double sum = 0;
    for (int b = 0; b < bins; ++b) {
        double gap = 0;
        for (std::size_t i = 0; i < confidence.size(); ++i) {
            const double low = static_cast<double>(b) / bins, high = static_cast<double>(b + 1) / bins;
            if ((confidence[i] > low || b == 0) && confidence[i] <= high) gap += (right[i] ? 1 : 0) - confidence[i];
        }
        sum += std::abs(gap);
    }
    return confidence.empty() ? metrics::undefined : sum / static_cast<double>(confidence.size());
}

void check_classes(const answers& a) {
    const std::size_t n = a.size();
    const auto total = static_cast<double>(n);
    numbers f1, recall, weighted, one_vs_rest, classwise;
    double nll = 0, brier = 0, correct = 0, chance = 0, claimed2 = 0, true2 = 0;
    const auto counts = metrics::confusion(a.truth, a.said, a.classes);
    for (int k = 0; k < a.classes; ++k) {
        const double is = count_if(n, [&](std::size_t i) { return a.truth[i] == k; });
        const double claimed = count_if(n, [&](std::size_t i) { return a.said[i] == k; });
        const double both = count_if(n, [&](std::size_t i) { return a.truth[i] == k && a.said[i] == k; });
        for (int j = 0; j < a.classes; ++j)
            same(static_cast<double>(counts[static_cast<std::size_t>(k * a.classes + j)]),
                 count_if(n, [&](std::size_t i) { return a.truth[i] == k && a.said[i] == j; }), "confusion");
        const double precision = claimed > 0 ? both / claimed : 0, found = is > 0 ? both / is : 0;
        const double f = precision + found > 0 ? 2 * precision * found / (precision + found) : 0;
        if (is + claimed > 0) f1.push_back(f);
        if (is > 0) recall.push_back(found), weighted.push_back(is * f);
        correct += both, chance += is * claimed, claimed2 += claimed * claimed, true2 += is * is;
        numbers score;
        std::vector<bool> positive;
        for (std::size_t i = 0; i < n; ++i) score.push_back(a.p(i, k)), positive.push_back(a.truth[i] == k);
        if (a.classes > 2 || k == 1) one_vs_rest.push_back(pairs(score, positive));
        classwise.push_back(naive_ece(score, positive, 15));
    }
    for (std::size_t i = 0; i < n; ++i) {
        nll -= std::log(a.p(i, a.truth[i])) / total;
        for (int k = 0; k < a.classes; ++k) brier += std::pow(a.p(i, k) - (k == a.truth[i] ? 1 : 0), 2) / total;
    }
    same(metrics::accuracy(a.truth, a.said), correct / total, "accuracy");
    same(metrics::f1_macro(a.truth, a.said, a.classes), mean(f1), "f1 macro");
    same(metrics::f1_weighted(a.truth, a.said, a.classes),
         std::accumulate(weighted.begin(), weighted.end(), 0.0) / total, "f1 weighted");
    same(metrics::balanced_accuracy(a.truth, a.said, a.classes), mean(recall), "balanced accuracy");
    const double spread = std::sqrt(total * total - claimed2) * std::sqrt(total * total - true2);
    same(metrics::matthews(a.truth, a.said, a.classes),
         spread > 0 ? (correct * total - chance) / spread : metrics::undefined, "matthews");
    same(metrics::negative_log_likelihood(a.truth, a.probability, a.classes), nll, "likelihood");
    same(metrics::brier(a.truth, a.probability, a.classes), brier, "brier");
    same(metrics::auc(a.truth, a.probability, a.classes), mean(one_vs_rest), "auc");
    same(metrics::ece_classwise(a.truth, a.probability, a.classes), mean(classwise), "classwise ece");
}

double naive_adaptive(const numbers& confidence, const std::vector<bool>& right, int bins) {
    const std::size_t n = confidence.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return confidence[i] < confidence[j]; });
    double error = 0;
    std::size_t at = 0;
    for (int b = 0; b < bins; ++b) {
        double gap = 0;
        const auto parts = static_cast<std::size_t>(bins);
        for (std::size_t m = n / parts + (static_cast<std::size_t>(b) < n % parts ? 1 : 0); m > 0; --m, ++at) {
            double good = 0, tied = 0;
            for (std::size_t i = 0; i < n; ++i)
                if (confidence[i] == confidence[order[at]]) good += right[i] ? 1 : 0, ++tied;
            gap += good / tied - confidence[order[at]];
        }
        error += std::abs(gap);
    }
    return error / static_cast<double>(n);
}

void check_confidence(const answers& a, int bins) {
    same(metrics::ece(a.confidence, a.right, bins), naive_ece(a.confidence, a.right, bins), "ece");
    same(metrics::ece_adaptive(a.confidence, a.right, bins), naive_adaptive(a.confidence, a.right, bins),
         "adaptive ece");
    const double debiased = metrics::ece_debiased(a.confidence, a.right, bins);
    require(debiased >= 0 && debiased <= metrics::ece(a.confidence, a.right, bins) + 1e-12, "debiased ece", debiased);
    double all = 0;
    for (const auto& bin : metrics::reliability(a.confidence, a.right, bins)) all += static_cast<double>(bin.count);
    same(all, static_cast<double>(a.size()), "reliability");
}

/// Mean loss of the m most certain of cases, over every order of those that tie.
double naive_risk(const numbers& uncertainty, const numbers& loss, std::size_t m) {
    double sum = 0, before = 0;
    numbers sorted = uncertainty;
    std::sort(sorted.begin(), sorted.end());
    const double last = sorted[m - 1];
    double tied_loss = 0, tied = 0;
    for (std::size_t i = 0; i < loss.size(); ++i) {
        if (uncertainty[i] < last) sum += loss[i], ++before;
        if (uncertainty[i] == last) tied_loss += loss[i], ++tied;
    }
    return (sum + tied_loss * (static_cast<double>(m) - before) / tied) / static_cast<double>(m);
}

void check_selective(const answers& a, fuzz::input& in) {
    const std::size_t n = a.size();
    numbers unsure, wrong, loss, risk;
    std::vector<bool> failed;
    for (std::size_t i = 0; i < n; ++i) {
        unsure.push_back(1 - a.confidence[i]);
        wrong.push_back(a.right[i] ? 0 : 1);
        failed.push_back(!a.right[i]);
        loss.push_back(in.below(9) / 8.0);
    }
    const auto curve = metrics::risk_coverage(unsure, loss);
    for (std::size_t m = 1; m <= n; ++m) {
        risk.push_back(naive_risk(unsure, loss, m));
        same(curve[m - 1], risk.back(), "risk");
    }
    same(metrics::aurc(unsure, loss), mean(risk), "aurc");
    const double w = mean(wrong), area = pairs(unsure, failed);
    same(metrics::auroc(unsure, failed), area, "auroc");
    if (!std::isnan(area)) same(metrics::augrc(unsure, wrong), (1 - area) * w * (1 - w) + w * w / 2, "augrc");
    numbers best;
    for (std::size_t m = 1; m <= n; ++m) best.push_back(naive_risk(loss, loss, m));
    same(metrics::ause(unsure, loss), mean(loss) > 0 ? (mean(risk) - mean(best)) / mean(loss) : metrics::undefined,
         "ause");
    const int share = in.between(1, static_cast<int>(n)); // that many of n, and a share that means so many
    const double coverage = share / static_cast<double>(n);
    const auto most = static_cast<std::size_t>(share);
    same(metrics::risk_at_coverage(unsure, loss, coverage), risk[most - 1], "risk at coverage");
    numbers sorted = unsure;
    std::sort(sorted.begin(), sorted.end());
    const auto accepted = metrics::accept_share(unsure, loss, coverage);
    double taken = 0, lost = 0;
    for (std::size_t i = 0; i < n; ++i)
        if (unsure[i] <= sorted[most - 1]) ++taken, lost += loss[i];
    same(accepted.threshold, sorted[most - 1], "threshold");
    same(accepted.coverage, taken / static_cast<double>(n), "coverage");
    same(accepted.risk, lost / taken, "accepted risk");
    const double accuracy = in.below(17) / 16.0;
    std::size_t largest = 0;
    for (std::size_t m = 1; m <= n; ++m)
        if (naive_risk(unsure, wrong, m) <= 1 - accuracy + 1e-9) largest = m;
    same(metrics::coverage_at_accuracy(unsure, wrong, accuracy), static_cast<double>(largest) / static_cast<double>(n),
         "coverage at accuracy");
    const auto statistic = [&](std::span<const std::size_t> drawn) { return mean(metrics::select(loss, drawn)); };
    const auto interval = metrics::bootstrap95(n, statistic, 50, 3);
    const auto [least, greatest] = std::minmax_element(loss.begin(), loss.end());
    require(*least - 1e-12 <= interval.low && interval.low <= interval.high && interval.high <= *greatest + 1e-12,
            "interval", interval.low, interval.high);
}

struct mask {
    int height, width;
    labels pixels;
    [[nodiscard]] bool in(int y, int x, int label) const {
        return y >= 0 && y < height && x >= 0 && x < width && pixels[static_cast<std::size_t>(y * width + x)] == label;
    }
};

double naive_quantile(numbers v, double q) {
    std::sort(v.begin(), v.end());
    const double at = q * static_cast<double>(v.size() - 1), below = std::floor(at);
    const auto i = static_cast<std::size_t>(below);
    return i + 1 < v.size() ? v[i] * (1 - (at - below)) + v[i + 1] * (at - below) : v[i];
}

std::vector<std::pair<int, int>> edge(const mask& m) {
    std::vector<std::pair<int, int>> points;
    for (int y = 0; y < m.height; ++y)
        for (int x = 0; x < m.width; ++x)
            if (m.in(y, x, 1) && !(m.in(y - 1, x, 1) && m.in(y + 1, x, 1) && m.in(y, x - 1, 1) && m.in(y, x + 1, 1)))
                points.emplace_back(y, x);
    return points;
}

numbers to_nearest(const std::vector<std::pair<int, int>>& from, const std::vector<std::pair<int, int>>& to) {
    numbers all;
    for (const auto& [y, x] : from) {
        double nearest = 1e9;
        for (const auto& [v, u] : to) nearest = std::min(nearest, std::hypot(y - v, x - u));
        all.push_back(nearest);
    }
    return all;
}

void check_surfaces(const mask& a, const mask& b, double spacing, double tolerance) {
    std::vector<bool> set_a, set_b;
    for (const int p : a.pixels) set_a.push_back(p == 1);
    for (const int p : b.pixels) set_b.push_back(p == 1);
    const auto got = metrics::surface_distances(set_a, set_b, a.height, a.width, spacing, tolerance);
    const auto outline_a = edge(a), outline_b = edge(b);
    if (outline_a.empty() || outline_b.empty()) {
        require(std::isnan(got.assd) && std::isnan(got.hd) && std::isnan(got.hd95) && std::isnan(got.hd95_max),
                "empty");
        return same(got.nsd, outline_a.empty() && outline_b.empty() ? 1 : 0, "nsd of empty masks");
    }
    numbers forth = to_nearest(outline_a, outline_b), back = to_nearest(outline_b, outline_a);
    for (double& d : forth) d *= spacing;
    for (double& d : back) d *= spacing;
    numbers all = forth;
    all.insert(all.end(), back.begin(), back.end());
    same(got.assd, mean(all), "assd");
    same(got.hd, *std::max_element(all.begin(), all.end()), "hd");
    same(got.hd95, naive_quantile(all, 0.95), "hd95");
    same(got.hd95_max, std::max(naive_quantile(forth, 0.95), naive_quantile(back, 0.95)), "hd95 of both");
    same(got.nsd,
         count_if(all.size(), [&](std::size_t i) { return all[i] <= tolerance + 1e-9; }) /
             static_cast<double>(all.size()),
         "nsd");
    const auto squared = metrics::squared_distances(set_b, b.height, b.width);
    for (int y = 0; y < b.height; ++y)
        for (int x = 0; x < b.width; ++x) {
            int nearest = 1 << 30;
            for (int v = 0; v < b.height; ++v)
                for (int u = 0; u < b.width; ++u)
                    if (b.in(v, u, 1)) nearest = std::min(nearest, (y - v) * (y - v) + (x - u) * (x - u));
            same(static_cast<double>(squared[static_cast<std::size_t>(y * b.width + x)]), nearest, "distance");
        }
}

/// Pixels of one label that hang together, corners included: numbers spread until nothing changes.
labels spread(const mask& m, int label) {
    labels number(m.pixels.size());
    for (std::size_t p = 0; p < number.size(); ++p) number[p] = m.pixels[p] == label ? static_cast<int>(p) + 1 : 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (int y = 0; y < m.height; ++y)
            for (int x = 0; x < m.width; ++x)
                for (int v = y - 1; v <= y + 1; ++v)
                    for (int u = x - 1; u <= x + 1; ++u) {
                        if (!m.in(y, x, label) || !m.in(v, u, label)) continue;
                        int& own = number[static_cast<std::size_t>(y * m.width + x)];
                        const int other = number[static_cast<std::size_t>(v * m.width + u)];
                        if (other < own) own = other, changed = true;
                    }
    }
    return number;
}

void check_regions(const mask& a, const mask& b, int label, double least_iou) {
    const std::size_t n = a.pixels.size();
    const auto count = [&](bool in_a, bool in_b) {
        return count_if(
            n, [&](std::size_t p) { return (a.pixels[p] == label) == in_a && (b.pixels[p] == label) == in_b; });
    };
    const double both = count(true, true), extra = count(true, false), missed = count(false, true),
                 neither = count(false, false);
    const auto ratio = [](double part, double whole, double otherwise) { return whole > 0 ? part / whole : otherwise; };
    const auto got = metrics::overlap_of_region(a.pixels, b.pixels, label);
    same(got.dice, ratio(2 * both, 2 * both + extra + missed, 1), "dice of region");
    same(got.iou, ratio(both, both + extra + missed, 1), "iou");
    same(got.sensitivity, ratio(both, both + missed, metrics::undefined), "sensitivity");
    same(got.specificity, ratio(neither, neither + extra, metrics::undefined), "specificity");
    same(got.ppv, ratio(both, both + extra, metrics::undefined), "ppv");
    if (label == 1) {
        std::vector<bool> set_a, set_b;
        for (const int p : a.pixels) set_a.push_back(p == 1);
        for (const int p : b.pixels) set_b.push_back(p == 1);
        same(metrics::dice(set_a, set_b), got.dice, "dice");
    }
    int found = 0;
    const auto numbered = metrics::lesions(a.pixels, a.height, a.width, label, &found);
    const labels spread_a = spread(a, label), spread_b = spread(b, label);
    std::set<int> lesions_a(spread_a.begin(), spread_a.end()), lesions_b(spread_b.begin(), spread_b.end());
    lesions_a.erase(0), lesions_b.erase(0);
    same(found, static_cast<double>(lesions_a.size()), "lesions");
    for (std::size_t p = 0; p < n; ++p)
        for (std::size_t q = 0; q < p; ++q)
            require((numbered[p] == numbered[q]) == (spread_a[p] == spread_a[q]), "lesions' numbers");
    // The largest IoU first; of equals the first true one, then the first predicted one.
    int matched = 0;
    for (;;) {
        double best = -1;
        int best_a = 0, best_b = 0;
        for (const int j : lesions_b)
            for (const int i : lesions_a) {
                const auto in = [&](std::size_t p, bool x, bool y) {
                    return (spread_a[p] == i) == x && (spread_b[p] == j) == y;
                };
                const double common = count_if(n, [&](std::size_t p) { return in(p, true, true); });
                const double either =
                    static_cast<double>(n) - count_if(n, [&](std::size_t p) { return in(p, false, false); });
                if (common > 0 && common / either >= least_iou && common / either > best)
                    best = common / either, best_a = i, best_b = j;
            }
        if (best < 0) break;
        lesions_a.erase(best_a), lesions_b.erase(best_b);
        ++matched;
    }
    const auto match = metrics::match_lesions(a.pixels, b.pixels, a.height, a.width, label, least_iou);
    same(match.found, matched, "matched");
    same(match.missed, static_cast<double>(lesions_b.size()), "missed");
    same(match.invented, static_cast<double>(lesions_a.size()), "invented");
    same(match.f1(), ratio(2.0 * matched, 2.0 * matched + match.missed + match.invented, metrics::undefined), "f1");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    if (in.flag()) {
        answers a{in.between(2, 4), {}, {}, {}, {}, {}};
        const int n = in.between(1, 10);
        for (int i = 0; i < n; ++i) {
            a.truth.push_back(in.below(a.classes));
            a.said.push_back(in.below(a.classes));
            double sum = 0;
            std::vector<int> parts;
            for (int k = 0; k < a.classes; ++k) sum += parts.emplace_back(in.below(5));
            for (const int part : parts) a.probability.push_back(sum > 0 ? part / sum : 1.0 / a.classes);
            a.confidence.push_back(in.below(17) / 16.0);
            a.right.push_back(in.flag());
        }
        check_classes(a);
        check_confidence(a, in.between(1, 16));
        check_selective(a, in);
        return 0;
    }
    mask a{in.between(1, 7), in.between(1, 7), {}}, b{a.height, a.width, {}};
    for (int p = 0; p < a.height * a.width; ++p) {
        const int both = in.byte();
        a.pixels.push_back((both & 15) % 3), b.pixels.push_back((both >> 4) % 3);
    }
    const double spacing = in.between(1, 8) / 4.0;
    check_surfaces(a, b, spacing, in.below(9) / 4.0);
    for (int label = 0; label < 3; ++label) check_regions(a, b, label, in.below(9) / 8.0);
    return 0;
}
