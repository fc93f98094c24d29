// The matrix A · diag(g) · B, made per image and written as packed weights of a 1x1 convolution: arguments and sizes.
// The kernel itself is scaled_product.inc.
#pragma once

#include "uml/kernels/conv.hpp"
#include "uml/kernels/views.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

/// Two blocks that B is, as in a mixer: some of its rows read the first columns, the others the rest. The rows stand as
/// a shuffle in `shuffled` groups left them: row i was row i mod n · shuffled + i / n, n rows in a group, and the first
/// `rows` of those read the first `columns`. Without columns: B is one block.
struct scaled_product_blocks {
    int rows = 0, columns = 0, shuffled = 1;

    /// Whether a row of B, which has `inner`, is one of the second block.
    [[nodiscard]] constexpr bool second(int row, int inner) const {
        const int n = inner / shuffled;
        return columns > 0 && row % n * shuffled + row / n >= rows;
    }
};

struct scaled_product_shape {
    int out = 1;       ///< rows of A
    int inner = 1;     ///< columns of A, rows of B
    int c = 1;         ///< columns of B
    bool has_a = true; ///< false: A is the identity, out = inner
    scaled_product_blocks blocks{};

    /// Rows and columns of the block that comes first.
    [[nodiscard]] constexpr int first_rows() const { return blocks.columns > 0 ? blocks.rows : inner; }
    [[nodiscard]] constexpr int first_columns() const { return blocks.columns > 0 ? blocks.columns : c; }
};

/// One product on prepared matrices. `out` gets packed weights for c -> out channels without bias.
struct scaled_product_args {
    scaled_product_shape shape;
    const float* matrices = nullptr; ///< from pack_scaled_product
    const float* g = nullptr;        ///< `inner` floats
    float* out = nullptr;            ///< conv_weights_size(scaled_product_result(shape)) floats
};

/// The 1x1 convolution whose packed weights are made; its bias is zero.
[[nodiscard]] constexpr conv_shape scaled_product_result(const scaled_product_shape& s) {
    conv_shape r;
    r.c_in = s.c;
    r.c_out = s.out;
    return r;
}

/// Layout of the packed matrices: the order of B's rows, block by block; A in panels [out / 16][inner][16], B's
/// columns; rows and columns of A and B in that order.
struct scaled_product_places {
    std::size_t a = 0, b = 0, size = 0;
    int step = 0; ///< from a column of B to the next

    constexpr explicit scaled_product_places(const scaled_product_shape& s) {
        step = round_up(s.inner, panel);
        a = padded(s.inner);
        b = a + padded(s.out) * static_cast<std::size_t>(s.inner);
        size = b + static_cast<std::size_t>(s.c) * static_cast<std::size_t>(step) + panel;
    }
};

/// Floats of both matrices; without A only B, in panels [inner / 16][c][16].
[[nodiscard]] constexpr std::size_t scaled_product_size(const scaled_product_shape& s) {
    return s.has_a ? scaled_product_places(s).size : padded(s.inner) * static_cast<std::size_t>(s.c);
}

/// Packs A [out][inner] (null if the shape has none) and B [inner][c] of any floating type.
template <class T> void pack_scaled_product(const scaled_product_shape& s, const T* a, const T* b, float* packed) {
    const auto at = [](const T* m, int row, int columns, int column) {
        return static_cast<float>(m[static_cast<std::ptrdiff_t>(row) * columns + column]);
    };
    if (!s.has_a) {
        for (int p = 0; p < s.inner; p += panel)
            for (int k = 0; k < s.c; ++k)
                for (int i = p; i < p + panel; ++i) *packed++ = i < s.inner ? at(b, i, s.c, k) : 0.f;
        return;
    }
    const scaled_product_places place(s);
    std::fill(packed, packed + place.size, 0.f);
    float* const order = packed;
    int first = 0, second = s.first_rows();
    for (int i = 0; i < s.inner; ++i) order[s.blocks.second(i, s.inner) ? second++ : first++] = static_cast<float>(i);
    float* to = packed + place.a;
    for (int p = 0; p < s.out; p += panel)
        for (int i = 0; i < s.inner; ++i)
            for (int o = p; o < p + panel; ++o) *to++ = o < s.out ? at(a, o, s.inner, static_cast<int>(order[i])) : 0.f;
    for (int k = 0; k < s.c; ++k) {
        to = packed + place.b + static_cast<std::ptrdiff_t>(k) * place.step;
        for (int i = 0; i < s.inner; ++i) to[i] = at(b, static_cast<int>(order[i]), s.c, k);
    }
}

/// One panel of the product for one block as a convolution: its pixels are columns of B, its weights the panel of
/// A · diag(g).
[[nodiscard]] constexpr conv_shape scaled_product_panel(int rows, int columns) {
    conv_shape r;
    r.w_in = r.w_out = columns;
    r.c_in = rows;
    r.c_out = panel;
    return r;
}

/// How the work is cut: jobs of a panel for either block.
struct scaled_product_split {
    conv_shape block[2];
    int jobs[2] = {};
};
[[nodiscard]] constexpr scaled_product_split split_scaled_product(const scaled_product_shape& s) {
    scaled_product_split r;
    r.block[0] = scaled_product_panel(s.first_rows(), s.first_columns());
    r.jobs[0] = conv_jobs(r.block[0]);
    if (s.first_columns() == s.c) return r;
    r.block[1] = scaled_product_panel(s.inner - s.first_rows(), s.c - s.first_columns());
    r.jobs[1] = conv_jobs(r.block[1]);
    return r;
}

[[nodiscard]] constexpr int scaled_product_jobs(const scaled_product_args& a) {
    const int panels = div_up(a.shape.out, panel);
    if (!a.shape.has_a) return panels;
    const scaled_product_split cut = split_scaled_product(a.shape);
    return panels * (cut.jobs[0] + cut.jobs[1]);
}

/// Bytes of a panel of A · diag(g) with its bias.
[[nodiscard]] constexpr std::size_t scaled_product_weights_bytes(const scaled_product_shape& s) {
    return aligned_bytes(conv_weights_size(scaled_product_panel(s.inner, 1)) * sizeof(float));
}
/// Scratch bytes per thread: that panel, and what convolutions of all rows or of a few need.
[[nodiscard]] constexpr std::size_t scaled_product_scratch_bytes(const scaled_product_shape& s) {
    if (!s.has_a) return 0;
    return scaled_product_weights_bytes(s) + conv_scratch_bytes(scaled_product_panel(s.inner, s.c)) +
           conv_scratch_bytes(scaled_product_panel(1, s.c));
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels

#include "uml/core/end.inc"
