// A second static network with the cpu backend.
#include "uml/uml.hpp"

using net = uml::networks::release<uml::config{.height = 256, .width = 256, .regions = 2, .classes = 3}>;
using second = uml::networks::release<uml::config{.height = 128, .width = 96, .regions = 3, .classes = 2}>;

template <class network> int use(const char* path) {
    auto model = uml::load<network>(path, uml::cpu{.threads = 2});
    if (!model) return 1;
    auto workspace = model->make_workspace();
    if (!workspace) return 1;
    return model->run(uml::image_view{}, *workspace) ? 0 : 1;
}

int main(int, char** argv) { return use<net>(argv[1]) + use<second>(argv[1]); }
