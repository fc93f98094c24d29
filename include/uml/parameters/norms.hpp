// Which normalisations a weights file stores for use without eps, against what the network's description says.
#pragma once

#include "uml/core/heap_sort.hpp"
#include "uml/io/metadata.hpp"
#include "uml/parameters/binding.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The metadata `uml.frozen_norms` is an array with the names of all normalisations that are used without eps
/// (norm_kind::frozen, as in the published networks); those with PyTorch's eps of 1e-5 are not in it. A file without
/// it says nothing. Errors: errc::wrong_network, naming the layer and both kinds; malformed.
[[nodiscard, gnu::cold]] inline result<void> check_norms(const parameter_table& table, const weights_file& file) {
    constexpr const char* entry = "uml.frozen_norms";
    const auto stored = metadata_json(file, entry);
    if (!stored) return stored.error();
    const auto& names = *stored;
    if (!names) return {};
    constexpr int most = 4096;
    constexpr std::size_t letters = 127;
    using norm_name = text<letters>;
    // Sorted, for one look at each name: a list of many and long ones may fill the header.
    buffer<norm_name> frozen;
    int count = 0;
    bool all_names = names->type() == json::kind::array;
    if (all_names)
        for (const auto name : names->items()) {
            all_names = all_names && name.type() == json::kind::string && ++count <= most;
            if (!all_names) break;
            const auto own = name.string<letters>(); // nothing: longer than any of a network
            if (own && !frozen.append(*own)) return fail(errc::out_of_memory, "no memory to check the weights");
        }
    if (!all_names) return metadata_fault(file, entry, {"is not an array of at most ", most, " names"});
    heap_sort(frozen.data(), frozen.size(), [](const norm_name& a, const norm_name& b) { return a.view() < b.view(); });
    const auto listed = [&all = std::as_const(frozen)](std::string_view own) {
        std::size_t first = 0, end = all.size();
        while (first < end) {
            const std::size_t middle = first + (end - first) / 2;
            if (all[middle].view() < own)
                first = middle + 1;
            else
                end = middle;
        }
        return first < all.size() && all[first].view() == own;
    };
    for (std::size_t i = 0; i < table.all.size(); ++i) {
        const parameter_kind kind = table.all[i].kind;
        if (kind != parameter_kind::frozen_norm && kind != parameter_kind::batch_norm) continue;
        const path_text own = table.name_of(static_cast<id>(i));
        const bool without_eps = listed(own);
        if (without_eps == (kind == parameter_kind::frozen_norm)) continue;
        return fail(errc::wrong_network,
                    {file.source(), ": normalisation ", quoted(own).view(),
                     without_eps ? " is stored for use without eps, the network adds one: describe it with "
                                   "norm_kind::frozen"
                                 : " is stored for use with an eps of 1e-5, the network adds none: describe it with "
                                   "norm_kind::batch"});
    }
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
