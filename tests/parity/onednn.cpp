#include "run.hpp"
#include "threads.hpp"

#include "uml/backend/onednn.hpp"
#include "uml/threads/openmp.hpp"

parity::status parity::run_onednn(const options& o, const uml_test::golden_file& g, const char* path) {
    if (!o.isa.empty() || (o.precision != "f32" && o.precision != "bf16")) return status::not_available;
    const uml::onednn where{.threads = o.threads,
                            .precision = o.precision == "f32" ? uml::precision::f32 : uml::precision::bf16};
    if (!where.available()) return status::not_available;
    return run_on(where, o, g, path, uml::openmp(o.threads));
}
