// What planning needs of a backend, without one that computes.
#pragma once

#include "uml/graph/static_program.hpp"
#include "uml/networks/network.hpp"

struct plan_only_engine;
struct plan_only {
    using engine = plan_only_engine;
    friend constexpr bool operator==(const plan_only&, const plan_only&) = default;
};
struct plan_only_engine {
    plan_only value{};
    static constexpr uml::rewrites passes = uml::all_rewrites();
    constexpr uml::result<void> check() const { return {}; }
    constexpr void lower(uml::graph&) const {}
    constexpr bool supports(const uml::node&) const { return true; }
    constexpr uml::schedule order() const { return uml::schedule::sequential; }
    constexpr int images() const { return 1; }
    constexpr uml::tensor_form tensor(const uml::site& at) const { return uml::padded_form(at.n, uml::dtype::f32); }
    constexpr std::int64_t scratch_bytes(const uml::site&) const { return 0; }
    constexpr std::int64_t step_bytes(const uml::site&) const { return 0; }
    constexpr std::int64_t packed_bytes(const uml::site&) const { return 0; }
};
template <class net>
using planned = uml::static_program<typename net::description, net::configuration, plan_only{}>;
