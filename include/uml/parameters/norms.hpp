// Which normalisations a weights file stores for use without eps, against what the network's description says.
#pragma once

#include "uml/io/json_value.hpp"
#include "uml/parameters/binding.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The metadata `uml.frozen_norms` is an array with the names of all normalisations that are used without eps
/// (norm_kind::frozen, as in the published networks); those with PyTorch's eps of 1e-5 are not in it. A file without
/// it says nothing. Errors: errc::wrong_network, naming the layer and both kinds; malformed.
[[nodiscard, gnu::cold]] inline result<void> check_norms(const parameter_table& table, const weights_file& file) {
    const auto stored = file.metadata("uml.frozen_norms");
    if (!stored) return {};
    const auto names = json::parse(*stored, file.source());
    if (!names) return names.error();
    constexpr int most = 4096;
    int count = 0;
    bool all_names = names->type() == json::kind::array;
    if (all_names)
        for (const auto name : names->items()) {
            all_names = all_names && name.type() == json::kind::string;
            if (++count > most) break;
        }
    if (!all_names || count > most)
        return fail(errc::malformed, file.source(), ": metadata uml.frozen_norms: is not an array of at most ", most,
                    " names");
    for (std::size_t i = 0; i < table.all.size(); ++i) {
        const parameter_kind kind = table.all[i].kind;
        if (kind != parameter_kind::frozen_norm && kind != parameter_kind::batch_norm) continue;
        const path_text own = table.name_of(static_cast<id>(i));
        bool without_eps = false;
        for (const auto name : names->items()) without_eps = without_eps || name.says(own);
        if (without_eps == (kind == parameter_kind::frozen_norm)) continue;
        return fail(errc::wrong_network, file.source(), ": normalisation ", quoted(own).view(),
                    without_eps ? " is stored for use without eps, the network adds one: describe it with "
                                  "norm_kind::frozen"
                                : " is stored for use with an eps of 1e-5, the network adds none: describe it with "
                                  "norm_kind::batch");
    }
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
