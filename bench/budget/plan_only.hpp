// A target without kernels: what the compile-time graph costs by itself.
#pragma once

#include "uml/graph/static_program.hpp"
#include "uml/networks/network.hpp"

struct plan_only {
    static constexpr uml::layout tensor_layout{.element_bytes = sizeof(float), .align_channels = 16, .dense_below = 8};
    static constexpr uml::rewrites preferred = uml::all_rewrites();
    static constexpr bool supports(const uml::node&) { return true; }
    static constexpr std::int64_t scratch_bytes(const uml::node*, const uml::node&) { return 0; }
    static constexpr std::int64_t packed_bytes(const uml::node*, const uml::parameter*, const uml::node&) { return 0; }
};

template <class net> using planned = uml::static_program<typename net::description, net::configuration, plan_only>;
