#include "device.hpp"

#include "uml/backend/cuda.hpp"

parity::status parity::run_cuda(const options& o, const uml_test::golden_file& g, const char* path) {
    return run_device<uml::cuda>(o, g, path);
}
