#include "calibrate/rewrite.hpp"

#include "support/output.hpp"
#include "uml/io/file.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/io/safetensors_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace calibrate {

uml::result<void> copy_with(const std::string& from, const std::string& to,
                            const std::map<std::string, std::string>& changes) {
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
        bytes.resize(static_cast<std::size_t>(e->bytes));
        if (auto r = file->read_bytes(*e, bytes); !r) return r;
        writer.add((e->prefixed ? "module." : "") + std::string(e->name), e->type, e->shape(), bytes);
    }
    const std::vector<std::byte> whole = writer.bytes();
    return support::write_file(to, std::span(reinterpret_cast<const std::uint8_t*>(whole.data()), whole.size()));
}

} // namespace calibrate
