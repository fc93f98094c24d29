// A parameter's numbers.
#pragma once

#include "uml/core/buffer.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A parameter's numbers as a backend gets them, row-major; valid only while it is packed.
struct dense_parameter {
    const double* values = nullptr; ///< [out][in][kernel][kernel]; normalisations: the scale of every channel
    const double* bias = nullptr;   ///< [out] or null; normalisations: the shift
    int out = 0, in = 0, kernel = 1;
    int first = 0; ///< the row with which they begin, where a parameter comes in parts
};

/// The same on the heap.
struct owned_parameter {
    buffer<double> values, bias; ///< bias empty if there is none
    int out = 0, in = 0, kernel = 1;

    [[nodiscard]] dense_parameter view() const {
        return {values.data(), bias.size() > 0 ? bias.data() : nullptr, out, in, kernel};
    }
    [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(out); }
    /// Numbers of one row.
    [[nodiscard]] std::size_t row() const {
        return static_cast<std::size_t>(in > 0 ? in : 1) * static_cast<std::size_t>(kernel * kernel);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
