// A memory plan, checked by running it with stamps: whatever an operation reads is still what its producer wrote.
#pragma once

#include "uml/graph/plan.hpp"
#include "uml/graph/program.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace uml_test {

/// Writes every node's index over its tensor, and noise over its scratch memory, in the order of the program.
struct stamped {
    const uml::graph& g;
    std::vector<int> memory; ///< for every `unit` bytes of the arena
    std::int64_t unit;       ///< bytes of the smallest element

    static std::int64_t bytes(const uml::node& n) { return static_cast<std::int64_t>(uml::size_of(n.type)); }

    template <class F> void each_unit(const uml::node& n, F f) {
        const std::int64_t units = bytes(n) / unit;
        for (std::int64_t p = 0; p < n.out.pixels(); ++p)
            for (int k = 0; k < n.out.c; ++k)
                for (std::int64_t u = 0; u < units; ++u)
                    f(memory[static_cast<std::size_t>(n.offset / unit + (p * n.step + k) * units + u)], k);
    }
    /// The node that wrote channel k of node i.
    int writer(int i, int k) const {
        const uml::node& n = g.nodes[i];
        if (n.kind == uml::op::slice) return writer(n.in[0], k + n.arg);
        if (n.kind == uml::op::concat)
            for (int j = 0; j < n.inputs; ++j) {
                const uml::node& part = g.nodes[n.in[j]];
                if (k < part.out.c)
                    return part.offset == n.offset + channels_before(n, j) * bytes(n) ? writer(n.in[j], k) : i;
                k -= part.out.c;
            }
        return i;
    }
    std::int64_t channels_before(const uml::node& n, int j) const {
        std::int64_t sum = 0;
        for (int i = 0; i < j; ++i) sum += g.nodes[n.in[i]].out.c;
        return sum;
    }
    int wrong(int i) {
        int count = 0;
        each_unit(g.nodes[i], [&](int& stamp, int k) { count += stamp != writer(i, k) ? 1 : 0; });
        return count;
    }
    void write(int i, std::int64_t scratch_bytes) {
        const uml::node& n = g.nodes[i];
        for (std::int64_t e = 0; e < (scratch_bytes + unit - 1) / unit; ++e)
            memory[static_cast<std::size_t>(n.scratch / unit + e)] = -2;
        if (n.kind != uml::op::slice)
            each_unit(n, [&](int& stamp, int k) {
                if (writer(i, k) == i) stamp = i;
            });
    }
};

/// How many numbers are read that another operation has overwritten, or packed weights that overlap; -1 where the
/// graph has no plan. `g` is described and lowered, and gets planned here.
template <class engine> [[nodiscard]] int plan_faults(const engine& target, uml::graph& g) {
    const uml::plan_sizes sizes = uml::plan(target, g);
    if (g.error.what != uml::fault::none) return -1;
    std::int64_t unit = 8;
    for (int i = 0; i < g.node_count; ++i) unit = std::min(unit, stamped::bytes(g.nodes[i]));
    stamped s{g, std::vector<int>(static_cast<std::size_t>(sizes.arena / unit), -1), unit};
    int wrong = 0;
    std::int64_t packed = 0, lowest = sizes.arena;
    for (int i = 0; i < g.node_count; ++i) {
        const uml::node& n = g.nodes[i];
        const uml::site at{g.nodes, g.parameters, n};
        s.write(i, target.scratch_bytes(at));
        lowest = n.offset < lowest ? n.offset : lowest;
        wrong += n.scratch % 64 == 0 ? 0 : 1;
        for (int j = 0; j < n.inputs; ++j) wrong += s.wrong(n.in[j]);
        const std::int64_t bytes = target.packed_bytes(at);
        wrong += n.packed >= packed ? 0 : 1;
        if (bytes > 0) packed = n.packed + bytes;
    }
    for (int i = 0; i < g.output_count; ++i) wrong += s.wrong(g.outputs[i].node);
    return wrong + (packed <= sizes.packed ? 0 : 1) + (lowest % 64 == 0 ? 0 : 1);
}

} // namespace uml_test
