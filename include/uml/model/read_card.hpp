// The card from the `uml.` metadata of a weights file.
#pragma once

#include "uml/io/json_value.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/model/card.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace card_detail {

[[nodiscard, gnu::cold]] inline error refuse(const weights_file& f, std::string_view key, std::string_view rule) {
    return fail(errc::malformed, f.source(), ": metadata ", key, ": ", rule);
}

[[nodiscard, gnu::cold]] inline result<void> read_config(const weights_file& f, json::value v, config& c) {
    const struct {
        std::string_view key;
        int config::*member;
    } fields[] = {{"height", &config::height},           {"width", &config::width},
                  {"regions", &config::regions},         {"classes", &config::classes},
                  {"channels_in", &config::channels_in}, {"channel_divisor", &config::channel_divisor},
                  {"stem_stride", &config::stem_stride}};
    if (v.type() != json::kind::object) return refuse(f, "uml.config", "is not an object");
    for (const char* needed : {"height", "width", "regions", "classes"})
        if (!v.find(needed)) {
            error e = refuse(f, "uml.config", "lacks ");
            e.what << needed;
            return e;
        }
    for (const auto& [key, item] : v.members()) {
        const auto& name = key;
        bool known = false;
        for (const auto& field : fields) {
            if (!name.says(field.key)) continue;
            const auto number = item.integer();
            if (!number || *number < 1 || *number > 1 << 20) {
                error e = refuse(f, "uml.config", field.key);
                e.what << " is not an integer from 1 to " << (1 << 20);
                return e;
            }
            c.*field.member = static_cast<int>(*number);
            known = true;
        }
        if (!known) return refuse(f, "uml.config", "has a key that this version does not know");
    }
    return {};
}

[[nodiscard, gnu::cold]] inline result<void> read_names(const weights_file& f, std::string_view key, int count,
                                                        label_list& to) {
    const auto stored = f.metadata(key);
    if (!stored) return {};
    const auto v = json::parse(*stored, f.source());
    if (!v) return v.error();
    if (v->type() != json::kind::array) return refuse(f, key, "is not an array of names");
    for (const auto item : v->items()) {
        const auto name = item.string<label::capacity>();
        if (!name) return refuse(f, key, "has an entry that is not a string of at most 63 bytes");
        if (!to.append(label(*name))) return fail(errc::out_of_memory, "no memory for names");
    }
    if (static_cast<int>(to.size()) == count) return {};
    error e = refuse(f, key, "holds ");
    e.what << to.size() << (to.size() == 1 ? " name" : " names") << ", but uml.config says " << count;
    return e;
}

[[nodiscard, gnu::cold]] inline result<void> read_calibration(const weights_file& f, model_card& card) {
    if (const auto stored = f.metadata("uml.temperature")) {
        const auto v = json::parse(*stored, f.source());
        if (!v) return v.error();
        const auto number = v->number();
        if (!number || !(*number > 0)) return refuse(f, "uml.temperature", "is not a positive number");
        card.temperature = *number;
    }
    if (const auto stored = f.metadata("uml.screening")) {
        const auto v = json::parse(*stored, f.source());
        if (!v) return v.error();
        const auto read = [&](std::string_view key, float& to) {
            const auto item = v->find(key);
            const auto number = item ? item->number() : std::nullopt;
            if (!number || *number < 0 || *number > 1) return false;
            to = static_cast<float>(*number);
            return true;
        };
        if (!read("image_vacuity", card.screening.image_vacuity) ||
            !read("pixel_vacuity", card.screening.pixel_vacuity))
            return refuse(f, "uml.screening", "needs image_vacuity and pixel_vacuity between 0 and 1");
    }
    return {};
}

} // namespace card_detail

/// Reads and checks the metadata. Errors: errc::malformed, unsupported (another format version), out_of_memory.
[[nodiscard, gnu::cold]] inline result<model_card> read_card(const weights_file& f) {
    using namespace card_detail;
    model_card card;
    const auto label = f.metadata("uml.network");
    if (!label) return result<model_card>(std::move(card));
    if (label->size() > 63 || label->empty()) return refuse(f, "uml.network", "is not a name of 1 to 63 bytes");
    card.network << *label;
    if (const auto format = f.metadata("uml.format"); format && *format != "1")
        return fail(errc::unsupported, f.source(), ": metadata uml.format: this version reads 1");
    const auto stored = f.metadata("uml.config");
    if (!stored) return refuse(f, "uml.config", "is missing");
    const auto v = json::parse(*stored, f.source());
    if (!v) return v.error();
    if (auto r = read_config(f, *v, card.configuration); !r) return r.error();
    if (auto r = read_names(f, "uml.classes", card.configuration.classes, card.classes); !r) return r.error();
    if (auto r = read_names(f, "uml.regions", card.configuration.regions, card.regions); !r) return r.error();
    if (auto r = read_calibration(f, card); !r) return r.error();
    return result<model_card>(std::move(card));
}

} // namespace uml::inline UML_VERSION_NAMESPACE
