// One operation among the others, and the form of its tensor: what the memory plan and a backend say to each other.
#pragma once

#include "uml/core/element.hpp"
#include "uml/graph/node.hpp"
#include "uml/parameters/parameter.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// An operation with the tables that its inputs and parameters are entries of.
struct site {
    const node* nodes = nullptr;
    const parameter* parameters = nullptr;
    const node& n;

    [[nodiscard]] constexpr const node& in(int i) const { return nodes[n.in[i]]; }
};

/// How one image's tensor lies in the arena. Those of several images lie behind each other, pixels · step elements
/// apart.
struct tensor_form {
    dtype type = dtype::f32;
    std::int32_t step = 0;  ///< elements from a pixel to the next
    std::int64_t bytes = 0; ///< what it takes, with whatever may be read behind its end
};

/// Memory is planned in blocks of this many bytes, and begins at a multiple of them.
inline constexpr std::int64_t block_alignment = 64;

[[nodiscard]] constexpr std::int64_t block_bytes(std::int64_t bytes) {
    return (bytes + block_alignment - 1) / block_alignment * block_alignment;
}

/// Channels last; from 9 channels on the step is a multiple of 16 elements. A vector may be read past the end. The
/// matrix of a `scaled_product` is read in whole vectors whatever its width, and a row of zeros, its bias, is behind
/// it.
[[nodiscard]] constexpr tensor_form padded_form(const node& n, dtype type) {
    constexpr int vector = 16, dense = 8;
    const bool matrix = n.kind == op::scaled_product;
    tensor_form f;
    f.type = type;
    f.step = n.out.c <= dense && !matrix ? n.out.c : (n.out.c + vector - 1) / vector * vector;
    const auto size = static_cast<std::int64_t>(size_of(type));
    f.bytes = block_bytes((n.out.pixels() + (matrix ? 1 : 0)) * f.step * size) + block_bytes(vector * size);
    return f;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
