// All passes in their order, and the names by which people switch them.
#pragma once

#include "uml/graph/passes/compose.hpp"
#include "uml/graph/passes/fold.hpp"
#include "uml/graph/passes/prune.hpp"
#include "uml/graph/passes/resample.hpp"
#include "uml/graph/passes/stem.hpp"
#include "uml/graph/passes/tile.hpp"

#include <optional>

namespace uml::inline UML_VERSION_NAMESPACE {

/// Applies the rewrites that are on. `mixer` and `gate` have been applied already: these layers describe themselves in
/// the form asked for.
constexpr void apply(graph& g, rewrites on) {
    if (on.has(rewrite::fold)) passes::fold(g);
    if (on.has(rewrite::grey)) passes::tile(g, true);
    if (on.has(rewrite::tile)) passes::tile(g, false);
    if (on.has(rewrite::compose)) passes::compose(g);
    if (on.has(rewrite::late)) passes::late(g);
    if (on.has(rewrite::upsample)) passes::upsample(g);
    if (on.has(rewrite::stem)) passes::stem(g);
    if (on.has(rewrite::prune)) passes::prune(g);
}

struct named_rewrite {
    std::string_view name;
    rewrite bit;
};
inline constexpr named_rewrite rewrite_names[] = {
    {"fold", rewrite::fold}, {"compose", rewrite::compose}, {"tile", rewrite::tile},   {"grey", rewrite::grey},
    {"stem", rewrite::stem}, {"prune", rewrite::prune},     {"mixer", rewrite::mixer}, {"upsample", rewrite::upsample},
    {"late", rewrite::late}, {"gate", rewrite::gate}};

/// "all", "none" or names separated by commas; nothing if a name is unknown.
[[nodiscard]] constexpr std::optional<rewrites> rewrites_from(std::string_view list) {
    if (list == "all") return all_rewrites();
    rewrites on;
    if (list == "none") return on;
    while (true) {
        const std::size_t comma = list.find(',');
        bool known = false;
        for (const named_rewrite& r : rewrite_names)
            if (r.name == list.substr(0, comma)) {
                on = on | r.bit;
                known = true;
            }
        if (!known) return std::nullopt;
        if (comma == std::string_view::npos) return on;
        list.remove_prefix(comma + 1);
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE
