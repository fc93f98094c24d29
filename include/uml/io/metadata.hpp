// One entry of a weights file's metadata as JSON, and what is said where it breaks a rule.
#pragma once

#include "uml/io/json_value.hpp"
#include "uml/io/safetensors.hpp"

#include <optional>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// errc::malformed: file, entry, and the rule.
[[nodiscard, gnu::cold]] inline error metadata_fault(const weights_file& f, std::string_view key, pieces rule) {
    return fail(errc::malformed, {f.source(), ": metadata ", key, ": "}, rule);
}

/// Nothing where the file has no such entry. Errors: errc::malformed, naming file, entry and place.
[[nodiscard, gnu::cold]] inline result<std::optional<json::value>> metadata_json(const weights_file& f,
                                                                                 std::string_view key) {
    const auto stored = f.metadata(key);
    if (!stored) return std::optional<json::value>();
    text<200> place;
    place << f.source() << ": metadata " << key;
    const auto v = json::parse(*stored, place);
    if (!v) return v.error();
    return std::optional<json::value>(*v);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
