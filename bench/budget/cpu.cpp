// The first static network, loaded and run by the cpu backend.
#include "uml/uml.hpp"

using net = uml::networks::release<uml::config{.height = 256, .width = 256, .regions = 2, .classes = 3}>;

int main(int, char** argv) {
    auto model = uml::load<net>(argv[1], uml::cpu{.threads = 2});
    if (!model) return 1;
    auto workspace = model->make_workspace();
    if (!workspace) return 1;
    return model->run(uml::image_view{}, *workspace) ? 0 : 1;
}
