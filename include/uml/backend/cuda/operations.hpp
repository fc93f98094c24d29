// The network's operations as kernels of the CUDA backend: how their tensors, weights and scratch memory lie, and what
// is launched for each.
#pragma once

#include "uml/backend/cuda/fragments.hpp"
#include "uml/backend/cuda/lowered.hpp"
#include "uml/core/precision.hpp"
#include "uml/graph/program.hpp"
#include "uml/parameters/dense.hpp"

#include <cstring>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

[[nodiscard]] constexpr int up_to(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }
[[nodiscard]] constexpr std::int64_t bytes_of(element t) { return t == element::f32 ? 4 : 2; }
[[nodiscard]] constexpr element element_of(dtype t) { return t == dtype::bf16 ? element::bf16 : element::f32; }

/// bf16 where it saves memory and nothing hangs on more: vectors, maps of few channels, what the description marks as
/// precise, what is not yet normalised, results, and factors (of sigmoid, softplus and exp) stay f32.
[[nodiscard]] constexpr dtype type_of(const site& at, precision asked) {
    constexpr int few = 8;
    const node& n = at.n;
    const bool small = n.out.pixels() == 1 || (n.out.c <= few && n.kind != op::scaled_product);
    const bool factor = n.act != activation::none && n.act != activation::relu;
    const bool exact = n.precise || n.raw || n.result || n.kind == op::input || n.kind == opinion;
    return asked != precision::bf16 || small || factor || exact ? dtype::f32 : dtype::bf16;
}
/// Channels last as on the host; the matrix of a scaled_product lies as a convolution's weights.
[[nodiscard]] constexpr tensor_form form_of(const site& at, precision asked) {
    const dtype type = type_of(at, asked);
    if (at.n.kind == conv_over) return {type, at.n.out.c, 0};
    if (at.n.kind != op::scaled_product) return padded_form(at.n, type);
    const int columns = up_to(at.n.out.h, tile_inner);
    return {type, columns, block_bytes(std::int64_t{at.n.out.c} * columns * static_cast<std::int64_t>(size_of(type)))};
}

/// Whether an operation has its kernels here, but for what the rewrites leave to others. One that is added to the
/// graph's stands behind `gate`.
[[nodiscard]] constexpr bool has(const node& n) {
    return of_backend(n.kind) ? n.kind <= last_lowered : n.kind <= op::gate;
}

/// How a convolution is made: in tiles where that fills them.
[[nodiscard]] constexpr products products_of(const site& at, precision asked) {
    const node &n = at.n, &x = at.in(0);
    constexpr int least_pixels = 16, least_channels = 2, least_inner = 16;
    const int inner = n.win.kernel * n.win.kernel * x.out.c;
    if (is_conv(n.kind) && n.groups == 1 && n.win.kernel == 1 && n.out.pixels() == 1 && x.out.pixels() == 1)
        return products::lanes;
    if (n.groups > 1 || n.out.pixels() < least_pixels || made_channels(n) < least_channels || inner < least_inner)
        return products::plain;
    if (n.kind == op::dynamic_conv && (x.type != at.in(1).type || (is_precise(at.nodes, n) && x.type == dtype::bf16)))
        return products::plain;
    if (x.type == dtype::bf16) return products::bf16;
    if (is_precise(at.nodes, n)) return products::three;
    return asked == precision::tf32 && !in_chain(n) ? products::tf32 : products::three;
}
/// In how many parts weights stand, whose sum they are: where a precise value is made, and in Res2Net's chains, in
/// which weights rounded to bf16 alone would make half of the error.
[[nodiscard]] constexpr int parts_of(const site& at, precision asked) {
    const bool exact = in_chain(at.n) || is_precise(at.nodes, at.n) || at.n.result;
    return exact && is_conv(at.n.kind) && products_of(at, asked) == products::bf16 ? 2 : 1;
}
[[nodiscard]] constexpr int inner_of(const site& at) {
    return at.n.win.kernel * at.n.win.kernel * (at.n.groups > 1 ? 1 : at.in(0).out.c);
}
/// A convolution's weights: [out][inner], for tiles in whole steps, or [inner][out]; the bias, f32, stands before them.
struct conv_form {
    bool by_out = false;
    element type = element::f32;
    int rows = 1, columns = 1;

    constexpr conv_form(products how, element t, int out, int inner)
        : by_out(how != products::plain), type(t), rows(by_out ? out : inner),
          columns(!by_out                  ? out
                  : how == products::lanes ? inner
                                           : up_to(inner, tile_inner)) {}
    [[nodiscard]] constexpr std::int64_t bias_bytes() const { return block_bytes((by_out ? rows : columns) * 4); }
    [[nodiscard]] constexpr std::int64_t bytes() const {
        return bias_bytes() + block_bytes(std::int64_t{rows} * columns * bytes_of(type));
    }
};
[[nodiscard]] constexpr conv_form conv_form_of(const site& at, precision asked) {
    const products how = products_of(at, asked);
    const bool halves = how == products::bf16 || (how == products::lanes && asked == precision::bf16 &&
                                                  !is_precise(at.nodes, at.n) && !at.n.result);
    return {how, halves ? element::bf16 : element::f32, made_channels(at.n), inner_of(at) * parts_of(at, asked)};
}
/// The two products of a gate: A' x and A" y, each a 1×1 convolution.
[[nodiscard]] constexpr products gate_products(const site& at, int which, precision asked) {
    const node& v = at.in(which);
    constexpr int least_pixels = 16, least_channels = 8, least_inner = 16;
    if (v.out.pixels() < least_pixels || at.n.arg < least_channels || v.out.c < least_inner) return products::plain;
    if (is_precise(at.nodes, at.n)) return products::three;
    if (v.type == dtype::bf16) return products::bf16;
    return asked == precision::tf32 ? products::tf32 : products::three;
}
[[nodiscard]] constexpr conv_form gate_form(const site& at, int which, precision asked) {
    const products how = gate_products(at, which, asked);
    return {how, how == products::bf16 ? element::bf16 : element::f32, at.n.arg, at.in(which).out.c};
}

/// Of one of them for each image, in the result's type.
[[nodiscard]] constexpr int gate_step(const node& n) { return up_to(n.arg, 16); }
[[nodiscard]] constexpr std::int64_t gate_scratch_bytes(const node& n) {
    return block_bytes(n.out.pixels() * gate_step(n) * bytes_of(element_of(n.type)));
}

/// The product A · diag(g) · B of a scaled_product: in tiles where it fills them, A · diag(g) being made first.
[[nodiscard]] constexpr bool matrix_in_tiles(const site& at) {
    constexpr int least = 16;
    return at.n.weight != no_id && at.n.out.c >= least && at.n.out.h >= least && at.in(0).out.c >= least;
}
/// Of B, turned: a row for each of its columns, of which the result has whole steps.
[[nodiscard]] constexpr conv_form matrix_form(const site& at) {
    return {products::three, element::f32, up_to(at.n.out.h, tile_inner), at.in(0).out.c};
}

[[nodiscard]] constexpr std::int64_t packed_bytes(const site& at, precision asked) {
    const node& n = at.n;
    const auto floats = [](std::int64_t count) { return block_bytes(count * 4); };
    if (is_conv(n.kind)) return conv_form_of(at, asked).bytes();
    if (is_norm(n.kind)) return 2 * floats(n.out.c);
    switch (n.kind) {
    case op::attention_pool: return floats(at.in(0).out.c);
    case op::scaled_product:
        return (n.weight == no_id ? 0 : floats(std::int64_t{n.out.c} * at.in(0).out.c)) +
               (matrix_in_tiles(at) ? matrix_form(at).bytes() : floats(std::int64_t{at.in(0).out.c} * n.out.h));
    case op::gate: return gate_form(at, 0, asked).bytes() + gate_form(at, 1, asked).bytes() + floats(n.arg + 1);
    default: return 0;
    }
}
/// In how many parts an attention's sums are formed, and the memory for them.
[[nodiscard]] constexpr int attention_parts(std::int64_t pixels) {
    constexpr std::int64_t each = 512, most = 64;
    return static_cast<int>(pixels < 2 * each ? 1 : pixels / each < most ? pixels / each : most);
}
[[nodiscard]] constexpr std::int64_t attention_bytes(std::int64_t pixels, int channels) {
    const int parts = attention_parts(pixels);
    return parts == 1 ? 0 : block_bytes(std::int64_t{runs(channels)} * parts * attention_sums * 4);
}
/// For each image.
[[nodiscard]] constexpr std::int64_t scratch_bytes(const site& at) {
    const node& n = at.n;
    switch (n.kind) {
    case op::upsample_conv: // upsampled, in the input's form
        return n.out.pixels() * at.in(0).step * static_cast<std::int64_t>(size_of(at.in(0).type));
    case op::scaled_product: // A · diag(g)
        return matrix_in_tiles(at) ? block_bytes(std::int64_t{n.out.c} * at.in(0).out.c * 4) : 0;
    case op::attention_pool: // scores, sums of parts
        return block_bytes(at.in(0).out.pixels() * 4) + attention_bytes(at.in(0).out.pixels(), at.in(0).out.c);
    case op::gate: return 2 * gate_scratch_bytes(n);
    default: return 0;
    }
}

/// Where a convolution's channels lie among those of its tensors, of which some are padding: see pad_groups.
struct channel_places {
    int group = 0; ///< channels of a group; 0: there is no padding
    bool of_in = false, of_out = false;

    [[nodiscard]] constexpr int padded(int k) const { return k / group * padded_group(group) + k % group; }
    [[nodiscard]] constexpr int in(int k) const { return of_in ? padded(k) : k; }
    [[nodiscard]] constexpr int out(int k) const { return of_out ? padded(k) : k; }
    [[nodiscard]] constexpr int all_in(int channels) const { return of_in ? padded(channels) : channels; }
};

/// Writes numbers in the device's form.
struct packer {
    std::byte* to;

    void floats(const double* from, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
            const float x = from != nullptr ? static_cast<float>(from[i]) : 0.0F;
            std::memcpy(to + 4 * i, &x, 4);
        }
        to += block_bytes(4 * count);
    }
    /// `from`: [out][in of a row `row` long][taps]; `spread`: where channels lie.
    void conv(const conv_form& f, const double* from, const double* bias, int out, int in, int row, int taps,
              int parts = 1, const channel_places& spread = {}) {
        std::byte* const first = to;
        if (bias != nullptr)
            for (int o = 0; o < out; ++o) {
                const auto x = static_cast<float>(bias[o]);
                std::memcpy(first + std::int64_t{4} * spread.out(o), &x, 4);
            }
        to = first + f.bias_bytes();
        const int all_in = spread.all_in(in), group = spread.of_in ? spread.group : in;
        for (int o = 0; o < out; ++o)
            for (int t = 0; t < taps; ++t)
                for (int k = 0; k < in; k += group) {
                    const std::int64_t inner = std::int64_t{t} * all_in + spread.in(k);
                    const std::int64_t place =
                        f.by_out ? std::int64_t{spread.out(o)} * f.columns + inner : inner * f.columns + spread.out(o);
                    const double* const w = from + (std::int64_t{o} * row + k) * taps + t;
                    const int apart = f.by_out ? 1 : f.columns, count = group < in - k ? group : in - k;
                    put_all(f.type, place, apart, w, taps, count);
                    if (parts == 2) put_rest(place + std::int64_t{taps} * all_in, w, taps, count);
                }
        to += block_bytes(std::int64_t{f.rows} * f.columns * bytes_of(f.type));
    }

    /// `from`: [in][out].
    void turned(const conv_form& f, const double* from, int out, int in) {
        to += f.bias_bytes();
        for (int o = 0; o < out; ++o) put_all(f.type, std::int64_t{o} * f.columns, 1, from + o, out, in);
        to += block_bytes(std::int64_t{f.rows} * f.columns * bytes_of(f.type));
    }

private:
    /// `count` numbers, every step-th from `from` on, to place `at` and on, `apart` from each other.
    void put_all(element type, std::int64_t at, int apart, const double* from, int step, int count) const {
        for (int i = 0; i < count; ++i) {
            const auto x = static_cast<float>(from[std::int64_t{i} * step]);
            const std::int64_t place = at + std::int64_t{i} * apart;
            if (type == element::f32) {
                std::memcpy(to + 4 * place, &x, 4);
            } else {
                const std::uint16_t b = to_bf16(x).bits;
                std::memcpy(to + 2 * place, &b, 2);
            }
        }
    }
    /// What bf16 leaves of them, in bf16.
    void put_rest(std::int64_t at, const double* from, int step, int count) const {
        for (int i = 0; i < count; ++i) {
            const double w = from[std::int64_t{i} * step];
            const std::uint16_t b =
                to_bf16(static_cast<float>(w - double{to_f32(to_bf16(static_cast<float>(w)))})).bits;
            std::memcpy(to + 2 * (at + i), &b, 2);
        }
    }
};

/// An operation's parameters into `to`: zeros, packed_bytes() of them.
inline void pack(const site& at, precision asked, const dense_parameter& a, const dense_parameter& b, std::byte* to) {
    packer p{to};
    const node& n = at.n;
    if (is_conv(n.kind)) {
        // The parameter's own channels, padding aside.
        const int in = n.groups > 1 ? 1 : a.in, out = a.out;
        const channel_places spread{n.arg, n.arg > 0 && in != at.in(0).out.c, n.arg > 0 && out != made_channels(n)};
        p.conv(conv_form_of(at, asked), a.values, a.bias, out, in, in, n.win.kernel * n.win.kernel, parts_of(at, asked),
               spread);
        return;
    }
    if (is_norm(n.kind)) {
        p.floats(a.values, n.out.c);
        p.floats(a.bias, n.out.c);
        return;
    }
    switch (n.kind) {
    case op::attention_pool: p.floats(a.values, at.in(0).out.c); break;
    case op::scaled_product:
        if (n.weight != no_id) p.floats(a.values, std::int64_t{n.out.c} * at.in(0).out.c);
        if (matrix_in_tiles(at))
            p.turned(matrix_form(at), b.values, n.out.h, at.in(0).out.c);
        else
            p.floats(b.values, std::int64_t{at.in(0).out.c} * n.out.h);
        break;
    case op::gate: {
        const int c = at.in(0).out.c, mutual = at.in(1).out.c;
        p.conv(gate_form(at, 0, asked), a.values, nullptr, n.arg, c, c + mutual, 1);
        p.conv(gate_form(at, 1, asked), a.values + c, a.bias, n.arg, mutual, c + mutual, 1);
        std::byte* const psi = p.to;
        p.floats(b.values, n.arg);
        const float last = b.bias != nullptr ? static_cast<float>(*b.bias) : 0.0F;
        std::memcpy(psi + std::int64_t{n.arg} * 4, &last, 4);
        break;
    }
    default: break;
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
