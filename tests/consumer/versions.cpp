// One of two translation units of a program that holds two versions of the library.
#include <uml/evidence.hpp>

#include <array>

float VERSION_OF() {
    std::array<float, 3> masses{0.5f, 0.25f, 0.25f};
    const uml::opinion<float> one(std::span<float>{masses});
    return one.probability(0) + static_cast<float>(UML_VERSION_MINOR);
}
