// The card from the `uml.` metadata of a weights file.
#pragma once

#include "uml/core/heap_sort.hpp"
#include "uml/core/quoted.hpp"
#include "uml/io/metadata.hpp"
#include "uml/model/card.hpp"
#include "uml/model/familiarity_file.hpp"
#include "uml/model/name_rule.hpp"
#include "uml/model/read_input_rule.hpp"
#include "uml/model/read_promises.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace card_detail {

[[nodiscard, gnu::cold]] inline result<void> read_config(const weights_file& f, json::value v, config& c) {
    constexpr const char* entry = "uml.config";
    if (v.type() != json::kind::object) return metadata_fault(f, entry, {"is not an object"});
    for (const config_field& field : config_fields)
        if (field.in_every_file && !v.find(field.name)) return metadata_fault(f, entry, {"lacks ", field.name});
    for (const auto [key, item] : v.members()) {
        const auto& name = key;
        bool known = false;
        for (const config_field& field : config_fields) {
            if (!name.says(field.name)) continue;
            const auto number = item.integer();
            if (!number || *number < 1 || *number > 1 << 20)
                return metadata_fault(f, entry, {field.name, " is not an integer from 1 to ", 1 << 20});
            c.*field.member = static_cast<int>(*number);
            known = true;
        }
        if (!known) {
            std::string_view unknown = key.source(); // with quotes
            unknown = unknown.substr(1, unknown.size() - 2);
            return metadata_fault(f, entry, {"has a key that this version does not know: ", quoted(unknown).view()});
        }
    }
    return {};
}

/// A name as it is seen, and which one of the list it is.
struct seen_name {
    label seen{};
    std::size_t number = 0;
};
/// Refuses names that their readers cannot tell apart.
[[nodiscard, gnu::cold]] inline result<void> check_distinct(const weights_file& f, std::string_view key,
                                                            std::span<const label> names) {
    buffer<seen_name> sorted;
    if (!sorted.resize(names.size())) return fail(errc::out_of_memory, "no memory for names");
    for (std::size_t i = 0; i < names.size(); ++i) sorted[i] = {label(as_seen<label::capacity>(names[i].view())), i};
    heap_sort(sorted.data(), sorted.size(), [](const seen_name& a, const seen_name& b) {
        const int order = a.seen.view().compare(b.seen.view());
        return order != 0 ? order < 0 : a.number < b.number;
    });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i].seen.view() != sorted[i - 1].seen.view()) continue;
        const auto name = names[sorted[i - 1].number].view(), other = names[sorted[i].number].view();
        if (name == other) return metadata_fault(f, key, {"has a name twice: ", quoted(name).view()});
        return metadata_fault(f, key,
                              {"has two names that look alike: ", quoted(name).view(), " and ", quoted(other).view()});
    }
    return {};
}

[[nodiscard, gnu::cold]] inline result<void> read_names(const weights_file& f, std::string_view key, int count,
                                                        label_list& to) {
    const auto v = metadata_json(f, key);
    if (!v) return v.error();
    if (!*v) return {};
    if ((*v)->type() != json::kind::array) return metadata_fault(f, key, {"is not an array of names"});
    int found = 0;
    for (const auto item : (*v)->items()) {
        const auto name = item.string<label::capacity>();
        const int number = found + 1;
        if (!name) return metadata_fault(f, key, {"name ", number, " is not a string of at most 63 bytes"});
        if (has_control(*name))
            return metadata_fault(f, key, {"name ", number, " holds control characters: ", quoted(*name).view()});
        if (as_seen<label::capacity>(*name).empty()) return metadata_fault(f, key, {"name ", number, " shows nothing"});
        if (found++ < count && !to.append(label(*name))) return fail(errc::out_of_memory, "no memory for names");
    }
    if (found != count)
        return metadata_fault(f, key,
                              {"holds ", found, found == 1 ? " name" : " names", ", but uml.config says ", count});
    return check_distinct(f, key, to.span());
}

[[nodiscard, gnu::cold]] inline result<void> read_calibration(const weights_file& f, model_card& card) {
    const auto temperature = metadata_json(f, "uml.temperature");
    if (!temperature) return temperature.error();
    if (*temperature) {
        const auto number = (*temperature)->number();
        if (!number || !model_card::possible_temperature(*number))
            return metadata_fault(f, "uml.temperature", {"is not a number from 0.001 to 1000"});
        card.temperature = *number;
    }
    const auto screening = metadata_json(f, "uml.screening");
    if (!screening) return screening.error();
    if (*screening) {
        const auto read = [&](std::string_view key, float& to) {
            const auto item = (*screening)->find(key);
            const auto number = item ? item->number() : std::nullopt;
            if (!number || *number < 0 || *number > 1) return false;
            to = static_cast<float>(*number);
            return true;
        };
        if (!read("image_vacuity", card.screening.image_vacuity) ||
            !read("pixel_vacuity", card.screening.pixel_vacuity))
            return metadata_fault(f, "uml.screening", {"needs image_vacuity and pixel_vacuity between 0 and 1"});
    }
    return {};
}

/// Without `uml.network` nobody knows whose names and thresholds the metadata has.
[[gnu::cold]] inline void note_what_is_not_read(const weights_file& f, model_card& card) {
    for (const metadata_entry& e : f.metadata())
        if (e.key.starts_with("uml.") && e.key != "uml.selfcheck") {
            card.notice << f.source() << ": metadata " << quoted(e.key).view()
                        << " and other names and thresholds are not read, since uml.network is missing";
            return;
        }
}

} // namespace card_detail

/// Reads and checks the metadata. Errors: errc::malformed, unsupported (another format version), out_of_memory.
[[nodiscard, gnu::cold]] inline result<model_card> read_card(const weights_file& f) {
    using namespace card_detail;
    model_card card;
    const auto label = f.metadata("uml.network");
    if (!label) {
        note_what_is_not_read(f, card);
        return result<model_card>(std::move(card));
    }
    if (label->size() > 63 || label->empty())
        return metadata_fault(f, "uml.network", {"is not a name of 1 to 63 bytes"});
    if (has_control(*label))
        return metadata_fault(f, "uml.network", {"holds control characters: ", quoted(*label).view()});
    card.network << *label;
    if (const auto format = f.metadata("uml.format"); format && *format != "1")
        return fail(errc::unsupported,
                    {f.source(), ": metadata uml.format: is ", quoted(*format).view(), ", this version reads 1"});
    const auto v = metadata_json(f, "uml.config");
    if (!v) return v.error();
    if (!*v) return metadata_fault(f, "uml.config", {"is missing"});
    if (auto r = read_config(f, **v, card.configuration); !r) return r.error();
    if (auto r = read_names(f, "uml.classes", card.configuration.classes, card.classes); !r) return r.error();
    if (auto r = read_names(f, "uml.regions", card.configuration.regions, card.regions); !r) return r.error();
    if (auto r = read_calibration(f, card); !r) return r.error();
    if (auto r = read_promises(f, card); !r) return r.error();
    auto kind = read_familiarity(f);
    if (!kind) return kind.error();
    card.familiarity = *std::move(kind);
    card.screening.image_distance = card.familiarity.model.threshold;
    if (const auto rule = f.metadata("uml.input")) card.input = input_rule_from(*rule, card.configuration.channels_in);
    const tensor_entry* checked = f.find("uml.selfcheck.input");
    const auto differs = [](std::uint64_t n, int own) { return n != static_cast<std::uint64_t>(own); };
    if (checked != nullptr && checked->dimensions == 3 &&
        (differs(checked->shape()[0], card.configuration.height) ||
         differs(checked->shape()[1], card.configuration.width)))
        card.notice << f.source() << ": its self-check is for " << checked->shape()[0] << " x " << checked->shape()[1]
                    << " pixels, uml.config says " << card.configuration.height << " x " << card.configuration.width
                    << ": it is not run";
    return result<model_card>(std::move(card));
}

/// The card for a network of the size that `used` says: what calibration found at another one does not hold there.
[[gnu::cold]] inline void adapt_to_size(const weights_file& f, model_card& card, const config& used) {
    const config& own = card.configuration;
    if (card.network.empty() || (own.height == used.height && own.width == used.width)) return;
    card.forget_calibration();
    card.notice << (card.notice.empty() ? "" : "; ") << f.source() << ": calibrated at another size, " << own.height
                << " x " << own.width << ", not " << used.height << " x " << used.width << ": nothing is accepted";
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
