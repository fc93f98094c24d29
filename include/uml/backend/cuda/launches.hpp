// What is launched for each operation: kernels and their arguments, with the tensors' places on the device.
#pragma once

#include "uml/backend/cuda/batches.hpp"
#include "uml/backend/cuda/operations.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// Of the staging memory of one picture; samples are f32 at most.
[[nodiscard]] inline std::int64_t picture_bytes(const program_view& p) {
    constexpr std::int64_t most_channels = 3;
    return block_bytes(static_cast<std::int64_t>(sizeof(picture_header)) +
                       p.nodes.front().out.pixels() * most_channels * 4);
}
/// Of one result of all images, f32 without gaps.
[[nodiscard]] inline std::int64_t result_bytes(const node& n, int images) {
    return block_bytes(images * n.out.size() * 4);
}
[[nodiscard]] inline std::int64_t results_bytes(const program_view& p, int images) {
    std::int64_t bytes = 0;
    for (const output_entry& o : p.outputs) bytes += result_bytes(p.nodes[static_cast<std::size_t>(o.node)], images);
    return bytes;
}
/// Place of a node's result; -1: it is none.
[[nodiscard]] inline std::int64_t result_at(const program_view& p, int images, id wanted) {
    std::int64_t at = 0;
    for (const output_entry& o : p.outputs) {
        if (o.node == wanted) return at;
        at += result_bytes(p.nodes[static_cast<std::size_t>(o.node)], images);
    }
    return -1;
}

/// The device's memory.
struct places {
    std::byte *arena = nullptr, *pictures = nullptr, *results = nullptr;
    const std::byte* weights = nullptr;
};

/// What is launched for a program's operations.
class launches {
public:
    /// Some operations need a result of their own first: they are launched in up to three stages.
    static constexpr int stages = 3;

    launches(const program_view& p, precision asked, int images, const places& to)
        : p_(p), asked_(asked), images_(images), to_(to), arena_(to.arena), weights_(to.weights) {}

    /// Calls f(batches) for each stage of a run, in order: what a stage holds can run side by side and needs all stages
    /// before. Ends at the first error, which it gives.
    template <class F> [[nodiscard]] int each_stage(F f) {
        int last = 0;
        for (const node& n : p_.nodes) last = n.order > last ? n.order : last;
        for (int order = 0; order <= last; ++order)
            for (stage_ = 0; stage_ < stages; ++stage_) {
                now_.clear();
                for (std::size_t i = 0; i < p_.nodes.size(); ++i)
                    if (p_.nodes[i].order == order) operation(i);
                if (now_.launches() == 0 && now_.complete()) continue;
                if (const int error = f(std::as_const(now_)); error != 0) return error;
            }
        now_.clear();
        stage_ = 0;
        for (const output_entry& o : p_.outputs) result(p_.nodes[static_cast<std::size_t>(o.node)], o.node);
        return f(std::as_const(now_));
    }

private:
    [[nodiscard]] tensor view(const node& n) const {
        tensor t{arena_ + n.at, n.out.pixels() * n.step, n.out.h, n.out.w, n.out.c, n.step, element_of(n.type)};
        if (n.kind == op::scaled_product) { // as a convolution's weights
            t.h = n.out.c;
            t.w = 1;
            t.c = n.step;
            t.image = std::int64_t{t.h} * t.step;
        }
        return t;
    }
    template <class Args> void launch(int stage, kernel k, const Args& a, products how = products::plain) {
        if (stage == stage_) now_.add(k, a, how);
    }
    void result(const node& n, id which) {
        const gpu::tensor there{to_.results + result_at(p_, images_, which),
                                n.out.size(),
                                n.out.h,
                                n.out.w,
                                n.out.c,
                                n.out.c,
                                element::f32};
        launch(0, kernel::move, move_args{moving::copy, view(n), there});
    }
    void operation(std::size_t i) {
        const node& n = p_.nodes[i];
        if (is_conv(n.kind) || n.kind == op::dynamic_conv) return convolve(n, p_.at(i));
        if (is_over_channels(n.kind)) return over_channels(n);
        if (n.kind == instructed_mean)
            return launch(0, kernel::column, column_args{column::instructed, in(n, 0), view(n), in(n, 1)});
        switch (n.kind) {
        case op::slice: return; // in place
        case op::input: return launch(0, kernel::picture, picture_args{to_.pictures, picture_bytes(p_), view(n)});
        case op::scaled_product: return matrix(n, p_.at(i));
        case op::norm:
        case op::activate:
        case op::add:
        case op::multiply:
        case op::add_constant:
        case op::divide_into: return by_element(n);
        case op::max_pool:
        case op::average_pool:
            return launch(0, kernel::pool,
                          pool_args{in(n, 0), view(n), n.win.kernel, n.win.stride, n.win.pad, n.kind == op::max_pool});
        case op::resize: return launch(0, kernel::resize, resize_args{in(n, 0), view(n)});
        case op::concat: return join(n);
        case op::shuffle: return launch(0, kernel::move, move_args{moving::shuffle, in(n, 0), view(n), n.arg});
        case op::tile: return launch(0, kernel::move, move_args{moving::tile, in(n, 0), view(n)});
        case op::softmax_pixels: return launch(0, kernel::column, column_args{column::softmax, in(n, 0), view(n), {}});
        case op::global_average: return launch(0, kernel::column, column_args{column::mean, in(n, 0), view(n), {}});
        case op::weighted_sum:
            return launch(0, kernel::column, column_args{column::weighted, in(n, 0), view(n), in(n, 1)});
        case op::attention_pool: return attention(n);
        case op::gate: return gate(n, p_.at(i));
        default: return; // none: see has()
        }
    }

    [[nodiscard]] tensor in(const node& n, int j) const { return view(p_.input(n, j)); }
    [[nodiscard]] const std::byte* packed(const node& n) const { return weights_ + n.packed; }
    /// An operation's scratch memory lies behind that of the image before as its tensors do.
    [[nodiscard]] tensor in_scratch(const node& n, std::int64_t offset, int h, int w, int c, int step,
                                    element type) const {
        return {arena_ + n.scratch + offset, std::int64_t{h} * w * step, h, w, c, step, type};
    }

    /// In how many bytes at once a convolution's input can be copied: see conv_args::piece.
    [[nodiscard]] static int piece_of(const tensor& x, element weights) {
        const auto all = reinterpret_cast<std::uintptr_t>(x.data) |
                         static_cast<std::uintptr_t>((x.c | x.step | x.image) * bytes_of(x.type));
        if (x.type != weights) return x.type == element::bf16 && all % 8 == 0 ? 8 : 0;
        return all % 16 == 0 ? 16 : all % 8 == 0 ? 8 : all % 4 == 0 ? 4 : 0;
    }
    /// The weights that `pack` has put at `from`.
    static void use_weights(conv_args& a, const conv_form& f, const std::byte* from) {
        a.bias = reinterpret_cast<const float*>(from);
        a.weights = from + f.bias_bytes();
        a.weight_type = f.type;
        a.weight_out = f.by_out ? f.columns : 1;
        a.weight_in = f.by_out ? 1 : f.columns;
    }
    void run(int stage, conv_args& a) {
        a.piece = piece_of(a.x, a.weight_type);
        const kernel k = a.how == products::plain   ? kernel::conv
                         : a.how == products::lanes ? kernel::vector
                         : a.in_chunks()            ? kernel::conv_tile
                                                    : kernel::conv_pieces;
        launch(stage, k, a, a.how);
    }

    void convolve(const node& n, const site& at) {
        conv_args a;
        a.x = in(n, 0);
        a.y = view(n);
        a.y.c = made_channels(n);
        if (n.kind == conv_adding) a.from = a.to = in(n, 1);
        if (n.kind == conv_beside) {
            a.from = in(n, 1);
            a.to = a.y;
            a.to.data = static_cast<std::byte*>(a.y.data) + a.y.c * bytes_of(a.y.type);
        }
        if (n.kind == conv_over) a.y = a.residual = in(n, 1);
        if (n.kind == conv_times) a.factor = in(n, 1);
        a.adds = n.kind == conv_adding;
        a.kernel = n.win.kernel;
        a.stride = n.win.stride;
        a.pad = n.win.pad;
        a.dilation = n.win.dilation;
        a.inner = inner_of(at) * parts_of(at, asked_);
        a.depthwise = n.groups > 1;
        a.act = n.act;
        a.how = products_of(at, asked_);
        if (n.kind == op::upsample_conv) {
            const tensor low = a.x;
            a.x = in_scratch(n, 0, n.out.h, n.out.w, low.c, low.step, low.type);
            launch(0, kernel::resize, resize_args{low, a.x});
        }
        if (n.kind == op::dynamic_conv) {
            const tensor matrix = in(n, 1);
            a.weights = matrix.data;
            a.weight_type = matrix.type;
            a.weight_image = matrix.image;
            a.weight_out = matrix.step;
            a.weight_in = 1;
            a.scale = in(n, 2);
        } else {
            use_weights(a, conv_form_of(at, asked_), packed(n));
            if (n.kind == op::conv && n.inputs == 2) a.residual = in(n, 1);
        }
        run(n.kind == op::upsample_conv ? 1 : 0, a);
    }

    void matrix(const node& n, const site& at) {
        matrix_args a;
        a.g = in(n, 0);
        a.out = n.out.c;
        a.inner = a.g.c;
        a.in = n.out.h;
        a.y = view(n);
        const std::byte* from = packed(n);
        if (n.weight != no_id) {
            a.a = reinterpret_cast<const float*>(from);
            from += block_bytes(std::int64_t{a.out} * a.inner * 4);
        }
        if (!matrix_in_tiles(at)) {
            a.b = reinterpret_cast<const float*>(from);
            return launch(0, kernel::matrix, a);
        }
        conv_args product; // a pixel for each output channel; the columns behind the last become zeros
        product.y = a.y;
        a.in = a.inner;
        a.y = product.x = in_scratch(n, 0, a.out, 1, a.inner, a.inner, element::f32);
        launch(0, kernel::matrix, a);
        product.inner = a.inner;
        product.how = products::three;
        use_weights(product, matrix_form(at), from);
        run(1, product);
    }

    void by_element(const node& n) {
        pointwise_args a;
        a.a = in(n, 0);
        a.y = view(n);
        a.value = n.value;
        if (n.inputs > 1) a.b = in(n, 1);
        if (honours_activation(n.kind)) a.act = n.act;
        switch (n.kind) {
        case op::norm:
            a.kind = pointwise::norm;
            a.scale = reinterpret_cast<const float*>(packed(n));
            a.shift = reinterpret_cast<const float*>(packed(n) + block_bytes(n.out.c * 4));
            break;
        case op::add: a.kind = pointwise::add; break;
        case op::multiply: a.kind = pointwise::multiply; break;
        case op::add_constant: a.kind = pointwise::add_constant; break;
        case op::divide_into: a.kind = pointwise::divide_into; break;
        default: a.kind = pointwise::activate; break;
        }
        return launch(0, kernel::pointwise, a);
    }

    /// Copies the parts that are not made where they stand.
    void join(const node& n) {
        tensor part = view(n);
        for (int j = 0; j < n.inputs; ++j) {
            const tensor x = in(n, j);
            part.c = x.c;
            if (x.data != part.data) launch(0, kernel::move, move_args{moving::copy, x, part});
            part.data = static_cast<std::byte*>(part.data) + x.c * bytes_of(part.type);
        }
    }

    void attention(const node& n) {
        const tensor x = in(n, 0);
        attention_args a{x, view(n), in_scratch(n, 0, x.h, x.w, 1, 1, element::f32), attention_parts(x.pixels()),
                         nullptr};
        row_args dot;
        dot.kind = row::dot;
        dot.x = x;
        dot.y = a.scores;
        dot.weights = reinterpret_cast<const float*>(packed(n));
        launch(0, kernel::dot, dot);
        a.sums = reinterpret_cast<float*>(arena_ + n.scratch + images_ * block_bytes(x.pixels() * 4));
        launch(1, kernel::attention, a);
        if (a.parts > 1) launch(2, kernel::attention_end, a);
    }

    void over_channels(const node& n) {
        row_args a;
        a.x = in(n, 0);
        a.y = view(n);
        if (n.kind == op::channel_dot || n.kind == dot_epilogue) {
            a.kind = row::dot;
            a.factors = in(n, 1);
            a.act = n.act;
            a.value = n.value;
            if (n.kind == dot_epilogue) a.offset = in(n, 2);
        } else if (n.kind == opinion) {
            a.kind = row::opinion;
            a.value = n.value;
        } else if (n.kind == op::layer_norm || n.kind == norm_epilogue) {
            a.kind = row::norm;
            a.act = n.act;
            a.weights = reinterpret_cast<const float*>(packed(n));
            a.shift = reinterpret_cast<const float*>(packed(n) + block_bytes(n.out.c * 4));
        }
        const bool sums = a.kind == row::sum || a.kind == row::dot;
        return launch(0, sums ? kernel::dot : kernel::row, a);
    }

    void gate(const node& n, const site& at) {
        row_args a;
        a.kind = row::gate;
        a.x = in(n, 0);
        a.y = view(n);
        a.vacuity = in(n, 2);
        const std::int64_t each = images_ * gate_scratch_bytes(n);
        const std::byte* from = packed(n);
        for (int j = 0; j < 2; ++j) {
            const conv_form f = gate_form(at, j, asked_);
            conv_args c;
            c.x = in(n, j);
            c.y = in_scratch(n, j * each, n.out.h, n.out.w, n.arg, gate_step(n), element_of(n.type));
            c.inner = c.x.c;
            c.how = gate_products(at, j, asked_);
            use_weights(c, f, from);
            from += f.bytes();
            run(0, c);
            (j == 0 ? a.from_x : a.from_mutual) = c.y;
        }
        a.weights = reinterpret_cast<const float*>(from);
        launch(1, kernel::row, a);
    }

    program_view p_;
    precision asked_;
    int images_;
    places to_;
    std::byte* arena_;
    const std::byte* weights_;
    int stage_ = 0;
    batches now_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
