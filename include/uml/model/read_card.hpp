// The card from the `uml.` metadata of a weights file.
#pragma once

#include "uml/core/heap_sort.hpp"
#include "uml/core/quoted.hpp"
#include "uml/io/json_value.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/model/card.hpp"
#include "uml/model/familiarity_file.hpp"
#include "uml/model/read_input_rule.hpp"
#include "uml/model/read_promises.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace card_detail {

[[nodiscard, gnu::cold]] inline error refuse(const weights_file& f, std::string_view key, std::string_view rule) {
    return fail(errc::malformed, f.source(), ": metadata ", key, ": ", rule);
}

[[nodiscard, gnu::cold]] inline result<void> read_config(const weights_file& f, json::value v, config& c) {
    if (v.type() != json::kind::object) return refuse(f, "uml.config", "is not an object");
    for (const config_field& field : config_fields)
        if (field.in_every_file && !v.find(field.name)) {
            error e = refuse(f, "uml.config", "lacks ");
            e.what << field.name;
            return e;
        }
    for (const auto [key, item] : v.members()) {
        const auto& name = key;
        bool known = false;
        for (const config_field& field : config_fields) {
            if (!name.says(field.name)) continue;
            const auto number = item.integer();
            if (!number || *number < 1 || *number > 1 << 20) {
                error e = refuse(f, "uml.config", field.name);
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

/// Bytes that command a terminal: U+0000 to U+001F, U+007F, and as UTF-8 U+0080 to U+009F.
[[nodiscard]] constexpr bool has_control(std::string_view name) {
    unsigned before = 0;
    for (const char c : name) {
        const unsigned byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte < 0xa0)) return true;
        before = byte;
    }
    return false;
}

[[nodiscard, gnu::cold]] inline result<void> read_names(const weights_file& f, std::string_view key, int count,
                                                        label_list& to) {
    const auto stored = f.metadata(key);
    if (!stored) return {};
    const auto v = json::parse(*stored, f.source());
    if (!v) return v.error();
    if (v->type() != json::kind::array) return refuse(f, key, "is not an array of names");
    int found = 0;
    for (const auto item : v->items()) {
        const auto name = item.string<label::capacity>();
        if (!name) return refuse(f, key, "has an entry that is not a string of at most 63 bytes");
        if (has_control(name->view())) return refuse(f, key, "has a name with control characters");
        if (found++ < count && !to.append(label(*name))) return fail(errc::out_of_memory, "no memory for names");
    }
    if (found != count) {
        error e = refuse(f, key, "holds ");
        e.what << found << (found == 1 ? " name" : " names") << ", but uml.config says " << count;
        return e;
    }
    buffer<label> sorted;
    if (!sorted.resize(to.size())) return fail(errc::out_of_memory, "no memory for names");
    for (std::size_t i = 0; i < to.size(); ++i) sorted.span()[i] = to.span()[i];
    heap_sort(sorted.span(), [](const label& a, const label& b) { return a.view() < b.view(); });
    for (std::size_t i = 1; i < sorted.size(); ++i)
        if (sorted.span()[i].view() == sorted.span()[i - 1].view()) {
            error e = refuse(f, key, "has a name twice: ");
            e.what << quoted(sorted.span()[i].view()).view();
            return e;
        }
    return {};
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
    if (auto r = read_promises(f, card); !r) return r.error();
    auto kind = read_familiarity(f);
    if (!kind) return kind.error();
    card.familiarity = *std::move(kind);
    card.screening.image_distance = card.familiarity.model.threshold;
    if (const auto rule = f.metadata("uml.input")) card.input = input_rule_from(*rule, card.configuration.channels_in);
    return result<model_card>(std::move(card));
}

/// The card for a network of the size that `used` says: what calibration found at another one does not hold there.
[[gnu::cold]] inline void adapt_to_size(const weights_file& f, model_card& card, const config& used) {
    const config& own = card.configuration;
    if (card.network.empty() || (own.height == used.height && own.width == used.width)) return;
    card.forget_calibration();
    card.notice << f.source() << ": calibrated at another size, " << own.height << " x " << own.width << ", not "
                << used.height << " x " << used.width << ": nothing is accepted";
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
