// A program outside of the repo: loads weights (the first argument) and looks at a picture, fuses two opinions.
#include <uml/uml.hpp>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

int fuse_two_slices() {
    const std::array<float, 4> first{0.6f, 0.1f, 0.1f, 0.2f}, second{0.5f, 0.2f, 0.0f, 0.3f};
    const std::array<uml::opinion<const float>, 2> slices{uml::opinion<const float>(first),
                                                          uml::opinion<const float>(second)};
    std::array<float, 4> masses{};
    const uml::opinion<float> patient(std::span<float>{masses});
    if (!uml::fuse(uml::fusion_rule::cumulative, slices, patient)) return 1;
    return patient.predicted() == 0 && patient.vacuity() < 0.2f ? 0 : 1;
}

int look(const char* weights) {
    const auto model = uml::load<uml::network<uml::dynamic>>(weights);
    if (!model) return std::puts(model.error().what.c_str()), 1;
    auto workspace = model->make_workspace();
    if (!workspace) return 1;
    const int h = model->height(), w = model->width(), c = model->channels();
    const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(h * w * c), 40);
    const auto found = model->run({pixels.data(), h, w, c}, *workspace);
    if (!found) return 1;
    std::printf("uml %s: %s, vacuity %.3f\n", UML_VERSION_STRING,
                std::string(model->class_name(found->diagnosis.predicted())).c_str(),
                static_cast<double>(found->diagnosis.vacuity()));
    return 0;
}

} // namespace

int main(int argc, char** argv) {
#ifdef EXPECTED_VERSION
    if (std::strcmp(UML_VERSION_STRING, EXPECTED_VERSION) != 0) return 2;
#endif
    return fuse_two_slices() + (argc > 1 ? look(argv[1]) : 0);
}
