// The portable backend with Eigen's matrix product: for processors and compilers that Eigen knows better than our
// kernels do.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/backend/eigen/product.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// `cpu` but for the convolutions, which are gathered and multiplied by Eigen (3.4 or later).
template <int max_threads = 1> struct eigen : cpu<max_threads, cpu_small> {
    using base = cpu<max_threads, cpu_small>;
    using typename base::weights;
    using typename base::workspace;

    /// Without `upsample`, whose kernel has a product of its own.
    static constexpr rewrites preferred = all_rewrites().without(rewrite::upsample);

    static constexpr std::int64_t scratch_bytes(const node* nodes, const node& n) {
        constexpr auto each =
            static_cast<std::int64_t>(kernels::aligned_bytes(eigen_detail::scratch_size * sizeof(float)));
        return is_product(n) ? each * max_threads : base::scratch_bytes(nodes, n);
    }
    static constexpr std::int64_t packed_bytes(const node* nodes, const parameter* parameters, const node& n) {
        return is_product(n)
                   ? eigen_detail::weights_size(nodes[n.in[0]].out, n) * static_cast<std::int64_t>(sizeof(float))
                   : base::packed_bytes(nodes, parameters, n);
    }
    static int rows_together(const program_view& p, int i) {
        return is_product(p.nodes[static_cast<std::size_t>(i)]) ? 0 : base::rows_together(p, i);
    }
    static result<void> pack(const program_view& p, int i, const dense_parameter& first, const dense_parameter& second,
                             weights& w) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        if (!is_product(n)) return base::pack(p, i, first, second, w);
        eigen_detail::pack(p.input(n, 0).out, n, first, w.memory.template as<float>(n.packed));
        return {};
    }
    static void enqueue(const program_view& p, const weights& w, workspace& s, int i) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        if (!is_product(n)) return base::enqueue(p, w, s, i);
        float* arena = s.memory.template as<float>();
        const tensor_view<const float> residual =
            n.inputs > 1 ? base::fetch(p, s, n.in[1]) : tensor_view<const float>{};
        const eigen_detail::convolution c{n,
                                          base::fetch(p, s, n.in[0]),
                                          n.inputs > 1 ? &residual : nullptr,
                                          w.memory.template as<const float>(n.packed),
                                          {arena + n.at, n.out.h, n.out.w, n.out.c, n.step}};
        auto job = [&](int j, int thread) { c.run(j, arena + n.scratch + thread * eigen_detail::scratch_size); };
        s.threads.for_each(c.jobs(), job);
    }

private:
    static constexpr bool is_product(const node& n) { return n.kind == op::conv && n.groups == 1; }
};

static_assert(backend<eigen<>>);

} // namespace uml::inline UML_VERSION_NAMESPACE
