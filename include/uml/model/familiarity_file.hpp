// The statistics of familiarity in a weights file: four tensors and one entry of the metadata.
#pragma once

#include "uml/core/buffer.hpp"
#include "uml/evidence/familiarity.hpp"
#include "uml/io/json_value.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/io/safetensors_writer.hpp"

#include <array>
#include <string>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Adds `uml.familiarity.mean`, `.scale`, `.variances` (F32) and `.directions` (F16, Q x D) to a file that is being
/// written, and returns the value of the metadata `uml.familiarity`: {"residual": ..., "threshold": ...}.
[[nodiscard]] inline std::string add_familiarity(safetensors_writer& file, const familiarity_model& m) {
    const std::array<std::uint64_t, 2> shape{m.variances.size(), m.dimensions()};
    const std::span<const std::uint64_t> q = std::span(shape).first(1), d = std::span(shape).last(1);
    file.add("uml.familiarity.mean", d, m.mean);
    file.add("uml.familiarity.scale", d, m.scale);
    file.add("uml.familiarity.variances", q, m.variances);
    file.add("uml.familiarity.directions", dtype::f16, shape, std::as_bytes(m.directions));
    std::string text;
    json::writer<std::string> w(text);
    w.begin_object().member("residual", m.residual).member("threshold", m.threshold).end_object();
    return text;
}

/// The numbers as read, and the model that views them. Move only.
struct stored_familiarity {
    buffer<float> mean{}, scale{}, variances{};
    buffer<f16> directions{};
    float residual = 1, threshold = 0;

    /// False for a file without statistics.
    [[nodiscard]] bool present() const { return mean.size() > 0; }
    [[nodiscard]] familiarity_model model() const {
        return {mean.span(), scale.span(), directions.span(), variances.span(), residual, threshold};
    }
};

/// Reads and checks them; nothing is present where the file has none. Errors: errc::malformed, naming file and rule;
/// out_of_memory; those of reading.
[[nodiscard, gnu::cold]] inline result<stored_familiarity> read_familiarity(const weights_file& file) {
    stored_familiarity s;
    const auto stored = file.metadata("uml.familiarity");
    if (!stored) return result<stored_familiarity>(std::move(s));
    const auto refuse = [&](const char* rule) {
        return fail(errc::malformed, file.source(), ": metadata uml.familiarity: ", rule);
    };
    const auto v = json::parse(*stored, file.source());
    if (!v) return v.error();
    const auto residual = v->find("residual"), threshold = v->find("threshold");
    const auto residual_number = residual ? residual->number() : std::nullopt;
    const auto threshold_number = threshold ? threshold->number() : std::nullopt;
    if (!residual_number || !threshold_number) return refuse("needs the numbers residual and threshold");
    s.residual = static_cast<float>(*residual_number), s.threshold = static_cast<float>(*threshold_number);

    const struct {
        const char* name;
        buffer<float>* to;
    } rows[] = {{"uml.familiarity.mean", &s.mean},
                {"uml.familiarity.scale", &s.scale},
                {"uml.familiarity.variances", &s.variances}};
    for (const auto& row : rows) {
        const tensor_entry* e = file.find(row.name);
        if (e == nullptr || e->type != dtype::f32 || e->dimensions != 1)
            return refuse("a tensor is missing or no row of F32");
        const std::uint64_t elements = e->elements();
        if (!row.to->resize(static_cast<std::size_t>(elements)))
            return fail(errc::out_of_memory, "no memory for the statistics of familiarity");
        if (auto r = file.read(*e, row.to->span()); !r) return r.error();
    }
    const tensor_entry* e = file.find("uml.familiarity.directions");
    if (e == nullptr || e->type != dtype::f16 || e->dimensions != 2 || e->shape()[0] != s.variances.size() ||
        e->shape()[1] != s.mean.size())
        return refuse("the directions are missing or no F16 of variances x features");
    const std::uint64_t elements = e->elements();
    if (!s.directions.resize(static_cast<std::size_t>(elements)))
        return fail(errc::out_of_memory, "no memory for the statistics of familiarity");
    if (auto r = file.read_bytes(*e, std::as_writable_bytes(s.directions.span())); !r) return r.error();
    if (const auto r = s.model().check(); !r) return refuse(r.error().what.c_str());
    return result<stored_familiarity>(std::move(s));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
