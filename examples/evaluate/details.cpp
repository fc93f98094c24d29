#include "evaluate/details.hpp"

#include "support/csv.hpp"
#include "uml/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace evaluate {

namespace metrics = uml::metrics;

namespace {

/// The figures of one region of one image, in the order in which they are written.
struct region_figure {
    const char* name;
    double (*value)(const region_detail&);
};
constexpr region_figure region_figures[] = {
    {"dice", [](const region_detail& r) { return r.overlap.dice; }},
    {"iou", [](const region_detail& r) { return r.overlap.iou; }},
    {"sensitivity", [](const region_detail& r) { return r.overlap.sensitivity; }},
    {"specificity", [](const region_detail& r) { return r.overlap.specificity; }},
    {"ppv", [](const region_detail& r) { return r.overlap.ppv; }},
    {"lesion_f1", [](const region_detail& r) { return r.lesions.f1(); }},
    {"assd", [](const region_detail& r) { return r.surface.assd; }},
    {"hd95", [](const region_detail& r) { return r.surface.hd95; }},
    {"hd95_max", [](const region_detail& r) { return r.surface.hd95_max; }},
    {"hd", [](const region_detail& r) { return r.surface.hd; }},
    {"nsd", [](const region_detail& r) { return r.surface.nsd; }},
};

bool set_holds_label(const image_detail& i) {
    return std::find(i.class_set.begin(), i.class_set.end(), i.label) != i.class_set.end();
}

std::string number_text(double number) {
    if (std::isnan(number)) return {};
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::general, 9).ptr;
    return {digits, end};
}

} // namespace

image_detail detail_of(const std::string& id, const support::reading& says, const support::pixel_maps& maps,
                       const support::picture& truth, int label, const ruler& r) {
    image_detail d{
        id,           label,        says.predicted, says.probability[static_cast<std::size_t>(says.predicted)],
        says.vacuity, says.verdict, says.class_set, {}};
    std::vector<bool> found(truth.pixels()), wanted(truth.pixels());
    for (int region = 1; region < says.regions; ++region) {
        for (std::size_t p = 0; p < truth.pixels(); ++p) {
            found[p] = maps.mask.data[p] == region;
            wanted[p] = truth.data[p] == region;
        }
        d.regions.push_back(
            {metrics::overlap_of_region(maps.mask.data, truth.data, region),
             metrics::match_lesions(maps.mask.data, truth.data, truth.height, truth.width, region),
             metrics::surface_distances(found, wanted, truth.height, truth.width, r.spacing, r.tolerance)});
    }
    return d;
}

named_figures sum_up_more(const score_table& t, const std::vector<image_detail>& images,
                          const std::vector<std::string>& regions) {
    std::vector<bool> right(t.size());
    for (std::size_t i = 0; i < t.size(); ++i) right[i] = t.wrong[i] <= 0;
    named_figures f;
    f.add("balanced_accuracy", metrics::balanced_accuracy(t.labels, t.predicted, t.classes));
    f.add("mcc", metrics::matthews(t.labels, t.predicted, t.classes));
    f.add("f1_macro", metrics::f1_macro(t.labels, t.predicted, t.classes));
    f.add("nll", metrics::negative_log_likelihood(t.labels, t.probability, t.classes));
    f.add("ece_debiased", metrics::ece_debiased(t.confidence, right));
    f.add("ece_classwise", metrics::ece_classwise(t.labels, t.probability, t.classes));
    f.add("ece_adaptive", metrics::ece_adaptive(t.confidence, right));
    f.add("augrc", metrics::augrc(t.vacuity, t.wrong));
    const metrics::accepted_share share = metrics::accept_share(t.vacuity, t.wrong, 0.8);
    f.add("threshold_80", share.threshold);
    f.add("threshold_80_coverage", share.coverage);
    f.add("threshold_80_risk", share.risk);

    std::vector<double> accepted, wrong_accepted, holds, size;
    for (const image_detail& i : images) {
        accepted.push_back(i.verdict == uml::trust::verdict::accepted ? 1 : 0);
        if (accepted.back() > 0) wrong_accepted.push_back(i.predicted == i.label ? 0 : 1);
        holds.push_back(set_holds_label(i) ? 1 : 0);
        size.push_back(static_cast<double>(i.class_set.size()));
    }
    f.add("accepted", metrics::mean(accepted));
    f.add("accepted_risk", metrics::mean(wrong_accepted));
    f.add("set_coverage", metrics::mean(holds));
    f.add("set_size", metrics::mean(size));
    for (std::size_t r = 0; r + 1 < regions.size(); ++r)
        for (const region_figure& figure : region_figures) {
            std::vector<double> values;
            values.reserve(images.size());
            for (const image_detail& i : images) values.push_back(figure.value(i.regions[r]));
            f.add(regions[r + 1] + " " + figure.name, metrics::mean(values));
        }
    return f;
}

std::vector<metrics::interval> bootstrap_more(const score_table& t, const std::vector<image_detail>& images,
                                              const std::vector<std::string>& regions,
                                              std::span<const std::uint32_t> groups) {
    std::vector<std::vector<double>> values;
    resample(t.size(), groups, [&](std::span<const std::size_t> indices) {
        const named_figures f = sum_up_more(t.select(indices), metrics::select(images, indices), regions);
        values.resize(f.values.size());
        for (std::size_t m = 0; m < f.values.size(); ++m)
            if (!std::isnan(f.values[m])) values[m].push_back(f.values[m]);
    });
    std::vector<metrics::interval> all;
    for (auto& v : values) {
        std::sort(v.begin(), v.end());
        all.push_back({metrics::quantile(v, 0.025), metrics::quantile(v, 0.975)});
    }
    return all;
}

std::string per_image_csv(const std::vector<image_detail>& images, const support::model_facts& model,
                          const support::case_groups& groups) {
    using support::csv_field;
    std::string text = "id,";
    if (!groups.of.empty()) text += "group,";
    text += "label,class,right,confidence,vacuity,verdict,class_set,set_holds_label";
    for (std::size_t r = 1; r < model.regions.size(); ++r) {
        for (const region_figure& figure : region_figures)
            text += "," + csv_field(model.regions[r] + " " + figure.name);
        for (const char* count : {"found", "missed", "invented"})
            text += "," + csv_field(model.regions[r] + " lesions " + count);
    }
    text += '\n';
    const auto name = [&](int k) { return model.classes[static_cast<std::size_t>(k)]; };
    for (std::size_t i = 0; i < images.size(); ++i) {
        const image_detail& d = images[i];
        text += csv_field(d.id) + ",";
        if (!groups.of.empty()) text += csv_field(groups.names[groups.of[i]]) + ",";
        std::string set;
        for (const int k : d.class_set) set += (set.empty() ? "" : "|") + name(k);
        text += csv_field(name(d.label)) + "," + csv_field(name(d.predicted)) + "," +
                (d.predicted == d.label ? "yes," : "no,") + number_text(d.confidence) + "," + number_text(d.vacuity) +
                "," + std::string(uml::trust::name_of(d.verdict)) + "," + csv_field(set) +
                (set_holds_label(d) ? ",yes" : ",no");
        for (const region_detail& r : d.regions) {
            for (const region_figure& figure : region_figures) text += "," + number_text(figure.value(r));
            for (const int count : {r.lesions.found, r.lesions.missed, r.lesions.invented})
                text += "," + std::to_string(count);
        }
        text += '\n';
    }
    return text;
}

void write_images(uml::json::writer<std::string>& w, const std::vector<image_detail>& images,
                  const support::model_facts& model, const support::case_groups& groups) {
    const auto name = [&](int k) -> const std::string& { return model.classes[static_cast<std::size_t>(k)]; };
    w.key("images").begin_array();
    for (std::size_t i = 0; i < images.size(); ++i) {
        const image_detail& d = images[i];
        w.begin_object().member("id", d.id);
        if (!groups.of.empty()) w.member("group", groups.names[groups.of[i]]);
        w.member("label", name(d.label)).member("class", name(d.predicted)).member("confidence", d.confidence);
        w.member("vacuity", d.vacuity).member("verdict", uml::trust::name_of(d.verdict));
        w.key("class_set").begin_array();
        for (const int k : d.class_set) w.value(name(k));
        w.end_array().key("regions").begin_object();
        for (std::size_t r = 0; r < d.regions.size(); ++r) {
            w.key(model.regions[r + 1]).begin_object();
            for (const region_figure& figure : region_figures) w.member(figure.name, figure.value(d.regions[r]));
            w.member("lesions_found", d.regions[r].lesions.found).member("lesions_missed", d.regions[r].lesions.missed);
            w.member("lesions_invented", d.regions[r].lesions.invented).end_object();
        }
        w.end_object().end_object();
    }
    w.end_array();
}

} // namespace evaluate
