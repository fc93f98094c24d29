#include "run.hpp"
#include "threads.hpp"

#include "uml/backend/onednn.hpp"
#include "uml/threads/openmp.hpp"

namespace {

template <uml::onednn_options options>
parity::status run(const parity::options& o, const uml_test::golden_file& g, const char* path) {
    using backend = uml::onednn<parity::most_threads, options>;
    if (!backend::available()) return parity::status::not_available;
    return parity::run_on<backend>(o, g, path, uml::openmp(std::min(o.threads, parity::most_threads)));
}

} // namespace

parity::status parity::run_onednn(const options& o, const uml_test::golden_file& g, const char* path) {
    if (!o.isa.empty()) return status::not_available;
    if (o.precision == "f32") return run<uml::onednn_options{}>(o, g, path);
    if (o.precision == "bf16") return run<uml::onednn_options{.bf16 = true}>(o, g, path);
    return status::not_available;
}
