#include "run.hpp"
#include "threads.hpp"

#include "uml/backend/cpu.hpp"

parity::status parity::run_cpu(const options& o, const uml_test::golden_file& g, const char* path) {
    const auto tier = o.isa.empty() ? uml::kernels::best_isa() : uml::kernels::isa_from_name(o.isa);
    if (!tier || !uml::kernels::available(*tier)) return status::not_available;
    if (o.precision != "f32" && o.precision != "f32-direct") return status::not_available;
    const uml::cpu where{.threads = o.threads, .winograd = o.precision == "f32", .max_isa = *tier};
    return with_threads(o.threads, [&](uml::executor threads) { return run_on(where, o, g, path, threads); });
}
