// The exact rewrites: all passes in their order, and the names by which people switch them. See docs/rewrites.md.
#pragma once

#include "uml/graph/passes/compose.hpp"
#include "uml/graph/passes/fold.hpp"
#include "uml/graph/passes/gate.hpp"
#include "uml/graph/passes/mixer.hpp"
#include "uml/graph/passes/prune.hpp"
#include "uml/graph/passes/resample.hpp"
#include "uml/graph/passes/stem.hpp"
#include "uml/graph/passes/tile.hpp"

#include <optional>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The passes in the order in which they run.
enum class rewrite : std::uint8_t {
    mixer,    ///< each mixer level as one matrix made per image
    gate,     ///< each navigator gate as one operation
    fold,     ///< normalisation, activation and residual sum into the convolution before them
    grey,     ///< `tile` for the first convolutions of a grey picture
    tile,     ///< a convolution of repeated channels by the sum of its column blocks
    compose,  ///< consecutive 1×1 convolutions multiplied out where that is cheaper
    late,     ///< a 1×1 convolution whose result is only used at a lower resolution, after the downsampling
    upsample, ///< a 3×3 convolution after a ×2 upsample at the low resolution
    stem,     ///< convolutions that read the same picture as one
    prune     ///< what no output needs
};

/// Changes a network's tables without changing its numbers.
using pass = void (*)(graph&);

struct named_pass {
    std::string_view name;
    rewrite which;
    pass run;
};
/// By the index of their rewrite. All else that is known of the passes follows from this table.
inline constexpr named_pass all_passes[] = {
    {"mixer", rewrite::mixer, passes::mixer}, {"gate", rewrite::gate, passes::gate},
    {"fold", rewrite::fold, passes::fold},    {"grey", rewrite::grey, passes::grey},
    {"tile", rewrite::tile, passes::tile},    {"compose", rewrite::compose, passes::compose},
    {"late", rewrite::late, passes::late},    {"upsample", rewrite::upsample, passes::upsample},
    {"stem", rewrite::stem, passes::stem},    {"prune", rewrite::prune, passes::prune}};
inline constexpr int pass_count = static_cast<int>(std::size(all_passes));
static_assert(pass_count <= 32, "uml: a set of rewrites has a bit for each");
static_assert(
    [] {
        for (int i = 0; i < pass_count; ++i)
            if (static_cast<int>(all_passes[i].which) != i) return false;
        return true;
    }(),
    "uml: the table of passes has the order of the enumeration");

/// A set of rewrites.
struct rewrites {
    std::uint32_t bits = 0;

    constexpr rewrites() = default;
    constexpr rewrites(rewrite r) : bits(std::uint32_t{1} << static_cast<int>(r)) {}
    [[nodiscard]] constexpr bool has(rewrite r) const { return (bits & rewrites(r).bits) != 0; }
    friend constexpr rewrites operator|(rewrites a, rewrites b) {
        a.bits |= b.bits;
        return a;
    }
    [[nodiscard]] constexpr rewrites without(rewrite r) const {
        rewrites fewer = *this;
        fewer.bits &= ~rewrites(r).bits;
        return fewer;
    }
    friend constexpr bool operator==(const rewrites&, const rewrites&) = default;
};
[[nodiscard]] constexpr rewrites all_rewrites() {
    rewrites all;
    for (const named_pass& p : all_passes) all = all | p.which;
    return all;
}

/// Runs the passes that are on. A backend's own (`lower` of its engine) run after them.
constexpr void apply(graph& g, rewrites on) {
    for (const named_pass& p : all_passes)
        if (on.has(p.which)) p.run(g);
    g.region_count = 0;
}

/// "all", "none" or names separated by commas; nothing if a name is unknown.
[[nodiscard]] constexpr std::optional<rewrites> rewrites_from(std::string_view list) {
    if (list == "all") return all_rewrites();
    rewrites on;
    if (list == "none") return on;
    while (true) {
        const std::size_t comma = list.find(',');
        bool known = false;
        for (const named_pass& p : all_passes)
            if (p.name == list.substr(0, comma)) {
                on = on | p.which;
                known = true;
            }
        if (!known) return std::nullopt;
        if (comma == std::string_view::npos) return on;
        list.remove_prefix(comma + 1);
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
