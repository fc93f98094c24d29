// What the package must offer at least: an opinion, and the version that it says it is.
#include <uml/evidence.hpp>
#include <uml/version.hpp>

#include <array>
#include <cstdio>

int main() {
    std::array<float, 3> masses{0.7f, 0.1f, 0.2f};
    const uml::opinion<float> diagnosis(std::span<float>{masses});
    std::printf("uml %s: vacuity %.2f\n", UML_VERSION_STRING, static_cast<double>(diagnosis.vacuity()));
    return diagnosis.predicted() == 0 ? 0 : 1;
}
