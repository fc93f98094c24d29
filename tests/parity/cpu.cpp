#include "run.hpp"
#include "threads.hpp"

#include "uml/backend/cpu.hpp"

namespace {

using uml::cpu_options;
using uml::kernels::isa;

template <cpu_options options>
parity::status run(const parity::options& o, const uml_test::golden_file& g, const char* path) {
    return parity::with_threads(o.threads, [&](uml::executor threads) {
        return parity::run_on<uml::cpu<parity::most_threads, options>>(o, g, path, threads);
    });
}

template <isa most>
parity::status run_tier(const parity::options& o, const uml_test::golden_file& g, const char* path) {
    if (o.precision == "f32-direct") return run<cpu_options{.winograd = false, .most = most}>(o, g, path);
    return run<cpu_options{.most = most}>(o, g, path);
}

} // namespace

parity::status parity::run_cpu(const options& o, const uml_test::golden_file& g, const char* path) {
    const auto tier = o.isa.empty() ? uml::kernels::best_isa() : uml::kernels::isa_from_name(o.isa);
    if (!tier || !uml::kernels::available(*tier)) return status::not_available;
    if (o.precision != "f32" && o.precision != "f32-direct") return status::not_available;
    switch (*tier) {
    case isa::avx512: return run_tier<isa::avx512>(o, g, path);
    case isa::avx2: return run_tier<isa::avx2>(o, g, path);
    case isa::baseline: break;
    }
    return run_tier<isa::baseline>(o, g, path);
}
