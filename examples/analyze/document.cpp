#include "analyze/records.hpp"

#include <algorithm>

namespace analyze {
namespace {

constexpr std::size_t most_parts = 100; // listed one by one; the count covers all

} // namespace

document::document(const std::string& weights, const support::engine_request& how, const support::model_facts& model)
    : model_(model) {
    json_.begin_object();
    json_.field("program", "uml-analyze").field("version", UML_VERSION_STRING).field("schema", 1);
    json_.field("notice",
                "For research. Not a medical device. A probability is the network's score for a class, not the "
                "chance of being right; vacuity says how little evidence there is.");
    json_.key("model").begin_object();
    json_.field("weights", weights).field("network", model.network);
    json_.field("backend", how.backend).field("precision", how.precision).field("threads", how.threads);
    json_.field("height", model.height).field("width", model.width).field("channels", model.channels);
    json_.key("classes").begin_array();
    for (const std::string& name : model.classes) json_.value(name);
    json_.end_array().key("regions").begin_array();
    for (const std::string& name : model.regions) json_.value(name);
    json_.end_array();
    json_.key("limits").begin_object();
    json_.field("image_vacuity", model.most_image_vacuity).field("pixel_vacuity", model.most_pixel_vacuity);
    json_.end_object().end_object();
    json_.key("images").begin_array();
}

void document::add(const outcome& o) {
    json_.begin_object().field("image", o.image);
    switch (o.status) {
    case outcome::state::skipped: json_.field("status", "skipped"); break;
    case outcome::state::failed: json_.field("status", "failed").field("error", o.problem); break;
    case outcome::state::done: add_findings(o); break;
    }
    json_.end_object();
}

void document::add_findings(const outcome& o) {
    json_.field("status", "done").field("height", o.height).field("width", o.width);
    json_.key("diagnosis").begin_object();
    json_.field("class", model_.classes[static_cast<std::size_t>(o.predicted)]);
    json_.field("vacuity", o.vacuity);
    json_.field("accepted", o.accepted).field("reason", reason(o, model_));
    json_.key("classes").begin_array();
    for (std::size_t k = 0; k < model_.classes.size(); ++k) {
        json_.begin_object().field("name", model_.classes[k]);
        json_.field("belief", o.belief[k]).field("probability", o.probability[k]).end_object();
    }
    json_.end_array().end_object();

    json_.key("regions").begin_array();
    for (std::size_t k = 0; k < model_.regions.size(); ++k) {
        const support::region_summary& r = o.regions[k];
        json_.begin_object().field("name", model_.regions[k]).field("label", static_cast<int>(k));
        json_.field("pixels", r.pixels).field("share", r.share).key("mean_vacuity");
        if (r.pixels > 0)
            json_.value(r.mean_vacuity);
        else
            json_.null();
        if (k > 0) {
            json_.field("part_count", static_cast<std::int64_t>(r.parts.size())).key("parts").begin_array();
            for (std::size_t i = 0; i < std::min(r.parts.size(), most_parts); ++i) {
                const support::region_part& part = r.parts[i];
                json_.begin_object().field("pixels", part.pixels).field("mean_vacuity", part.mean_vacuity);
                json_.field("left", part.left).field("top", part.top);
                json_.field("width", part.width).field("height", part.height).end_object();
            }
            json_.end_array();
        }
        json_.end_object();
    }
    json_.end_array();

    json_.key("pixels").begin_object().field("mean_vacuity", o.mean_pixel_vacuity);
    json_.field("most_vacuity", o.most_pixel_vacuity).field("reliable_share", o.reliable_share).end_object();
    json_.key("seconds").begin_object().field("network", o.network_seconds).field("all", o.seconds).end_object();
    json_.key("pictures").begin_object();
    for (const auto& [kind, path] : o.pictures) json_.field(kind, path);
    json_.end_object();
}

const std::string& document::finish(int done, int accepted, int failed, int skipped) {
    json_.end_array().key("summary").begin_object();
    json_.field("done", done).field("accepted", accepted).field("referred", done - accepted);
    json_.field("failed", failed).field("skipped", skipped).end_object().end_object();
    return json_.text();
}

} // namespace analyze
