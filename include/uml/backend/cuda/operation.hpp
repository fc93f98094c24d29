// What the CUDA backend knows of an operation, and the element types of tensors.
#pragma once

#include "uml/backend/cuda/arguments.hpp"
#include "uml/backend/cuda/lowered.hpp"
#include "uml/core/precision.hpp"
#include "uml/graph/site.hpp"
#include "uml/parameters/dense.hpp"

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

struct packer;
class launch_writer;

/// An operation's entry in the backend's table (ops/table.hpp). What it leaves out, it has none of.
struct operation {
    /// How its tensor lies, of elements of that type: channels last, as on the host.
    tensor_form (*form)(const site&, dtype) = [](const site& at, dtype type) { return padded_form(at.n, type); };
    /// For each image.
    std::int64_t (*scratch_bytes)(const site&) = [](const site&) { return std::int64_t{0}; };
    std::int64_t (*packed_bytes)(const site&, precision asked) = [](const site&, precision) { return std::int64_t{0}; };
    /// Its parameters in the device's form, into zeros, packed_bytes() of them.
    void (*pack)(packer&, const site&, precision asked, const dense_parameter& a, const dense_parameter& b) =
        [](packer&, const site&, precision, const dense_parameter&, const dense_parameter&) {};
    void (*launch)(launch_writer&, const site&) = nullptr; ///< nullptr: the backend does not have the operation
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
