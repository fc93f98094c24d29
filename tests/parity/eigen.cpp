#include "run.hpp"
#include "threads.hpp"

#include "uml/backend/eigen.hpp"

parity::status parity::run_eigen(const options& o, const uml_test::golden_file& g, const char* path) {
    if (!o.isa.empty() || (o.precision != "f32" && o.precision != "f32-direct")) return status::not_available;
    const uml::eigen where{.threads = o.threads};
    return with_threads(o.threads, [&](uml::executor threads) { return run_on(where, o, g, path, threads); });
}
