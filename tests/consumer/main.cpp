// A program outside of the repo: an opinion from evidence, fused with another one, and a decision.
#include <uml/evidence.hpp>
#include <uml/version.hpp>

#include <array>
#include <cstdio>
#include <cstring>

int main() {
    const std::array<float, 4> first{0.6f, 0.1f, 0.1f, 0.2f}, second{0.5f, 0.2f, 0.0f, 0.3f};
    const std::array<uml::opinion<const float>, 2> slices{uml::opinion<const float>(first),
                                                          uml::opinion<const float>(second)};
    std::array<float, 4> masses{};
    const uml::opinion<float> patient(std::span<float>{masses});
    if (!uml::fuse(uml::fusion_rule::cumulative, slices, patient)) return 1;
    std::printf("uml %s: class %d, vacuity %.3f\n", UML_VERSION_STRING, patient.predicted(),
                static_cast<double>(patient.vacuity()));
#ifdef EXPECTED_VERSION
    if (std::strcmp(UML_VERSION_STRING, EXPECTED_VERSION) != 0) return 2;
#endif
    return patient.predicted() == 0 && patient.vacuity() < 0.2f ? 0 : 3;
}
