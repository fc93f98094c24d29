// The adapter finds xtensor's headers where version 0.26 moved them, here in a stub tree, and asks for the right views.
#include "uml/adapt/xtensor.hpp"

#include <cstdio>
#include <vector>

int main() {
    std::vector<float> memory(2 * 3 * 8);
    const auto tensor = uml::as_xtensor(uml::tensor_view<float>{memory.data(), 2, 3, 5, 8});
    const auto map = uml::as_xtensor(std::span<const float>(memory), 6, 8);
    const bool right = tensor.expression.data == memory.data() && tensor.expression.size == memory.size() &&
                       tensor.expression.shape == std::array<std::size_t, 3>{2, 3, 8} && tensor.last.begin == 0 &&
                       tensor.last.end == 5 && map.data == memory.data() &&
                       map.shape == std::array<std::size_t, 2>{6, 8};
    std::puts(right ? "1 passed, 0 failed" : "0 passed, 1 failed");
    return right ? 0 : 1;
}
