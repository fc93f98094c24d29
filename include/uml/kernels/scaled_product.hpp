// The matrix A · diag(g) · B, made per image and written as packed weights of a 1x1 convolution: arguments and sizes.
// The kernel itself is scaled_product.inc.
#pragma once

#include "uml/kernels/conv.hpp"
#include "uml/kernels/views.hpp"

namespace uml::inline UML_VERSION_NAMESPACE::kernels {

struct scaled_product_shape {
    int out = 1;       ///< rows of A
    int inner = 1;     ///< columns of A, rows of B
    int c = 1;         ///< columns of B
    bool has_a = true; ///< false: A is the identity, out = inner
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

/// One panel of the product as a convolution: its pixels are the columns of B, its weights the panel of A · diag(g).
[[nodiscard]] constexpr conv_shape scaled_product_panel(const scaled_product_shape& s) {
    conv_shape r;
    r.w_in = r.w_out = s.c;
    r.c_in = s.inner;
    r.c_out = panel;
    return r;
}

/// Floats from a column of B to the next.
[[nodiscard]] constexpr int scaled_product_step(const scaled_product_shape& s) { return round_up(s.inner, panel); }

/// Floats of both matrices: A in panels [out / 16][inner][16], then B's columns; without A, B in panels.
[[nodiscard]] constexpr std::size_t scaled_product_size(const scaled_product_shape& s) {
    const std::size_t c = static_cast<std::size_t>(s.c);
    if (!s.has_a) return padded(s.inner) * c;
    return padded(s.out) * static_cast<std::size_t>(s.inner) + c * static_cast<std::size_t>(scaled_product_step(s)) +
           panel;
}

/// Packs A [out][inner] (null if the shape has none) and B [inner][c] of any floating type.
template <class T> void pack_scaled_product(const scaled_product_shape& s, const T* a, const T* b, float* packed) {
    const auto pack_panels = [&](const T* m, int rows, int columns) {
        for (int p = 0; p < round_up(rows, panel); p += panel)
            for (int i = 0; i < columns; ++i)
                for (int j = p; j < p + panel; ++j)
                    *packed++ = j < rows ? static_cast<float>(m[static_cast<std::ptrdiff_t>(j) * columns + i]) : 0.f;
    };
    if (!s.has_a) return pack_panels(b, s.inner, s.c);
    pack_panels(a, s.out, s.inner);
    const int step = scaled_product_step(s);
    for (int k = 0; k < s.c; ++k)
        for (int i = 0; i < step; ++i)
            *packed++ = i < s.inner ? static_cast<float>(b[static_cast<std::ptrdiff_t>(i) * s.c + k]) : 0.f;
    std::fill(packed, packed + panel, 0.f);
}

/// Jobs: blocks of B's columns times panels; without A the panels.
[[nodiscard]] constexpr int scaled_product_jobs(const scaled_product_args& a) {
    const int panels = div_up(a.shape.out, panel);
    return a.shape.has_a ? panels * conv_jobs(scaled_product_panel(a.shape)) : panels;
}

/// Scratch bytes per thread: the scaled panel of A with a bias of zeros, and what a convolution needs.
[[nodiscard]] constexpr std::size_t scaled_product_scratch_bytes(const scaled_product_shape& s) {
    if (!s.has_a) return 0;
    const conv_shape one = scaled_product_panel(s);
    return aligned_bytes(conv_weights_size(one) * sizeof(float)) + conv_scratch_bytes(one);
}

} // namespace uml::inline UML_VERSION_NAMESPACE::kernels
