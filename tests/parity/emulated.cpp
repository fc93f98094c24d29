#include "device.hpp"

#include "uml/backend/cuda/host.hpp"

parity::status parity::run_cuda_host(const options& o, const uml_test::golden_file& g, const char* path) {
    return run_device<uml::cuda_on_host>(o, g, path);
}
