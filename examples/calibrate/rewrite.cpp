#include "calibrate/rewrite.hpp"

#include "uml/io/file.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/io/safetensors_writer.hpp"
#include "uml/model/familiarity_file.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace calibrate {

uml::result<std::vector<std::byte>> copy_with(const std::string& from,
                                              const std::map<std::string, std::string>& changes,
                                              const uml::familiarity_model* kind) {
    const auto file = uml::open_weights(from.c_str());
    if (!file) return file.error();
    std::map<std::string, std::string> metadata = changes;
    for (const auto& [key, value] : file->metadata()) metadata.emplace(key, value);
    uml::safetensors_writer writer;
    for (const auto& [key, value] : metadata) writer.metadata(key, value);

    std::vector<const uml::tensor_entry*> entries;
    for (const uml::tensor_entry& e : file->entries()) entries.push_back(&e);
    std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->begin < b->begin; });
    std::vector<std::byte> bytes;
    for (const uml::tensor_entry* e : entries) {
        if (kind != nullptr && std::string_view(e->name).starts_with(uml::familiarity_names::metadata)) continue;
        bytes.resize(static_cast<std::size_t>(e->bytes));
        if (const auto r = file->read_bytes(*e, bytes); !r) return r.error();
        writer.add((e->prefixed ? "module." : "") + std::string(e->name), e->type, e->shape(), bytes);
    }
    if (kind != nullptr) {
        using names = uml::familiarity_names;
        const std::array<std::uint64_t, 2> shape{kind->variances.size(), kind->dimensions()};
        const std::span q = std::span(shape).first(1), d = std::span(shape).last(1);
        writer.add(names::mean, d, kind->mean);
        writer.add(names::scale, d, kind->scale);
        writer.add(names::variances, q, kind->variances);
        writer.add(names::directions, uml::dtype::f16, shape, std::as_bytes(kind->directions));
    }
    return writer.bytes();
}

} // namespace calibrate
