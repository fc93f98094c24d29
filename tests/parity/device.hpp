// The CUDA backend, on a device or on the host.
#pragma once

#include "run.hpp"

namespace parity {

template <class B> status run_device(const options& o, const uml_test::golden_file& g, const char* path) {
    if (!o.isa.empty()) return status::not_available;
    for (const auto p : {uml::precision::f32, uml::precision::tf32, uml::precision::bf16})
        if (o.precision == uml::to_text(p)) return run_on(B{.precision = p}, o, g, path);
    return status::not_available;
}

} // namespace parity
