// Golden files: inputs and float64 outputs of the published networks, as named float vectors.
#pragma once

#include "uml/io/file.hpp"
#include "uml_paths.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uml_test {

/// The folder that holds reference/ and data/: the environment variable UML_SHARED, else what the build configured; may
/// not exist.
inline std::string shared_dir() {
    if (const char* const set = std::getenv("UML_SHARED")) return set;
#ifdef UML_SHARED_DIR
    return UML_SHARED_DIR;
#else
    return {};
#endif
}

struct golden_tensor {
    std::vector<std::uint64_t> shape; ///< [1, channels, height, width] or [1, classes]
    std::vector<float> values;        ///< row-major
};

struct golden_file {
    std::string network; ///< "release" or "paper"
    std::uint64_t seed = 0;
    int seg_classes = 0;
    int cls_classes = 0;
    std::map<std::string, golden_tensor, std::less<>> tensors; ///< "image" and the outputs, by name

    /// The tensor of that name, or null.
    [[nodiscard]] const golden_tensor* find(std::string_view name) const {
        const auto at = tensors.find(name);
        return at == tensors.end() ? nullptr : &at->second;
    }
};

/// The number that the file's metadata has under `key`; an error if it is missing or not one.
inline uml::result<std::uint64_t> golden_number(const uml::weights_file& file, std::string_view key) {
    const auto number = uml::json::to_unsigned(file.metadata(key).value_or(""));
    if (!number) return uml::fail(uml::errc::malformed, {file.source(), ": metadata \"", key, "\" is not a number"});
    return *number;
}

/// Reads a whole golden file. Errors name the file and what is wrong with it.
inline uml::result<golden_file> read_golden(const char* path) {
    const auto file = uml::open_weights(path);
    if (!file) return file.error();
    golden_file g;
    g.network = file->metadata("network").value_or("");
    const auto seed = golden_number(*file, "seed");
    const auto seg_classes = golden_number(*file, "seg_classes");
    const auto cls_classes = golden_number(*file, "cls_classes");
    for (const auto* number : {&seed, &seg_classes, &cls_classes})
        if (!*number) return number->error();
    g.seed = *seed;
    g.seg_classes = static_cast<int>(*seg_classes);
    g.cls_classes = static_cast<int>(*cls_classes);
    for (const auto& entry : file->entries()) {
        golden_tensor t{{entry.shape().begin(), entry.shape().end()}, {}};
        t.values.resize(static_cast<std::size_t>(entry.elements()));
        if (auto r = file->read(entry, t.values); !r) return r.error();
        g.tensors.emplace(entry.name, std::move(t));
    }
    return g;
}

} // namespace uml_test
