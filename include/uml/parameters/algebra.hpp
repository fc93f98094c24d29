// Parameters computed from others: for each kind its shape, which passes ask for, and its numbers, which loading makes.
// The numbers of the first operand may be taken over. They are false where the heap refuses.
#pragma once

#include "uml/parameters/dense.hpp"
#include "uml/parameters/parameter.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace algebra {

[[nodiscard]] inline bool bias_or_zeros(owned_parameter& p) { return p.bias.resize(p.rows()); }
[[nodiscard]] inline bool either_has_bias(const owned_parameter& a, const owned_parameter& b) {
    return a.bias.size() + b.bias.size() > 0;
}

/// Copies `source`'s row `from` to `to`'s row `row`, from column `column` on, and its bias.
inline void put_row(const owned_parameter& source, std::size_t from, std::size_t row, std::size_t column,
                    owned_parameter& to) {
    std::memcpy(to.values.data() + row * to.row() + column, source.values.data() + from * source.row(),
                source.row() * sizeof(double));
    if (source.bias.size() > 0) to.bias.data()[row] = source.bias.data()[from];
}

/// A convolution and the normalisation after it.
struct folded {
    static constexpr void shape(const parameter&, const parameter&, parameter& p) { p.bias = true; }

    /// In place, of rows of which the first one is row `first` of the whole.
    [[nodiscard]] static bool fold(owned_parameter& rows, const owned_parameter& norm, std::size_t first) {
        if (!bias_or_zeros(rows)) return false;
        for (std::size_t o = 0; o < rows.rows(); ++o) {
            const double scale = norm.values.data()[first + o];
            for (std::size_t i = 0; i < rows.row(); ++i) rows.values.data()[o * rows.row() + i] *= scale;
            rows.bias.data()[o] = rows.bias.data()[o] * scale + norm.bias.data()[first + o];
        }
        return true;
    }
    [[nodiscard]] static bool numbers(owned_parameter& a, const owned_parameter& b, int, owned_parameter& to) {
        if (!fold(a, b, 0)) return false;
        to = std::move(a);
        return true;
    }
};

/// b after a, both 1×1: values b·a, bias b·(bias of a) + (bias of b).
struct product {
    static constexpr void shape(const parameter& a, const parameter& b, parameter& p) {
        p.out = b.out;
        p.bias = a.bias || b.bias;
    }
    [[nodiscard]] static bool numbers(const owned_parameter& a, const owned_parameter& b, int, owned_parameter& to) {
        const std::size_t in = a.row(), middle = a.rows();
        constexpr std::size_t columns = 8; // of sums that stay in registers
        buffer<double> panel;              // these columns of `a`, [middle][columns]
        if (!to.values.resize_uninitialized(to.rows() * in) || !panel.resize(middle * columns)) return false;
        for (std::size_t i = 0; i < in; i += columns) {
            const std::size_t count = in - i < columns ? in - i : columns;
            for (std::size_t m = 0; m < middle; ++m)
                std::memcpy(panel.data() + m * columns, a.values.data() + m * in + i, count * sizeof(double));
            for (std::size_t o = 0; o < to.rows(); o += 2) {
                const bool two = o + 1 < to.rows();
                const double* const first = b.values.data() + o * middle;
                const double* const second = first + (two ? middle : 0);
                double x[columns] = {}, y[columns] = {};
                for (std::size_t m = 0; m < middle; ++m) {
                    const double* const from = panel.data() + m * columns;
                    const double fx = first[m], fy = second[m];
#pragma GCC unroll 8
                    for (std::size_t k = 0; k < columns; ++k) x[k] += fx * from[k];
#pragma GCC unroll 8
                    for (std::size_t k = 0; k < columns; ++k) y[k] += fy * from[k];
                }
                std::memcpy(to.values.data() + o * in + i, x, count * sizeof(double));
                if (two) std::memcpy(to.values.data() + (o + 1) * in + i, y, count * sizeof(double));
            }
        }
        if (!either_has_bias(a, b)) return true;
        if (!bias_or_zeros(to)) return false;
        for (std::size_t o = 0; o < to.rows(); ++o) {
            for (std::size_t m = 0; m < middle && a.bias.size() > 0; ++m)
                to.bias.data()[o] += b.values.data()[o * middle + m] * a.bias.data()[m];
            if (b.bias.size() > 0) to.bias.data()[o] += b.bias.data()[o];
        }
        return true;
    }
};

/// `a` on a tensor of `count` channels that were repeated: its column i belongs to channel i mod count.
struct column_sum {
    static constexpr void shape(const parameter&, const parameter&, parameter& p) { p.in = p.count; }
    [[nodiscard]] static bool numbers(owned_parameter& a, const owned_parameter&, int, owned_parameter& to) {
        const auto taps = static_cast<std::size_t>(to.kernel * to.kernel);
        const auto from = static_cast<std::size_t>(a.in), in = static_cast<std::size_t>(to.in);
        if (!to.values.resize(to.rows() * to.row())) return false;
        for (std::size_t o = 0; o < to.rows(); ++o)
            for (std::size_t i = 0; i < from; ++i)
                for (std::size_t t = 0; t < taps; ++t)
                    to.values.data()[(o * in + i % in) * taps + t] += a.values.data()[(o * from + i) * taps + t];
        to.bias = std::move(a.bias);
        return true;
    }
};

/// The outputs of `a`, then those of `b`.
struct stacked {
    static constexpr void shape(const parameter& a, const parameter& b, parameter& p) {
        p.out = a.out + b.out;
        p.bias = a.bias || b.bias;
    }
    [[nodiscard]] static bool numbers(const owned_parameter& a, const owned_parameter& b, int, owned_parameter& to) {
        if (!to.values.resize_uninitialized(to.rows() * to.row())) return false;
        if (either_has_bias(a, b) && !bias_or_zeros(to)) return false;
        for (std::size_t o = 0; o < a.rows(); ++o) put_row(a, o, o, 0, to);
        for (std::size_t o = 0; o < b.rows(); ++o) put_row(b, o, a.rows() + o, 0, to);
        return true;
    }
};

/// The inputs of `a`, then those of `b`: 1×1 convolutions whose results, biases too, are added.
struct joined {
    static constexpr void shape(const parameter& a, const parameter& b, parameter& p) {
        p.in = a.in + b.in;
        p.bias = a.bias || b.bias;
    }
    [[nodiscard]] static bool numbers(const owned_parameter& a, const owned_parameter& b, int, owned_parameter& to) {
        if (!to.values.resize_uninitialized(to.rows() * to.row())) return false;
        if (either_has_bias(a, b) && !bias_or_zeros(to)) return false;
        for (std::size_t o = 0; o < to.rows(); ++o) {
            double sum = 0;
            for (const owned_parameter* from : {&a, &b}) {
                put_row(*from, o, o, from == &a ? 0 : a.row(), to);
                if (from->bias.size() > 0) sum += from->bias.data()[o];
            }
            if (to.bias.size() > 0) to.bias.data()[o] = sum;
        }
        return true;
    }
};

/// 1×1 convolutions `a` and `b` of a concatenated input, the outputs shuffled in `count` groups: output channel
/// g · C / count + j is channel count · j + g of the concatenation.
struct mixed {
    static constexpr void shape(const parameter& a, const parameter& b, parameter& p) {
        p.out = a.out + b.out;
        p.in = a.in + b.in;
    }
    [[nodiscard]] static bool numbers(const owned_parameter& a, const owned_parameter& b, int count,
                                      owned_parameter& to) {
        if (!to.values.resize(to.rows() * to.row())) return false;
        if (either_has_bias(a, b) && !bias_or_zeros(to)) return false;
        const auto groups = static_cast<std::size_t>(count);
        const auto shuffled = [&](std::size_t o) { return o % groups * (to.rows() / groups) + o / groups; };
        for (std::size_t o = 0; o < a.rows(); ++o) put_row(a, o, shuffled(o), 0, to);
        for (std::size_t o = 0; o < b.rows(); ++o) put_row(b, o, shuffled(a.rows() + o), a.row(), to);
        return true;
    }
};

/// The matrix of `a`, transposed; no bias.
struct transposed {
    static constexpr void shape(const parameter& a, const parameter&, parameter& p) {
        p.out = a.in;
        p.in = a.out;
        p.bias = false;
    }
    [[nodiscard]] static bool numbers(const owned_parameter& a, const owned_parameter&, int, owned_parameter& to) {
        if (!to.values.resize_uninitialized(to.rows() * to.row())) return false;
        for (std::size_t o = 0; o < to.rows(); ++o)
            for (std::size_t i = 0; i < to.row(); ++i)
                to.values.data()[o * to.row() + i] = a.values.data()[i * to.rows() + o];
        return true;
    }
};

/// The bias of `a` as a matrix of one row; no bias.
struct bias_row {
    static constexpr void shape(const parameter& a, const parameter&, parameter& p) {
        p.out = 1;
        p.in = a.out;
        p.bias = false;
    }
    [[nodiscard]] static bool numbers(owned_parameter& a, const owned_parameter&, int, owned_parameter& to) {
        to.values = std::move(a.bias);
        return true;
    }
};

/// Calls `use` with the struct of that kind; of a leaf, which is computed from nothing, returns `none`.
template <class R, class F> constexpr R with_form_of(parameter_kind kind, R none, F use) {
    switch (kind) {
    case parameter_kind::conv:
    case parameter_kind::linear:
    case parameter_kind::batch_norm:
    case parameter_kind::frozen_norm:
    case parameter_kind::layer_norm: return none;
    case parameter_kind::folded: return use(folded{});
    case parameter_kind::product: return use(product{});
    case parameter_kind::column_sum: return use(column_sum{});
    case parameter_kind::stacked: return use(stacked{});
    case parameter_kind::joined: return use(joined{});
    case parameter_kind::mixed: return use(mixed{});
    case parameter_kind::transposed: return use(transposed{});
    case parameter_kind::bias_row: return use(bias_row{});
    }
    return none;
}

/// What `kind` makes of `a` and `b`, by its shape. It keeps of `a` what its kind does not say.
[[nodiscard]] constexpr parameter shape_of(parameter_kind kind, const parameter& a, const parameter& b, int count) {
    parameter p = a;
    p.kind = kind;
    p.name = no_id;
    p.count = static_cast<std::int16_t>(count);
    return with_form_of(kind, p, [&](auto form) {
        form.shape(a, b, p);
        return p;
    });
}

/// The numbers of derived parameter `p`; false if the heap refuses.
[[nodiscard]] inline bool numbers_of(const parameter& p, owned_parameter& a, owned_parameter& b, owned_parameter& to) {
    return with_form_of(p.kind, true, [&](auto form) { return form.numbers(a, b, p.count, to); });
}

} // namespace algebra

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
