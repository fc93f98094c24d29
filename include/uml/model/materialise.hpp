// The numbers of a parameter: read from the weights file, folded, multiplied out, stacked, all in double.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/core/buffer.hpp"
#include "uml/io/safetensors.hpp"

#include <algorithm>
#include <cmath>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A parameter's numbers on the heap.
struct owned_parameter {
    buffer<double> values, bias; ///< bias empty if there is none
    int out = 0, in = 0, kernel = 1;

    [[nodiscard]] dense_parameter view() const {
        return {values.data(), bias.size() > 0 ? bias.data() : nullptr, out, in, kernel};
    }
    [[nodiscard]] std::size_t row() const {
        return static_cast<std::size_t>(in > 0 ? in : 1) * static_cast<std::size_t>(kernel * kernel);
    }
};

namespace materialise_detail {

[[nodiscard]] inline error no_memory() { return fail(errc::out_of_memory, "no memory to prepare the weights"); }

inline constexpr std::size_t all_elements = static_cast<std::size_t>(-1);

/// Reads `slot` of the parameter into doubles: `count` elements from `first` on, or all.
[[nodiscard]] inline result<void> read_tensor(const program_view& p, const weights_file& file, id name,
                                              const char* slot, buffer<double>& to, std::size_t first = 0,
                                              std::size_t count = all_elements) {
    path_text full = p.name_of(name);
    full << slot;
    const tensor_entry* e = file.find(full);
    if (e == nullptr) return fail(errc::missing_tensor, file.source(), ": tensor ", full.view(), " is missing");
    const std::uint64_t elements = e->elements();
    if (count == all_elements) count = static_cast<std::size_t>(elements);
    constexpr std::size_t most = 1u << 14; // at a time, so that no second large block is needed
    buffer<float> numbers;
    if (!numbers.resize_unset(count < most ? count : most) || !to.resize_unset(count)) return no_memory();
    for (std::size_t i = 0; i < count; i += most) {
        const auto part = numbers.span().first(count - i < most ? count - i : most);
        if (auto read = file.read_part(*e, first + i, part); !read) return read.error();
        for (std::size_t k = 0; k < part.size(); ++k) to.data()[i + k] = static_cast<double>(part[k]);
    }
    return {};
}

/// Batch normalisation with stored statistics as scale and shift.
[[nodiscard]] inline result<void> read_norm(const program_view& p, const weights_file& file, const parameter& q,
                                            owned_parameter& to) {
    buffer<double> mean, variance;
    if (auto r = read_tensor(p, file, q.name, ".weight", to.values); !r) return r;
    if (auto r = read_tensor(p, file, q.name, ".bias", to.bias); !r) return r;
    if (q.kind == parameter_kind::layer_norm) return {};
    if (auto r = read_tensor(p, file, q.name, ".running_mean", mean); !r) return r;
    if (auto r = read_tensor(p, file, q.name, ".running_var", variance); !r) return r;
    const double eps = q.kind == parameter_kind::batch_norm ? 1e-5 : 0.0;
    for (std::size_t k = 0; k < to.values.size(); ++k) {
        if (!(variance.data()[k] + eps > 0))
            return fail(errc::malformed, file.source(), ": tensor ", p.name_of(q.name).view(), ".running_var: channel ",
                        std::uint64_t{k}, " is not positive");
        to.values.data()[k] /= std::sqrt(variance.data()[k] + eps);
        to.bias.data()[k] -= mean.data()[k] * to.values.data()[k];
    }
    return {};
}

[[nodiscard]] inline bool bias_or_zeros(owned_parameter& p) { return p.bias.resize(static_cast<std::size_t>(p.out)); }

/// The normalisation after the rows of a convolution, whose first one is row `first` of the whole.
[[nodiscard]] inline bool fold(owned_parameter& rows, const owned_parameter& norm, std::size_t first) {
    if (!bias_or_zeros(rows)) return false;
    for (std::size_t o = 0; o < static_cast<std::size_t>(rows.out); ++o) {
        const double scale = norm.values.data()[first + o];
        for (std::size_t i = 0; i < rows.row(); ++i) rows.values.data()[o * rows.row() + i] *= scale;
        rows.bias.data()[o] = rows.bias.data()[o] * scale + norm.bias.data()[first + o];
    }
    return true;
}

/// b after a, both 1×1: values b·a, bias b·(bias of a) + (bias of b).
[[nodiscard]] inline bool multiply(const owned_parameter& a, const owned_parameter& b, owned_parameter& to) {
    const std::size_t out = static_cast<std::size_t>(to.out), in = a.row(), middle = static_cast<std::size_t>(a.out);
    constexpr std::size_t rows = 2, columns = 8; // of sums that stay in registers
    buffer<double> panel;                        // these columns of `a`, [middle][columns]
    if (!to.values.resize_unset(out * in) || !panel.resize(middle * columns)) return false;
    for (std::size_t i = 0; i < in; i += columns) {
        const std::size_t count = in - i < columns ? in - i : columns;
        for (std::size_t m = 0; m < middle; ++m)
            std::copy_n(a.values.data() + m * in + i, count, panel.data() + m * columns);
        for (std::size_t o = 0; o < out; o += rows) {
            const double* const first = b.values.data() + o * middle;
            const double* const second = first + (o + 1 < out ? middle : 0);
            double x[columns] = {}, y[columns] = {};
            for (std::size_t m = 0; m < middle; ++m) {
                const double* const from = panel.data() + m * columns;
                const double fx = first[m], fy = second[m];
#pragma GCC unroll 8
                for (std::size_t k = 0; k < columns; ++k) x[k] += fx * from[k];
#pragma GCC unroll 8
                for (std::size_t k = 0; k < columns; ++k) y[k] += fy * from[k];
            }
            std::copy_n(x, count, to.values.data() + o * in + i);
            if (o + 1 < out) std::copy_n(y, count, to.values.data() + (o + 1) * in + i);
        }
    }
    if (a.bias.size() + b.bias.size() == 0) return true;
    if (!bias_or_zeros(to)) return false;
    for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t m = 0; m < middle && a.bias.size() > 0; ++m)
            to.bias.data()[o] += b.values.data()[o * middle + m] * a.bias.data()[m];
        if (b.bias.size() > 0) to.bias.data()[o] += b.bias.data()[o];
    }
    return true;
}

/// Column i of `a` belongs to channel i mod (channels of `to`) of the tensor that was repeated.
[[nodiscard]] inline bool sum_columns(const owned_parameter& a, owned_parameter& to) {
    const std::size_t out = static_cast<std::size_t>(to.out), taps = static_cast<std::size_t>(to.kernel * to.kernel);
    const std::size_t from = static_cast<std::size_t>(a.in), in = static_cast<std::size_t>(to.in);
    if (!to.values.resize(out * to.row())) return false;
    for (std::size_t o = 0; o < out; ++o)
        for (std::size_t i = 0; i < from; ++i)
            for (std::size_t t = 0; t < taps; ++t)
                to.values.data()[(o * in + i % in) * taps + t] += a.values.data()[(o * from + i) * taps + t];
    return true;
}

/// The rows of `a`, each followed by that of `b`; biases are added.
[[nodiscard]] inline bool join(const owned_parameter& a, const owned_parameter& b, owned_parameter& to) {
    if (!to.values.resize_unset(static_cast<std::size_t>(to.out) * to.row())) return false;
    double* row = to.values.data();
    for (std::size_t o = 0; o < static_cast<std::size_t>(to.out); ++o)
        for (const owned_parameter* from : {&a, &b})
            row = std::copy_n(from->values.data() + o * from->row(), from->row(), row);
    if (a.bias.size() + b.bias.size() > 0 && !bias_or_zeros(to)) return false;
    for (const owned_parameter* from : {&a, &b})
        for (std::size_t o = 0; o < from->bias.size(); ++o) to.bias.data()[o] += from->bias.data()[o];
    return true;
}

/// Rows of `a` (from its input channel 0) and `b` (from input channel `b_column`), in the order that `row_of` says.
template <class F>
[[nodiscard]] bool stack(const owned_parameter& a, const owned_parameter& b, std::size_t b_column, F row_of,
                         owned_parameter& to) {
    if (!to.values.resize(static_cast<std::size_t>(to.out) * to.row())) return false;
    if (a.bias.size() + b.bias.size() > 0 && !bias_or_zeros(to)) return false;
    for (int o = 0; o < to.out; ++o) {
        const bool from_a = o < a.out;
        const owned_parameter& from = from_a ? a : b;
        const std::size_t source = static_cast<std::size_t>(from_a ? o : o - a.out),
                          row = static_cast<std::size_t>(row_of(o));
        for (std::size_t i = 0; i < from.row(); ++i)
            to.values.data()[row * to.row() + (from_a ? 0 : b_column) + i] =
                from.values.data()[source * from.row() + i];
        if (from.bias.size() > 0) to.bias.data()[row] = from.bias.data()[source];
    }
    return true;
}

} // namespace materialise_detail

/// Evaluates parameter `which`. Errors: those of reading the file, errc::out_of_memory.
[[nodiscard]] inline result<void> materialise(const program_view& p, const weights_file& file, id which,
                                              owned_parameter& to) {
    using namespace materialise_detail;
    const parameter& q = p.parameters[static_cast<std::size_t>(which)];
    to.out = q.out;
    to.in = q.in;
    to.kernel = q.kernel;
    owned_parameter a, b;
    if (q.a != no_id)
        if (auto r = materialise(p, file, q.a, a); !r) return r;
    if (q.b != no_id)
        if (auto r = materialise(p, file, q.b, b); !r) return r;
    bool enough = true;
    switch (q.kind) {
    case parameter_kind::conv:
    case parameter_kind::linear:
        if (auto r = read_tensor(p, file, q.name, ".weight", to.values); !r) return r;
        return q.bias ? read_tensor(p, file, q.name, ".bias", to.bias) : result<void>{};
    case parameter_kind::batch_norm:
    case parameter_kind::frozen_norm:
    case parameter_kind::layer_norm: return read_norm(p, file, q, to);
    case parameter_kind::folded:
        enough = fold(a, b, 0);
        to = std::move(a);
        break;
    case parameter_kind::product: enough = multiply(a, b, to); break;
    case parameter_kind::column_sum:
        enough = sum_columns(a, to);
        to.bias = std::move(a.bias);
        break;
    case parameter_kind::stacked:
        enough = stack(
            a, b, 0, [](int o) { return o; }, to);
        break;
    case parameter_kind::joined: enough = join(a, b, to); break;
    case parameter_kind::mixed: {
        // The shuffle: output channel g · C / count + j is channel count · j + g of the concatenation.
        const int height = q.out / q.count;
        enough = stack(
            a, b, a.row(), [&](int o) { return o % q.count * height + o / q.count; }, to);
        break;
    }
    case parameter_kind::transposed:
        enough = to.values.resize(static_cast<std::size_t>(q.out) * static_cast<std::size_t>(q.in));
        for (std::size_t o = 0; enough && o < static_cast<std::size_t>(q.out); ++o)
            for (std::size_t i = 0; i < static_cast<std::size_t>(q.in); ++i)
                to.values.data()[o * static_cast<std::size_t>(q.in) + i] =
                    a.values.data()[i * static_cast<std::size_t>(q.out) + o];
        break;
    case parameter_kind::bias_row: to.values = std::move(a.bias); break;
    }
    if (!enough) return no_memory();
    return {};
}

/// Whether the parameter's rows can be made by themselves: those of a convolution, with a normalisation after it or
/// not.
[[nodiscard]] inline bool has_rows(const program_view& p, id which) {
    const auto at = [&](id i) { return p.parameters[static_cast<std::size_t>(i)]; };
    const parameter q = at(which);
    const parameter_kind kind = q.kind == parameter_kind::folded ? at(q.a).kind : q.kind;
    return kind == parameter_kind::conv || kind == parameter_kind::linear;
}

/// Calls `use(rows, first)` with the rows of a parameter that has_rows, `multiple` or a multiple of that at a time;
/// little memory is needed at any time. Errors: those of `use`, and of materialise.
template <class F>
[[nodiscard]] result<void> materialise_rows(const program_view& p, const weights_file& file, id which, int multiple,
                                            F use) {
    using namespace materialise_detail;
    constexpr std::size_t wanted = 1u << 16; // numbers
    const parameter& whole = p.parameters[static_cast<std::size_t>(which)];
    const bool folded = whole.kind == parameter_kind::folded;
    const parameter& q = folded ? p.parameters[static_cast<std::size_t>(whole.a)] : whole;
    owned_parameter norm, rows;
    if (folded)
        if (auto r = materialise(p, file, whole.b, norm); !r) return r;
    rows.in = q.in;
    rows.kernel = q.kernel;
    const std::size_t fit = wanted / rows.row() / static_cast<std::size_t>(multiple);
    const int together = multiple * static_cast<int>(fit > 1 ? fit : 1);
    for (int first = 0; first < q.out; first += together) {
        rows.out = q.out - first < together ? q.out - first : together;
        const auto from = static_cast<std::size_t>(first), count = static_cast<std::size_t>(rows.out);
        if (auto r = read_tensor(p, file, q.name, ".weight", rows.values, from * rows.row(), count * rows.row()); !r)
            return r;
        rows.bias = {};
        if (q.bias)
            if (auto r = read_tensor(p, file, q.name, ".bias", rows.bias, from, count); !r) return r;
        if (folded && !fold(rows, norm, from)) return no_memory();
        if (auto r = use(rows, first); !r) return r;
    }
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
