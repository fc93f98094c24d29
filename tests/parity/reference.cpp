#include "run.hpp"

#include "uml/backend/reference.hpp"

parity::status parity::run_reference(const options& o, const uml_test::golden_file& g, const char* path) {
    if (!o.isa.empty()) return status::not_available;
    if (o.precision == "f64") return run_on(uml::reference64{}, o, g, path);
    if (o.precision == "f32" || o.precision == "f32-direct") return run_on(uml::reference{}, o, g, path);
    return status::not_available;
}
