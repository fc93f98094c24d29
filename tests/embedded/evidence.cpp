// The evidence headers alone: two opinions fused, on whatever runs.
#include "say.hpp"

#include <uml/evidence.hpp>

#include <array>

int main() {
    const std::array<float, 4> first{0.6F, 0.1F, 0.1F, 0.2F}, second{0.5F, 0.2F, 0.0F, 0.3F};
    const std::array slices{uml::opinion<const float>(first), uml::opinion<const float>(second)};
    std::array<float, 4> masses{};
    const uml::opinion<float> patient(std::span<float>{masses});
    const auto conflict = uml::fuse(uml::fusion_rule::cumulative, slices, patient);
    const bool good = conflict && patient.predicted() == 0 && patient.vacuity() < 0.2F;
    embedded::say(good ? "ok      two opinions fused\n" : "FAILED  two opinions fused\n");
    return good ? 0 : 1;
}
