// Names and shapes of all tensors that a network's weights file has, from its parameter table.
#pragma once

#include "support/weights_rule.hpp"

#include "uml/graph/program.hpp"

namespace uml_test {

inline std::vector<named_shape> tensors_of(const uml::program_view& p) {
    std::vector<named_shape> all;
    for (const uml::parameter& q : p.parameters) {
        if (!uml::is_leaf(q.kind)) continue;
        const std::string name(p.name_of(q.name).view());
        const auto u = [](int n) { return static_cast<std::uint64_t>(n); };
        const bool norm = uml::is_norm(q.kind);
        if (norm)
            all.push_back({name + ".weight", {u(q.out)}});
        else if (q.kind == uml::parameter_kind::linear)
            all.push_back({name + ".weight", {u(q.out), u(q.in)}});
        else
            all.push_back({name + ".weight", {u(q.out), u(q.in), u(q.kernel), u(q.kernel)}});
        if (norm || q.bias) all.push_back({name + ".bias", {u(q.out)}});
        if (norm && q.kind != uml::parameter_kind::layer_norm) {
            all.push_back({name + ".running_mean", {u(q.out)}});
            all.push_back({name + ".running_var", {u(q.out)}});
        }
    }
    return all;
}

} // namespace uml_test
