// A program of several translation units, none of which compiles a kernel: loads weights (the argument), looks at a
// picture.
#include "parts.hpp"

#include <cstdio>
#include <string>
#include <vector>

int main(int, char** argv) {
    const auto model = load_it(argv[1]);
    if (!model) return std::puts(model.error().what.c_str()), 1;
    auto workspace = model->make_workspace();
    if (!workspace) return std::puts(workspace.error().what.c_str()), 1;
    const std::vector<unsigned char> pixels(
        static_cast<std::size_t>(model->height() * model->width() * model->channels()), 40);
    const int k = predicted(*model, *workspace, pixels.data());
    std::printf("uml::compiled: %s\n", std::string(model->class_name(k)).c_str());
    return k < 0 ? 1 : 0;
}
