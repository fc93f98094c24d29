// Graphs drawn by hand and a backend whose sizes can be reckoned by hand, for tests of the memory plan.
#pragma once

#include "uml/graph/builder.hpp"
#include "uml/graph/plan.hpp"

#include <cstdint>
#include <memory>

namespace uml_test {

/// A backend of bytes: a tensor takes 64 a channel, additions 100 of scratch memory, every operation 10 of weights and
/// 7 of its step; maxima are kept in half as many bits.
struct bytes {
    uml::schedule how = uml::schedule::sequential;
    int many = 1;
    uml::op unknown = uml::op::input;
    uml::op scratched = uml::op::add;
    uml::op half = uml::op::max_pool;

    [[nodiscard]] constexpr uml::schedule order() const { return how; }
    [[nodiscard]] constexpr int images() const { return many; }
    [[nodiscard]] constexpr bool supports(const uml::node& n) const {
        return n.kind == uml::op::input || n.kind != unknown;
    }
    [[nodiscard]] constexpr uml::tensor_form tensor(const uml::site& at) const {
        const auto type = at.n.kind == half ? uml::dtype::bf16 : uml::dtype::f32;
        return {type, at.n.out.c, 64 * std::int64_t{at.n.out.c}};
    }
    [[nodiscard]] constexpr std::int64_t scratch_bytes(const uml::site& at) const {
        return at.n.kind == scratched ? 100 : 0;
    }
    [[nodiscard]] constexpr std::int64_t packed_bytes(const uml::site& /*at*/) const { return 10; }
    [[nodiscard]] constexpr std::int64_t step_bytes(const uml::site& /*at*/) const { return 7; }
};

struct drawn {
    std::unique_ptr<uml::graph> room = std::make_unique<uml::graph>();
    uml::graph& g = *room;
    uml::builder b{g, uml::output_set::answer};
};

} // namespace uml_test
