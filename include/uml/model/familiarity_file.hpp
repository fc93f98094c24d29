// The statistics of familiarity in a weights file: four tensors and one entry of the metadata.
#pragma once

#include "uml/io/metadata.hpp"
#include "uml/model/card.hpp"

#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Names of the tensors: F32 of D, of D, of Q features or directions; F16 of Q x D. The metadata `uml.familiarity` is
/// {"residual": ..., "threshold": ..., "self_check": ...}; the last one, the distance of the self-check's picture, may
/// be missing.
struct familiarity_names {
    static constexpr std::string_view metadata = "uml.familiarity", mean = "uml.familiarity.mean",
                                      scale = "uml.familiarity.scale", variances = "uml.familiarity.variances",
                                      directions = "uml.familiarity.directions";
    /// What a file may ask to be read: of features as many as prepared weights hold, of directions 32 MiB.
    static constexpr std::uint64_t most_features = 65535, most_numbers = 1u << 24;
};

/// Reads and checks them; nothing is present where the file has none. Errors: errc::malformed, naming file and rule;
/// out_of_memory; those of reading.
[[nodiscard, gnu::cold]] inline result<stored_familiarity> read_familiarity(const weights_file& file) {
    using names = familiarity_names;
    stored_familiarity s;
    const auto stored = metadata_json(file, names::metadata);
    if (!stored) return stored.error();
    const auto& v = *stored;
    if (!v) return result<stored_familiarity>(std::move(s));
    const auto refuse = [&](pieces rule) { return metadata_fault(file, names::metadata, rule); };
    const auto number = [&](std::string_view key) {
        const auto item = v->find(key);
        return item ? item->number() : std::nullopt;
    };
    const auto residual = number("residual"), threshold = number("threshold");
    if (!residual || !threshold) return refuse({"needs the numbers residual and threshold"});
    s.self_check = number("self_check");
    if (v->find("self_check") && !(s.self_check && *s.self_check >= 0 && *s.self_check < 1e6))
        return refuse({"self_check is no distance"});

    const auto row = [&](std::string_view name) {
        const tensor_entry* e = file.find(name);
        return e != nullptr && e->type == dtype::f32 && e->dimensions == 1 ? e : nullptr;
    };
    const tensor_entry *mean = row(names::mean), *scale = row(names::scale), *variances = row(names::variances);
    if (mean == nullptr || scale == nullptr || variances == nullptr)
        return refuse({"tensor ",
                       mean == nullptr    ? names::mean
                       : scale == nullptr ? names::scale
                                          : names::variances,
                       " is missing or no row of F32"});
    const tensor_entry* rows = file.find(names::directions);
    if (mean->elements() > names::most_features || (rows != nullptr && rows->elements() > names::most_numbers))
        return refuse({"statistics of more than ", names::most_features, " features or ", names::most_numbers,
                       " numbers of directions"});
    if (scale->elements() != mean->elements() || rows == nullptr || rows->type != dtype::f16 || rows->dimensions != 2 ||
        rows->shape()[0] != variances->elements() || variances->elements() >= mean->elements() ||
        rows->shape()[1] != mean->elements())
        return refuse({"the tensors' sizes do not fit: D means and scales, Q variances, Q x D directions of F16"});
    const auto count = [](const std::uint64_t& elements) { return static_cast<std::size_t>(elements); };
    const std::size_t d = count(mean->elements()), q = count(variances->elements());
    if (!s.numbers.resize(2 * d + q) || !s.directions.resize(count(rows->elements())))
        return fail(errc::out_of_memory, "no memory for the statistics of familiarity");
    const std::span<float> all = s.numbers.span();
    if (auto r = file.read(*mean, all.first(d)); !r) return r.error();
    if (auto r = file.read(*scale, all.subspan(d, d)); !r) return r.error();
    if (auto r = file.read(*variances, all.last(q)); !r) return r.error();
    if (auto r = file.read_bytes(*rows, s.directions.bytes()); !r) return r.error();
    s.model = {all.first(d),
               all.subspan(d, d),
               std::as_const(s.directions).span(),
               all.last(q),
               static_cast<float>(*residual),
               static_cast<float>(*threshold)};
    if (const auto r = s.model.check(); !r) return refuse({r.error().what.view()});
    return result<stored_familiarity>(std::move(s));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
