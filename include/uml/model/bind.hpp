// Binding by name: before anything is prepared, every parameter of the network is found in the file with the right
// shape and type, and nothing in the file is unknown.
#pragma once

#include "uml/core/buffer.hpp"
#include "uml/core/quoted.hpp"
#include "uml/graph/program.hpp"
#include "uml/io/safetensors.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace bind_detail {

struct expected {
    const char* slot;
    int dimensions;
    std::int64_t sizes[4];
};

[[nodiscard]] constexpr bool is_weight_type(dtype t) { return t == dtype::f32 || t == dtype::f16 || t == dtype::bf16; }

template <class Sizes> [[nodiscard]] text<64> shape_text(const Sizes& sizes, std::size_t dimensions) {
    text<64> t;
    t << '[';
    for (std::size_t i = 0; i < dimensions; ++i) {
        if (i > 0) t << ", ";
        t << static_cast<std::uint64_t>(sizes[i]);
    }
    t << ']';
    return t;
}

[[nodiscard, gnu::cold]] inline result<void> check_tensor(const weights_file& file, std::string_view full,
                                                          const expected& x, std::span<bool> seen) {
    const tensor_entry* e = file.find(full);
    if (e == nullptr) return fail(errc::missing_tensor, file.source(), ": tensor ", quoted(full).view(), " is missing");
    bool same = e->dimensions == x.dimensions;
    for (int d = 0; same && d < x.dimensions; ++d)
        same = static_cast<std::int64_t>(e->shape()[static_cast<std::size_t>(d)]) == x.sizes[d];
    if (!same)
        return fail(errc::wrong_shape, file.source(), ": tensor ", quoted(full).view(), " has shape ",
                    shape_text(e->shape(), e->dimensions).view(), ", the network expects ",
                    shape_text(x.sizes, static_cast<std::size_t>(x.dimensions)).view());
    if (!is_weight_type(e->type))
        return fail(errc::unsupported, file.source(), ": tensor ", quoted(full).view(), " has dtype ", name_of(e->type),
                    ", weights are F32, F16 or BF16");
    seen[static_cast<std::size_t>(e - file.entries().data())] = true;
    return {};
}

[[nodiscard, gnu::cold]] inline result<void> check_parameter(const program_view& p, const weights_file& file,
                                                             const parameter& q, std::span<bool> seen) {
    const std::int64_t k = q.kernel;
    const bool norm = q.kind >= parameter_kind::batch_norm, statistics = norm && q.kind != parameter_kind::layer_norm;
    const int weight_dimensions = norm ? 1 : q.kind == parameter_kind::linear ? 2 : 4;
    const expected slots[] = {{".weight", weight_dimensions, {q.out, q.in, k, k}},
                              {q.bias || norm ? ".bias" : nullptr, 1, {q.out}},
                              {statistics ? ".running_mean" : nullptr, 1, {q.out}},
                              {statistics ? ".running_var" : nullptr, 1, {q.out}}};
    for (const expected& x : slots) {
        if (x.slot == nullptr) continue;
        path_text full = p.name_of(q.name);
        full << x.slot;
        if (auto r = check_tensor(file, full, x, seen); !r) return r;
    }
    return {};
}

} // namespace bind_detail

/// Checks the whole file against the network. `ignored(name)` says which tensors may be there without being used.
template <class F>
[[nodiscard, gnu::cold]] result<void> check_binding(const program_view& p, const weights_file& file, F ignored) {
    buffer<bool> seen;
    if (!seen.resize(file.entries().size())) return fail(errc::out_of_memory, "no memory to check the weights");
    for (const parameter& q : p.parameters)
        if (is_leaf(q.kind))
            if (auto r = bind_detail::check_parameter(p, file, q, seen.span()); !r) return r;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const std::string_view name = file.entries()[i].name;
        if (!seen.span()[i] && !name.ends_with("num_batches_tracked") && !name.starts_with("uml.") && !ignored(name))
            return fail(errc::unknown_tensor, file.source(), ": tensor ", quoted(name).view(),
                        " is not part of this network");
    }
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
