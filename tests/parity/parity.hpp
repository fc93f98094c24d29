// uml-parity: golden files against a backend.
#pragma once

#include "support/golden.hpp"

#include "uml/graph/rewrite.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parity {

enum class status { within = 0, outside = 1, unusable = 2, not_available = 3 };

struct options {
    std::string network; ///< empty: as the file says
    std::string backend = "cpu";
    std::string precision = "f32";
    uml::rewrites passes = uml::all_rewrites();
    std::string isa; ///< empty: the best there is
    int threads = 1;
    std::optional<std::uint64_t> seed;
    std::vector<std::string> files;
};

/// Both measures of the design, and whether a tensor keeps to them.
struct limits {
    double normalised, relative, class_relative;
    double mask_agreement; ///< least share of pixels with the same region
};
[[nodiscard]] inline limits limits_of(const std::string& precision) {
    if (precision == "f64") return {5e-6, 1e-7, 1e-7, 1.0};
    if (precision == "bf16") return {0.25, 3e-2, 2e-2, 0.98};
    if (precision == "tf32") return {2e-2, 3e-3, 3e-3, 0.995};
    return {5e-5, 5e-6, 5e-6, 0.9999};
}

/// One per backend: runs a file, prints a line per tensor.
status run_reference(const options& o, const uml_test::golden_file& g, const char* path);
status run_cpu(const options& o, const uml_test::golden_file& g, const char* path);
status run_eigen(const options& o, const uml_test::golden_file& g, const char* path);
status run_onednn(const options& o, const uml_test::golden_file& g, const char* path);
status run_cuda_host(const options& o, const uml_test::golden_file& g, const char* path);
status run_cuda(const options& o, const uml_test::golden_file& g, const char* path);

} // namespace parity
