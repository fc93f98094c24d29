// What is launched for each operation: kernels and their arguments, with the tensors' places on the device.
#pragma once

#include "uml/backend/cuda/operations.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// Puts the kernels of a program's operations on a stream. 0, or the runtime's error.
class launches {
public:
    launches(const program_view& p, precision asked, int images, std::byte* arena, const std::byte* weights,
             const kernel_table& kernels)
        : p_(p), asked_(asked), images_(images), arena_(arena), weights_(weights), kernels_(kernels) {}

    [[nodiscard]] tensor view(const node& n) const {
        tensor t{arena_ + n.at, n.out.pixels() * n.step, n.out.h, n.out.w, n.out.c, n.step, element_of(n.type)};
        if (n.kind == op::scaled_product) { // as a convolution's weights
            t.h = up_to(n.out.c, tile_columns);
            t.w = 1;
            t.c = n.step;
            t.image = std::int64_t{t.h} * t.step;
        }
        return t;
    }
    template <class Args> [[nodiscard]] int launch(kernel k, const Args& a, void* stream) const {
        return kernels_.launch[static_cast<int>(k)](&a, images_, stream);
    }
    /// Operation i, but for the input.
    [[nodiscard]] int operation(std::size_t i, void* stream) const {
        const node& n = p_.nodes[i];
        switch (n.kind) {
        case op::input:
        case op::slice: return 0; // in place
        case op::conv:
        case op::upsample_conv:
        case op::dynamic_conv: return convolve(n, p_.at(i), stream);
        case op::scaled_product: return matrix(n, stream);
        case op::norm:
        case op::activate:
        case op::add:
        case op::multiply:
        case op::add_constant:
        case op::divide_into: return by_element(n, stream);
        case op::max_pool:
        case op::average_pool:
            return launch(kernel::pool,
                          pool_args{in(n, 0), view(n), n.win.kernel, n.win.stride, n.win.pad, n.kind == op::max_pool},
                          stream);
        case op::resize: return launch(kernel::resize, resize_args{in(n, 0), view(n)}, stream);
        case op::concat: return join(n, stream);
        case op::shuffle: return launch(kernel::move, move_args{moving::shuffle, in(n, 0), view(n), n.arg}, stream);
        case op::tile: return launch(kernel::move, move_args{moving::tile, in(n, 0), view(n)}, stream);
        case op::softmax_pixels:
            return launch(kernel::column, column_args{column::softmax, in(n, 0), view(n), {}}, stream);
        case op::global_average:
            return launch(kernel::column, column_args{column::mean, in(n, 0), view(n), {}}, stream);
        case op::weighted_sum:
            return launch(kernel::column, column_args{column::weighted, in(n, 0), view(n), in(n, 1)}, stream);
        case op::attention_pool: return attention(n, stream);
        case op::sum_channels:
        case op::channel_dot:
        case op::layer_norm: return over_channels(n, stream);
        case op::gate: return gate(n, p_.at(i), stream);
        }
        return 0;
    }

private:
    [[nodiscard]] tensor in(const node& n, int j) const { return view(p_.input(n, j)); }
    [[nodiscard]] const std::byte* packed(const node& n) const { return weights_ + n.packed; }
    /// An operation's scratch memory lies behind that of the image before as its tensors do.
    [[nodiscard]] tensor in_scratch(const node& n, std::int64_t offset, int h, int w, int c, int step,
                                    element type) const {
        return {arena_ + n.scratch + offset, std::int64_t{h} * w * step, h, w, c, step, type};
    }

    [[nodiscard]] static bool in_chunks(const tensor& x) {
        const auto size = bytes_of(x.type);
        const auto whole = [size](std::int64_t elements) { return elements * size % 16 == 0; };
        return reinterpret_cast<std::uintptr_t>(x.data) % 16 == 0 && whole(x.c) && whole(x.step) && whole(x.image);
    }
    /// The weights that `pack` has put at `from`.
    static void use_weights(conv_args& a, const conv_form& f, const std::byte* from) {
        a.bias = reinterpret_cast<const float*>(from);
        a.weights = from + f.bias_bytes();
        a.weight_type = f.type;
        a.weight_out = f.tiles ? f.columns : 1;
        a.weight_in = f.tiles ? 1 : f.columns;
    }
    [[nodiscard]] int run(conv_args& a, void* stream) const {
        a.chunks = a.x.type == a.weight_type && in_chunks(a.x);
        return launch(a.how == products::plain ? kernel::conv : kernel::conv_tile, a, stream);
    }

    [[nodiscard]] int convolve(const node& n, const site& at, void* stream) const {
        conv_args a;
        a.x = in(n, 0);
        a.y = view(n);
        a.kernel = n.win.kernel;
        a.stride = n.win.stride;
        a.pad = n.win.pad;
        a.dilation = n.win.dilation;
        a.inner = inner_of(at);
        a.depthwise = n.groups > 1;
        a.act = n.act;
        a.how = products_of(at, asked_);
        if (n.kind == op::upsample_conv) {
            const tensor low = a.x;
            a.x = in_scratch(n, 0, n.out.h, n.out.w, low.c, low.step, low.type);
            if (const int error = launch(kernel::resize, resize_args{low, a.x}, stream); error != 0) return error;
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
            if (n.inputs > 1) a.residual = in(n, 1);
        }
        return run(a, stream);
    }

    [[nodiscard]] int matrix(const node& n, void* stream) const {
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
        a.b = reinterpret_cast<const float*>(from);
        return launch(kernel::matrix, a, stream);
    }

    [[nodiscard]] int by_element(const node& n, void* stream) const {
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
        return launch(kernel::pointwise, a, stream);
    }

    /// Copies the parts that are not made where they stand.
    [[nodiscard]] int join(const node& n, void* stream) const {
        tensor part = view(n);
        for (int j = 0; j < n.inputs; ++j) {
            const tensor x = in(n, j);
            part.c = x.c;
            if (x.data != part.data)
                if (const int error = launch(kernel::move, move_args{moving::copy, x, part}, stream); error != 0)
                    return error;
            part.data = static_cast<std::byte*>(part.data) + x.c * bytes_of(part.type);
        }
        return 0;
    }

    [[nodiscard]] int attention(const node& n, void* stream) const {
        const tensor x = in(n, 0);
        tensor pooled = view(n), mean = pooled;
        pooled.c = mean.c = x.c;
        mean.data = static_cast<std::byte*>(pooled.data) + x.c * bytes_of(pooled.type);
        const tensor scores = in_scratch(n, 0, x.h, x.w, 1, 1, element::f32);
        const tensor q = in_scratch(n, images_ * block_bytes(x.pixels() * 4), x.h, x.w, 1, 1, element::f32);
        row_args dot;
        dot.kind = row::dot;
        dot.x = x;
        dot.y = scores;
        dot.weights = reinterpret_cast<const float*>(packed(n));
        if (const int error = launch(kernel::row, dot, stream); error != 0) return error;
        if (const int error = launch(kernel::column, column_args{column::softmax, scores, q, {}}, stream); error != 0)
            return error;
        if (const int error = launch(kernel::column, column_args{column::weighted, x, pooled, q}, stream); error != 0)
            return error;
        return launch(kernel::column, column_args{column::mean, x, mean, {}}, stream);
    }

    [[nodiscard]] int over_channels(const node& n, void* stream) const {
        row_args a;
        a.x = in(n, 0);
        a.y = view(n);
        if (n.kind == op::channel_dot) {
            a.kind = row::dot;
            a.factors = in(n, 1);
        } else if (n.kind == op::layer_norm) {
            a.kind = row::norm;
            a.weights = reinterpret_cast<const float*>(packed(n));
            a.shift = reinterpret_cast<const float*>(packed(n) + block_bytes(n.out.c * 4));
        }
        return launch(kernel::row, a, stream);
    }

    [[nodiscard]] int gate(const node& n, const site& at, void* stream) const {
        row_args a;
        a.kind = row::gate;
        a.x = in(n, 0);
        a.y = view(n);
        a.vacuity = in(n, 2);
        const int step = up_to(n.arg, 16);
        const std::int64_t each = images_ * block_bytes(n.out.pixels() * step * 4);
        const std::byte* from = packed(n);
        for (int j = 0; j < 2; ++j) {
            const conv_form f = gate_form(at, j, asked_);
            conv_args c;
            c.x = in(n, j);
            c.y = in_scratch(n, j * each, n.out.h, n.out.w, n.arg, step, element::f32);
            c.inner = c.x.c;
            c.how = gate_products(at, j, asked_);
            use_weights(c, f, from);
            from += f.bytes();
            if (const int error = run(c, stream); error != 0) return error;
            (j == 0 ? a.from_x : a.from_mutual) = c.y;
        }
        a.weights = reinterpret_cast<const float*>(from);
        return launch(kernel::row, a, stream);
    }

    program_view p_;
    precision asked_;
    int images_;
    std::byte* arena_;
    const std::byte* weights_;
    const kernel_table& kernels_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
