// Binding by name: before anything is prepared, every parameter of the network is found in the file with the right
// shape and type, and nothing in the file is unknown.
#pragma once

#include "uml/core/nearest.hpp"
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
    if (e == nullptr)
        return fail(errc::missing_tensor, {file.source(), ": tensor ", quoted(full).view(), " is missing"});
    bool same = e->dimensions == x.dimensions;
    for (int d = 0; same && d < x.dimensions; ++d)
        same = static_cast<std::int64_t>(e->shape()[static_cast<std::size_t>(d)]) == x.sizes[d];
    if (!same)
        return fail(errc::wrong_shape, {file.source(), ": tensor ", quoted(full).view(), " has shape ",
                                        shape_text(e->shape(), e->dimensions).view(), ", the network expects ",
                                        shape_text(x.sizes, static_cast<std::size_t>(x.dimensions)).view()});
    if (!is_weight_type(e->type))
        return fail(errc::unsupported, {file.source(), ": tensor ", quoted(full).view(), " has dtype ",
                                        name_of(e->type), ", weights are F32, F16 or BF16"});
    return e;
}

/// The tensors that a parameter from the file has, and which of them are there.
struct leaf_slots {
    expected tensors[4];
    bool there[4];

    explicit leaf_slots(const parameter& q) {
        const std::int64_t k = q.kernel;
        const bool norm = is_norm(q.kind), statistics = norm && q.kind != parameter_kind::layer_norm;
        const int dimensions = norm ? 1 : q.kind == parameter_kind::linear ? 2 : 4;
        tensors[0] = {".weight", dimensions, {q.out, q.in, k, k}}, there[0] = true;
        tensors[1] = {".bias", 1, {q.out}}, there[1] = q.bias || norm;
        tensors[2] = {".running_mean", 1, {q.out}}, there[2] = statistics;
        tensors[3] = {".running_var", 1, {q.out}}, there[3] = statistics;
    }
};
[[nodiscard]] inline path_text name_of(const parameter_table& table, id p, const expected& tensor) {
    path_text full = table.name_of(p);
    full << tensor.slot;
    return full;
}

/// Whether training leaves tensors of that name in files for whatever network.
[[nodiscard]] inline bool of_any_network(std::string_view name) {
    return name.ends_with("num_batches_tracked") || name.starts_with("uml.");
}

/// Adds to the error of a missing tensor the file's tensor of the most similar name that the network does not have, if
/// at most a third of the letters differ: it may be misspelt. Fills `used`.
[[gnu::cold]] inline void name_nearest(error& e, std::string_view missing, const parameter_table& table,
                                       const weights_file& file, buffer<bool>& used,
                                       bool (*ignored)(std::string_view)) {
    for (std::size_t i = 0; i < table.all.size(); ++i) {
        if (!is_leaf(table.all[i].kind)) continue;
        const leaf_slots slots(table.all[i]);
        for (int k = 0; k < 4; ++k)
            if (const auto* t = file.find(name_of(table, static_cast<id>(i), slots.tensors[k])); slots.there[k] && t)
                used[static_cast<std::size_t>(t - file.entries().data())] = true;
    }
    std::size_t least = missing.size() / 3 + 1;
    std::string_view nearest;
    int candidates = 4096; // a file of nothing but wrong names shall not keep anybody waiting
    for (std::size_t i = 0; i < used.size() && candidates > 0; ++i) {
        const std::string_view name = file.entries()[i].name;
        if (used[i] || of_any_network(name) || ignored(name)) continue;
        --candidates;
        if (const std::size_t distance = edit_distance(missing, name); distance < least)
            least = distance, nearest = name;
    }
    if (!nearest.empty()) e.what << "; is it " << quoted(nearest).view() << ", which the network does not have?";
}

/// The tensors of leaf `p`, each marked in `used`.
[[nodiscard, gnu::cold]] inline result<bound_tensors> find_leaf(const parameter_table& table, id p,
                                                                const weights_file& file, buffer<bool>& used,
                                                                bool (*ignored)(std::string_view)) {
    const leaf_slots slots(table[p]);
    bound_tensors found;
    const tensor_entry** const to[4] = {&found.weight, &found.bias, &found.mean, &found.variance};
    for (int k = 0; k < 4; ++k) {
        if (!slots.there[k]) continue;
        const path_text full = name_of(table, p, slots.tensors[k]);
        const auto e = find_tensor(file, full, slots.tensors[k]);
        if (!e) {
            error missing = e.error();
            if (missing.code == errc::missing_tensor) name_nearest(missing, full, table, file, used, ignored);
            return missing;
        }
        *to[k] = *e;
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
        const auto found = binding_detail::find_leaf(table, static_cast<id>(i), file, used, ignored);
        if (!found) return found.error();
        b.tensors_.data()[i] = *found;
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
        const std::string_view name = file.entries()[i].name;
        if (!used[i] && !binding_detail::of_any_network(name) && !ignored(name))
            return fail(errc::unknown_tensor,
                        {file.source(), ": tensor ", quoted(name).view(), " is not part of this network"});
    }
    return result<binding>(std::move(b));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
