// Binding by name: before anything is prepared, every parameter of the network is found in the file with the right
// shape and type, and nothing in the file is unknown.
#pragma once

#include "uml/core/quoted.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/parameters/parameter.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Where a leaf's numbers are; null for what its kind does not have.
struct bound_tensors {
    const tensor_entry *weight = nullptr, *bias = nullptr, *mean = nullptr, *variance = nullptr;
};

/// A network's parameters and the tensors of a file that they are. Points into both, which must outlive it. Move only.
class binding {
public:
    /// Finds everything. `ignored(name)` says which tensors may be there without being used. Errors:
    /// errc::missing_tensor, wrong_shape, unsupported (another type of numbers), unknown_tensor, out_of_memory.
    [[nodiscard]] static result<binding> bind(const parameter_table& table, const weights_file& file,
                                              bool (*ignored)(std::string_view));

    [[nodiscard]] const parameter_table& table() const { return table_; }
    [[nodiscard]] const weights_file& file() const { return *file_; }
    /// Of a leaf; all null for another one.
    [[nodiscard]] const bound_tensors& tensors_of(id p) const { return tensors_.data()[p]; }

private:
    binding(const parameter_table& table, const weights_file& file) : table_(table), file_(&file) {}

    parameter_table table_;
    const weights_file* file_;
    buffer<bound_tensors> tensors_; ///< by parameter
};

namespace binding_detail {

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

[[nodiscard, gnu::cold]] inline result<const tensor_entry*> find_tensor(const weights_file& file, std::string_view full,
                                                                        const expected& x) {
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
    return e;
}

/// The tensors of leaf `p`, each marked in `used`.
[[nodiscard, gnu::cold]] inline result<bound_tensors> find_leaf(const parameter_table& table, id p,
                                                                const weights_file& file, std::span<bool> used) {
    const parameter& q = table[p];
    const std::int64_t k = q.kernel;
    const bool norm = is_norm(q.kind), statistics = norm && q.kind != parameter_kind::layer_norm;
    const int weight_dimensions = norm ? 1 : q.kind == parameter_kind::linear ? 2 : 4;
    bound_tensors found;
    const struct {
        bool there;
        expected tensor;
        const tensor_entry** to;
    } slots[] = {{true, {".weight", weight_dimensions, {q.out, q.in, k, k}}, &found.weight},
                 {q.bias || norm, {".bias", 1, {q.out}}, &found.bias},
                 {statistics, {".running_mean", 1, {q.out}}, &found.mean},
                 {statistics, {".running_var", 1, {q.out}}, &found.variance}};
    for (const auto& slot : slots) {
        if (!slot.there) continue;
        path_text full = table.name_of(p);
        full << slot.tensor.slot;
        const auto e = find_tensor(file, full, slot.tensor);
        if (!e) return e.error();
        *slot.to = *e;
        used[static_cast<std::size_t>(*e - file.entries().data())] = true;
    }
    return found;
}

} // namespace binding_detail

[[gnu::cold]] inline result<binding> binding::bind(const parameter_table& table, const weights_file& file,
                                                   bool (*ignored)(std::string_view)) {
    binding b(table, file);
    buffer<bool> used;
    if (!used.resize(file.entries().size()) || !b.tensors_.resize(table.all.size()))
        return fail(errc::out_of_memory, "no memory to check the weights");
    for (std::size_t i = 0; i < table.all.size(); ++i) {
        if (!is_leaf(table.all[i].kind)) continue;
        const auto found = binding_detail::find_leaf(table, static_cast<id>(i), file, used.span());
        if (!found) return found.error();
        b.tensors_.data()[i] = *found;
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
        const std::string_view name = file.entries()[i].name;
        if (!used.span()[i] && !name.ends_with("num_batches_tracked") && !name.starts_with("uml.") && !ignored(name))
            return fail(errc::unknown_tensor, file.source(), ": tensor ", quoted(name).view(),
                        " is not part of this network");
    }
    return result<binding>(std::move(b));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
