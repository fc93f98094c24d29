// The first static network, with matrix products by Eigen.
#include "uml/uml.hpp"

#include "uml/backend/eigen.hpp"

using net = uml::networks::release<uml::config{.height = 256, .width = 256, .regions = 2, .classes = 3}>;

int main(int, char** argv) {
    auto model = uml::load<net>(argv[1], uml::eigen{.threads = 2});
    if (!model) return 1;
    auto workspace = model->make_workspace();
    if (!workspace) return 1;
    return model->run(uml::image_view{}, *workspace) ? 0 : 1;
}
