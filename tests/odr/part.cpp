// Runs a small network on a fixed picture with weights made by the rule of the golden files. Compiled under several
// flags; every copy is linked into the same program, so inline functions of all of them meet.
#include "odr/part.hpp"
#include "support/shapes.hpp"

#include "uml/uml.hpp"

#include <vector>

namespace {

constexpr uml::config small{.height = 32, .width = 32, .channels_in = 1, .channel_divisor = 8, .stem_stride = 2};
using net = uml::networks::edge<small>;
constexpr uml::cpu engine{.threads = 2};

} // namespace

odr_answer UML_ODR_RUN();
odr_answer UML_ODR_RUN() {
    odr_answer answer;
    const auto file = uml_test::ruled_source::open(
        uml_test::tensors_of(uml::static_program<net::description, net::configuration, engine>::view()), 11);
    if (!file) return answer;
    const auto model = uml::load<net>(*file, engine);
    if (!model) return answer;
    auto workspace = model->make_workspace();
    if (!workspace) return answer;
    std::vector<std::uint8_t> pixels(32 * 32);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 % 251);
    const auto findings = model->run({pixels.data(), 32, 32, 1}, *workspace);
    if (!findings) return answer;
    answer.arena_bytes = uml::arena_bytes<net, engine>;
    answer.workspace_size = sizeof(*workspace);
    answer.model_size = sizeof(*model);
    for (int k = 0; k < findings->diagnosis.classes(); ++k) answer.alpha.push_back(findings->diagnosis.alpha(k));
    return answer;
}
