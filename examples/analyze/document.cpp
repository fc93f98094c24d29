#include "analyze/records.hpp"
#include "support/text.hpp"

#include <algorithm>

namespace analyze {
namespace {

constexpr std::size_t most_parts = 100; // listed one by one; the count covers all

} // namespace

document::document(const std::string& weights, const support::engine_request& how, const support::model_facts& model)
    : model_(model) {
    json_.begin_object();
    json_.member("program", "uml-analyze").member("version", UML_VERSION_STRING).member("schema", 1);
    json_.member("notice",
                 "For research. Not a medical device. A probability is the network's score for a class, not the "
                 "chance of being right; vacuity says how little evidence there is.");
    json_.key("model").begin_object();
    json_.member("weights", support::to_utf8(weights)).member("network", model.network);
    json_.member("backend", how.backend).member("precision", how.precision).member("threads", how.threads);
    json_.member("height", model.height).member("width", model.width).member("channels", model.channels);
    json_.key("classes").begin_array();
    for (const std::string& name : model.classes) json_.value(name);
    json_.end_array().key("regions").begin_array();
    for (const std::string& name : model.regions) json_.value(name);
    json_.end_array();
    json_.key("limits").begin_object();
    json_.member("image_vacuity", model.most_image_vacuity).member("pixel_vacuity", model.most_pixel_vacuity);
    json_.member("distance", model.most_distance);
    json_.end_object();
    json_.key("promises").begin_object().member("temperature", model.temperature).key("class_coverage");
    if (model.class_set.calibrated())
        json_.value(model.class_set.coverage);
    else
        json_.null();
    json_.key("mask_miss");
    if (model.mask_set.calibrated())
        json_.value(model.mask_set.miss);
    else
        json_.null();
    json_.end_object().end_object();
    json_.key("images").begin_array();
}

void document::add(const outcome& o) {
    json_.begin_object().member("image", o.image);
    switch (o.status) {
    case outcome::state::skipped: json_.member("status", "skipped"); break;
    case outcome::state::failed: json_.member("status", "failed").member("error", o.problem); break;
    case outcome::state::done: add_findings(o); break;
    }
    json_.end_object();
}

void document::add_findings(const outcome& o) {
    json_.member("status", "done").member("height", o.height).member("width", o.width);
    json_.key("diagnosis").begin_object();
    json_.key("class");
    if (o.withheld)
        json_.null();
    else
        json_.value(model_.classes[static_cast<std::size_t>(o.predicted)]);
    json_.member("vacuity", o.vacuity);
    json_.member("accepted", o.accepted).member("reason", reason(o, model_));
    json_.member("verdict", uml::trust::name_of(o.verdict)).key("class_set").begin_array();
    for (std::size_t i = 0; !o.withheld && i < o.class_set.size(); ++i)
        json_.value(model_.classes[static_cast<std::size_t>(o.class_set[i])]);
    json_.end_array().member("kind", uml::trust::name_of(o.kind)).key("familiarity");
    if (o.familiarity)
        json_.value(*o.familiarity);
    else
        json_.null();
    json_.member("withheld", o.withheld).key("classes").begin_array();
    for (std::size_t k = 0; !o.withheld && k < model_.classes.size(); ++k) {
        json_.begin_object().member("name", model_.classes[k]);
        json_.member("belief", o.belief[k]).member("probability", o.probability[k]).end_object();
    }
    json_.end_array().end_object();

    json_.key("regions").begin_array();
    for (std::size_t k = 0; !o.withheld && k < model_.regions.size(); ++k) {
        const support::region_summary& r = o.regions[k];
        json_.begin_object().member("name", model_.regions[k]).member("label", static_cast<int>(k));
        json_.member("pixels", r.pixels).member("share", r.share).key("mean_vacuity");
        if (r.pixels > 0)
            json_.value(r.mean_vacuity);
        else
            json_.null();
        if (k > 0) {
            json_.member("part_count", static_cast<std::int64_t>(r.parts.size())).key("parts").begin_array();
            for (std::size_t i = 0; i < std::min(r.parts.size(), most_parts); ++i) {
                const support::region_part& part = r.parts[i];
                json_.begin_object().member("pixels", part.pixels).member("mean_vacuity", part.mean_vacuity);
                json_.member("left", part.left).member("top", part.top);
                json_.member("width", part.width).member("height", part.height).end_object();
            }
            json_.end_array();
        }
        json_.end_object();
    }
    json_.end_array();

    json_.key("pixels").begin_object().member("mean_vacuity", o.mean_pixel_vacuity);
    json_.member("most_vacuity", o.most_pixel_vacuity).member("reliable_share", o.reliable_share).key("mask_set_share");
    if (model_.mask_set.calibrated() && !o.withheld)
        json_.value(o.mask_set_share);
    else
        json_.null();
    json_.end_object();
    json_.key("seconds").begin_object().member("network", o.network_seconds).member("all", o.seconds).end_object();
    json_.key("pictures").begin_object();
    for (const auto& [kind, path] : o.pictures) json_.member(kind, path);
    json_.end_object();
}

std::string document::finish(int done, int accepted, int unfamiliar, int failed, int skipped) {
    json_.end_array().key("summary").begin_object();
    json_.member("done", done).member("accepted", accepted).member("referred", done - accepted);
    json_.member("unfamiliar", unfamiliar);
    json_.member("failed", failed).member("skipped", skipped).end_object().end_object();
    return support::json_for_terminal(text_ += '\n');
}

} // namespace analyze
