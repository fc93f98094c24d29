// The rule of pictures from the `uml.` metadata of a weights file.
#pragma once

#include "uml/io/json_value.hpp"
#include "uml/model/input_rule.hpp"

#include <optional>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace card_detail {

/// An array of two increasing numbers.
[[nodiscard, gnu::cold]] inline bool read_pair(json::value v, double (&to)[2]) {
    if (v.type() != json::kind::array) return false;
    int count = 0;
    for (const auto item : v.items()) {
        const auto number = item.number();
        if (count == 2 || !number) return false;
        to[count++] = *number;
    }
    return count == 2 && to[0] < to[1];
}

/// One member of the rule; false if this version cannot follow it.
[[nodiscard, gnu::cold]] inline bool read_member(json::value key, json::value v, int channels, input_rule& to) {
    if (key.says("channels")) return v.says(channels == 1 ? "grey" : "rgb");
    double pair[2] = {0, 0};
    if (key.says("range")) return read_pair(v, pair) && pair[0] == 0 && pair[1] == 1; // what every network here sees
    if (key.says("levels")) {
        if (!read_pair(v, pair) || !(pair[0] > -1e6 && pair[1] < 1e6)) return false;
        to.levels[0] = static_cast<float>(pair[0]), to.levels[1] = static_cast<float>(pair[1]);
        return to.levels[0] < to.levels[1];
    }
    if (!key.says("resampling")) return false;
    constexpr struct {
        const char* name;
        resampling filter;
    } filters[] = {{"nearest", resampling::nearest},   {"box", resampling::box},
                   {"bilinear", resampling::bilinear}, {"hamming", resampling::hamming},
                   {"bicubic", resampling::bicubic},   {"lanczos", resampling::lanczos}};
    for (const auto& f : filters)
        if (v.says(f.name)) {
            to.filter = f.filter;
            return true;
        }
    return false;
}

/// Printable ASCII, at most 60 characters of it.
[[gnu::cold]] inline void put_printable(std::string_view source, text<127>& to) {
    for (const char c : source.substr(0, 60)) to << (c >= ' ' && c <= '~' ? c : '?');
}

} // namespace card_detail

/// The rule that `uml.input` says: {"channels": "grey" | "rgb", "range": [0, 1], "levels": [0, 255], "resampling":
/// "bilinear"}, each of them or none. Free text, as older files have it, says nothing. channels: of the network.
[[nodiscard, gnu::cold]] inline input_rule input_rule_from(std::string_view stored, int channels) {
    using namespace card_detail;
    input_rule rule;
    const std::size_t first = stored.find_first_not_of(" \t\r\n");
    if (first == stored.npos || stored[first] != '{') return rule;
    const auto v = json::parse(stored, "uml.input");
    if (!v || v->type() != json::kind::object) {
        rule.unknown << "JSON that cannot be read";
        return rule;
    }
    for (const auto [key, item] : v->members()) {
        if (!rule.unknown.empty() || read_member(key, item, channels, rule)) continue;
        put_printable(key.source(), rule.unknown);
        rule.unknown << ": ";
        put_printable(item.source(), rule.unknown);
    }
    return rule;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
