// Any bytes as a weights file: what is accepted keeps every promise of the index, and reading it stays in bounds.
#include "uml/io/safetensors.hpp"
#include "uml/io/json_value.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void use(std::span<const std::byte> file) {
    const auto w = uml::weights_from(file, "input");
    if (!w) {
        require(!w.error().what.empty());
        return;
    }
    std::uint64_t header = 0, total = 0;
    std::memcpy(&header, file.data(), sizeof header);
    for (const uml::tensor_entry& e : w->entries()) {
        for (const uml::tensor_entry& other : w->entries())
            require(&other == &e || (other.name != e.name &&
                                     (other.begin + other.bytes <= e.begin || e.begin + e.bytes <= other.begin)));
        require(w->find(e.name) == &e);
        require(e.bytes == e.elements() * uml::size_of(e.type));
        total += e.bytes;
        // No larger than the file, because the reader has checked that; else this would not be bounded.
        std::vector<std::byte> bytes(static_cast<std::size_t>(e.bytes));
        require(w->read_bytes(e, bytes).has_value());
        std::vector<float> values(static_cast<std::size_t>(e.elements()));
        const auto r = w->read(e, values);
        for (const float x : values) require(!r || uml::is_finite(x));
    }
    require(total == file.size() - sizeof header - header); // every byte is one tensor's
    for (const uml::metadata_entry& m : w->metadata()) {
        require(w->metadata(m.key) == m.value);
        (void)uml::json::parse(m.value, m.key).has_value();
    }
}

} // namespace

/// Twice: as a whole file, and as a header of the right length followed by as many bytes of data as the first byte
/// says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    use(std::as_bytes(std::span(data, size)));
    if (size == 0) return 0;
    const std::size_t rest = size - 1;
    const std::size_t tail = data[0] < rest ? data[0] : rest;
    const std::uint64_t header = rest - tail;
    std::vector<std::byte> file(sizeof header + rest);
    std::memcpy(file.data(), &header, sizeof header);
    if (rest > 0) std::memcpy(file.data() + sizeof header, data + 1, rest);
    use(file);
    return 0;
}
