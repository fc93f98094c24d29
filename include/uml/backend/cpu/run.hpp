// One operation on the CPU: tensors from the plan, arguments for the kernel, jobs for the threads.
#pragma once

#include "uml/backend/cpu/method.hpp"
#include "uml/core/executor.hpp"
#include "uml/graph/program.hpp"
#include "uml/kernels/denormals.hpp"
#include "uml/kernels/table.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::cpu_detail {

/// Everything that running an operation takes.
class operation {
public:
    operation(const program_view& p, const node& n, cpu_options o, const kernels::kernel_table& table, executor threads,
              const float* weights, float* arena)
        : p_(p), n_(n), options_(o), table_(table), threads_(threads), weights_(weights), arena_(arena), out_(place(n)),
          first_(n.inputs > 0 ? p.input(n, 0).out : shape{}), need_(scratch_need_of(first_, n, o)) {}

    void run() const;

private:
    [[nodiscard]] kernels::target place(const node& n) const {
        return {arena_ + n.at, n.out.h, n.out.w, n.out.c, n.step};
    }
    [[nodiscard]] kernels::source in(int i) const {
        const node& n = p_.input(n_, i);
        return {arena_ + n.at, n.out.h, n.out.w, n.out.c, n.step};
    }
    [[nodiscard]] kernels::activation act() const { return static_cast<kernels::activation>(n_.act); }
    [[nodiscard]] float* shared() const { return arena_ + n_.scratch; }

    /// Calls `job(j, scratch)` for every job, on the threads if there are several jobs.
    template <class F> void each(int jobs, F job) const {
        std::byte* own = reinterpret_cast<std::byte*>(shared()) + kernels::aligned_bytes(need_.shared);
        const std::size_t gap = kernels::aligned_bytes(need_.thread);
        auto call = [=](int j, int thread) {
            const kernels::flush_denormals guard;
            job(j, static_cast<void*>(own + static_cast<std::size_t>(thread) * gap));
        };
        if (jobs == 1) return call(0, 0);
        threads_.for_each(jobs, call);
    }
    /// A kernel of one phase.
    template <class Args> void single(void (*kernel)(const Args&, int, void*), int jobs, const Args& a) const {
        each(jobs, [&](int j, void* scratch) { kernel(a, j, scratch); });
    }

    void conv() const;
    void pool() const;
    void pixel_sums(kernels::pixel_sum kind, const float* weights, std::ptrdiff_t weights_step) const;
    void softmax() const;
    void concat() const;
    void elementwise(const kernels::elementwise_args& a) const {
        single(table_.elementwise, kernels::elementwise_jobs(a), a);
    }
    void copy(kernels::copying kind, kernels::source x, kernels::target y) const {
        const kernels::copy_args a{kind, x, y, n_.arg};
        single(table_.copy, kernels::copy_jobs(a), a);
    }
    void channel_sums(const float* weights) const {
        const kernels::channel_sums_args a{in(0), weights, out_};
        single(table_.channel_sums, kernels::channel_sums_jobs(a), a);
    }

    const program_view& p_;
    const node& n_;
    cpu_options options_;
    const kernels::kernel_table& table_;
    executor threads_;
    const float* weights_;
    float* arena_;
    kernels::target out_;
    shape first_;
    scratch_need need_;
};

inline void operation::conv() const {
    const bool dynamic = n_.kind == op::dynamic_conv;
    const conv_method m = dynamic ? conv_method::direct : method_of(first_, n_, options_);
    kernels::conv_args a;
    a.shape = conv_shape_of(first_, n_);
    a.in = in(0).data;
    a.in_step = static_cast<int>(in(0).step);
    a.weights = dynamic ? in(1).data : weights_;
    a.out = out_.data;
    a.out_step = static_cast<int>(out_.step);
    a.end.act = act();
    if (dynamic) {
        a.end.scale = in(2).data;
        a.end.scale_step = static_cast<int>(in(2).step);
    } else if (n_.inputs > 1) {
        a.end.residual = in(1).data;
        a.end.residual_step = static_cast<int>(in(1).step);
    }
    switch (m) {
    case conv_method::direct: return single(table_.conv, kernels::conv_jobs(a.shape), a);
    case conv_method::depthwise: return single(table_.depthwise, kernels::depthwise_jobs(a.shape), a);
    case conv_method::upsampled: {
        const kernels::upconv_args u{a, kernels::upconv_strips(a.shape, threads_.width)};
        return single(table_.upconv, kernels::upconv_jobs(u), u);
    }
    case conv_method::winograd: {
        const kernels::winograd_args w{a, shared()};
        for (int phase = 0; phase < kernels::winograd_phases; ++phase)
            each(kernels::winograd_jobs(a.shape, phase),
                 [&](int j, void* scratch) { table_.winograd(w, phase, j, scratch); });
    }
    }
}

inline void operation::pool() const {
    kernels::pool_args a;
    a.kind = n_.kind == op::max_pool ? kernels::pooling::largest : kernels::pooling::average;
    a.window = conv_shape_of(first_, n_);
    a.in = in(0).data;
    a.in_step = static_cast<int>(in(0).step);
    a.out = out_.data;
    a.out_step = static_cast<int>(out_.step);
    single(table_.pool, kernels::pool_jobs(a), a);
}

inline void operation::pixel_sums(kernels::pixel_sum kind, const float* weights, std::ptrdiff_t weights_step) const {
    const kernels::pixel_sums_args a{kind, in(0), weights, weights_step, out_.data, shared()};
    for (int phase = 0; phase < kernels::pixel_sums_phases; ++phase)
        each(kernels::pixel_sums_jobs(a, phase),
             [&](int j, void* scratch) { table_.pixel_sums(a, phase, j, scratch); });
}

inline void operation::softmax() const {
    const kernels::softmax_args a{in(0), out_, shared()};
    for (int phase = 0; phase < kernels::softmax_phases; ++phase)
        each(kernels::softmax_jobs(a), [&](int j, void* scratch) { table_.softmax(a, phase, j, scratch); });
}

inline void operation::concat() const {
    kernels::target part = out_;
    for (int j = 0; j < n_.inputs; ++j, part.data += part.c) {
        part.c = in(j).c;
        if (in(j).data != part.data) copy(kernels::copying::plain, in(j), part);
    }
}

inline void operation::run() const {
    using kernels::elementwise_op;
    const std::size_t channels = kernels::padded(n_.out.c);
    switch (n_.kind) {
    case op::input:
    case op::slice: return; // in place
    case op::conv:
    case op::upsample_conv:
    case op::dynamic_conv: return conv();
    case op::norm: return elementwise(kernels::normalise(in(0), weights_, weights_ + channels, out_, act()));
    case op::layer_norm: {
        const kernels::layer_norm_args a{in(0), weights_, weights_ + channels, out_};
        return single(table_.layer_norm, kernels::layer_norm_jobs(a), a);
    }
    case op::activate: return elementwise(kernels::activate(in(0), out_, act()));
    case op::add: return elementwise(kernels::combine(elementwise_op::add, in(0), in(1), out_, act()));
    case op::multiply: return elementwise(kernels::combine(elementwise_op::multiply, in(0), in(1), out_, act()));
    case op::add_constant:
        return elementwise(kernels::with_constant(elementwise_op::add, in(0), n_.value, out_, act()));
    case op::divide_into:
        return elementwise(kernels::with_constant(elementwise_op::divide_into, in(0), n_.value, out_, act()));
    case op::max_pool:
    case op::average_pool: return pool();
    case op::global_average: return pixel_sums(kernels::pixel_sum::mean, nullptr, 0);
    case op::weighted_sum: return pixel_sums(kernels::pixel_sum::weighted, in(1).data, in(1).step);
    case op::attention_pool: return pixel_sums(kernels::pixel_sum::attention, weights_, 0);
    case op::resize: {
        const kernels::resize_args a{in(0), out_};
        return single(table_.resize, kernels::resize_jobs(a), a);
    }
    case op::concat: return concat();
    case op::shuffle: return copy(kernels::copying::shuffle, in(0), out_);
    case op::tile: return copy(kernels::copying::tile, in(0), out_);
    case op::softmax_pixels: return softmax();
    case op::channel_dot: return channel_sums(in(1).data);
    case op::sum_channels: return channel_sums(nullptr);
    case op::scaled_product: {
        const kernels::scaled_product_args a{product_shape_of(first_.c, n_), weights_, in(0).data, out_.data};
        return single(table_.scaled_product, kernels::scaled_product_jobs(a), a);
    }
    case op::gate: {
        const kernels::gate_args a{gate_shape_of(n_), in(0), in(1), in(2), weights_, out_};
        return single(table_.gate, kernels::gate_jobs(a.shape), a);
    }
    }
}

/// The code of the backend: compiled where it is used.
struct own_code {
    [[nodiscard]] static const kernels::kernel_table& table(kernels::isa most) {
        return kernels::kernels_for(std::min(most, kernels::best_isa()));
    }
    /// The picture to the place of the network's input.
    static void upload(const program_view& p, const image_view& picture, const kernels::kernel_table& table,
                       executor threads, float* arena) {
        for (const node& n : p.nodes) {
            if (n.kind != op::input) continue;
            const kernels::picture_args a{picture, {arena + n.at, n.out.h, n.out.w, n.out.c, n.step}};
            auto job = [&](int j, int) { table.picture(a, j, nullptr); };
            threads.for_each(kernels::picture_jobs(a), job);
        }
    }
    static void run(const program_view& p, const node& n, cpu_options o, const kernels::kernel_table& table,
                    executor threads, const float* weights, float* arena) {
        operation(p, n, o, table, threads, weights, arena).run();
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::cpu_detail
