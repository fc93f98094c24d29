// The numbers of parameters, in double: leaves from the weights file, the others computed from them; whole, or a
// convolution's some rows at a time.
#pragma once

#include "uml/parameters/algebra.hpp"
#include "uml/parameters/binding.hpp"

#include <cmath>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace stream_detail {

[[nodiscard]] inline error no_memory() { return fail(errc::out_of_memory, "no memory to prepare the weights"); }

/// `count` numbers of a tensor from `first` on.
[[nodiscard]] inline result<void> read_part(const binding& b, const tensor_entry& e, std::size_t first,
                                            std::size_t count, buffer<double>& to) {
    constexpr std::size_t most = 1u << 14; // at a time, so that no second large block is needed
    buffer<float> numbers;
    if (!numbers.resize_uninitialized(count < most ? count : most) || !to.resize_uninitialized(count))
        return no_memory();
    for (std::size_t i = 0; i < count; i += most) {
        const auto part = numbers.span().first(count - i < most ? count - i : most);
        if (auto read = b.file().read_part(e, first + i, part); !read) return read.error();
        for (std::size_t k = 0; k < part.size(); ++k) to.data()[i + k] = static_cast<double>(part[k]);
    }
    return {};
}
/// A whole tensor; nothing if there is none.
[[nodiscard]] inline result<void> read_all(const binding& b, const tensor_entry* e, buffer<double>& to) {
    if (e == nullptr) return {};
    const std::uint64_t elements = e->elements();
    return read_part(b, *e, 0, static_cast<std::size_t>(elements), to);
}

/// A leaf; batch normalisation with stored statistics becomes scale and shift.
[[nodiscard]] inline result<void> read_leaf(const binding& b, id p, owned_parameter& to) {
    const bound_tensors& from = b.tensors_of(p);
    if (auto r = read_all(b, from.weight, to.values); !r) return r;
    if (auto r = read_all(b, from.bias, to.bias); !r) return r;
    if (from.variance == nullptr) return {};
    buffer<double> mean, variance;
    if (auto r = read_all(b, from.mean, mean); !r) return r;
    if (auto r = read_all(b, from.variance, variance); !r) return r;
    const double eps = b.table()[p].kind == parameter_kind::batch_norm ? 1e-5 : 0.0;
    for (std::size_t k = 0; k < to.values.size(); ++k) {
        const bool negative = variance.data()[k] < 0; // no eps makes that a variance
        if (negative || !(variance.data()[k] + eps > 0))
            return fail(errc::malformed,
                        {b.file().source(), ": tensor ", b.table().name_of(p).view(), ".running_var: channel ",
                         std::uint64_t{k}, negative ? " is below 0" : " is not positive"});
        to.values.data()[k] /= std::sqrt(variance.data()[k] + eps);
        to.bias.data()[k] -= mean.data()[k] * to.values.data()[k];
    }
    return {};
}

} // namespace stream_detail

/// All numbers of parameter `p`. Errors: those of reading the file; errc::malformed for a variance that is not
/// positive, out_of_memory.
[[nodiscard]] inline result<void> evaluate(const binding& b, id p, owned_parameter& to) {
    const parameter& q = b.table()[p];
    to.out = q.out;
    to.in = q.in;
    to.kernel = q.kernel;
    if (is_leaf(q.kind)) return stream_detail::read_leaf(b, p, to);
    owned_parameter first, second;
    if (auto r = evaluate(b, q.a, first); !r) return r;
    if (q.b != no_id)
        if (auto r = evaluate(b, q.b, second); !r) return r;
    if (!algebra::numbers_of(q, first, second, to)) return stream_detail::no_memory();
    return {};
}

/// The rows of one parameter, some at a time, so that little memory is needed: for those of a convolution, with a
/// normalisation after it or not. Move only.
class row_stream {
public:
    /// Whether the parameter's rows can be made by themselves.
    [[nodiscard]] static bool possible(const binding& b, id p) {
        const parameter_kind kind = b.table()[convolution_of(b, p)].kind;
        return kind == parameter_kind::conv || kind == parameter_kind::linear;
    }
    /// `multiple`: every part but the last has a multiple of so many rows. Errors: those of evaluate.
    [[nodiscard]] static result<row_stream> open(const binding& b, id p, int multiple) {
        row_stream s(b, convolution_of(b, p));
        if (s.leaf_ != p) {
            s.folded_ = true;
            if (auto r = evaluate(b, b.table()[p].b, s.norm_); !r) return r.error();
        }
        constexpr std::size_t numbers = 1u << 16; // of a part
        const std::size_t fit = numbers / s.rows_.row() / static_cast<std::size_t>(multiple);
        s.rows_per_part_ = multiple * static_cast<int>(fit > 1 ? fit : 1);
        return result<row_stream>(std::move(s));
    }

    /// The next rows, valid until the next call; after the last ones a part of 0 rows. Errors: those of evaluate.
    [[nodiscard]] result<dense_parameter> next() {
        const int left = b_->table()[leaf_].out - next_row_;
        rows_.out = left < rows_per_part_ ? left : rows_per_part_;
        if (rows_.out == 0) return dense_parameter{};
        const auto first = static_cast<std::size_t>(next_row_);
        const bound_tensors& from = b_->tensors_of(leaf_);
        using stream_detail::read_part;
        if (auto r = read_part(*b_, *from.weight, first * rows_.row(), rows_.rows() * rows_.row(), rows_.values); !r)
            return r.error();
        rows_.bias = {};
        if (from.bias != nullptr)
            if (auto r = read_part(*b_, *from.bias, first, rows_.rows(), rows_.bias); !r) return r.error();
        if (folded_ && !algebra::folded::fold(rows_, norm_, first)) return stream_detail::no_memory();
        dense_parameter part = rows_.view();
        part.first = next_row_;
        next_row_ += rows_.out;
        return part;
    }

private:
    row_stream(const binding& b, id leaf) : b_(&b), leaf_(leaf) {
        rows_.in = b.table()[leaf].in;
        rows_.kernel = b.table()[leaf].kernel;
    }
    static id convolution_of(const binding& b, id p) {
        const parameter& q = b.table()[p];
        return q.kind == parameter_kind::folded ? q.a : p;
    }

    const binding* b_;
    id leaf_;
    bool folded_ = false;
    int next_row_ = 0, rows_per_part_ = 1;
    owned_parameter norm_, rows_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
