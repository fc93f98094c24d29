// Four further static networks with the cpu backend.
#include "uml/uml.hpp"

template <int height, int width>
using net = uml::networks::release<uml::config{.height = height, .width = width, .regions = 2, .classes = 3}>;

template <class network> int use(const char* path) {
    auto model = uml::load<network>(path, uml::cpu{.threads = 2});
    if (!model) return 1;
    auto workspace = model->make_workspace();
    if (!workspace) return 1;
    return model->run(uml::image_view{}, *workspace) ? 0 : 1;
}

int main(int, char** argv) {
    int failed = use<net<256, 256>>(argv[1]);
    failed += use<net<128, 96>>(argv[1]);
    failed += use<net<128, 128>>(argv[1]);
    failed += use<net<192, 256>>(argv[1]);
    return failed + use<net<64, 64>>(argv[1]);
}
