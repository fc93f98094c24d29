// Any numbers as the configuration of any network, for any backend: a network that is planned without a fault, or a
// sentence; and any text as a list of rewrites.
#include "fuzz/input.hpp"
#include "support/stamped_plan.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/reference.hpp"
#include "uml/graph/faults.hpp"
#include "uml/networks/network.hpp"

#include <memory>

namespace {

using fuzz::require;

/// Mostly what could be right.
int number(fuzz::input& in, const uml::config_field& f) {
    switch (in.below(8)) {
    case 0: return in.byte() << 24 | in.byte() << 16 | in.byte() << 8 | in.byte();
    case 1: return f.least + in.between(-1, 1);
    case 2: return f.most + in.between(-1, 1);
    default: return f.extent ? 8 * in.between(1, 8) : f.least + in.below(f.most - f.least + 1);
    }
}

template <class B>
void plan(const B& target, std::string_view label, const uml::config& c, uml::rewrites on, bool taps) {
    const typename B::engine engine{target};
    const auto g = std::make_unique<uml::graph>();
    require(uml::describe_known(label, *g, c, on, taps ? uml::output_set::taps : uml::output_set::answer), "known");
    if (g->error.what == uml::fault::none) engine.lower(*g);
    if (g->error.what == uml::fault::none && std::int64_t{c.height} * c.width > 16 * 16) { // stamps take time
        const uml::plan_sizes sizes = uml::plan(engine, *g);
        require(g->error.what != uml::fault::none || (sizes.arena > 0 && sizes.live <= sizes.arena), "sizes");
    } else if (g->error.what == uml::fault::none) {
        require(uml_test::plan_faults(engine, *g) <= 0, "a tensor that is overwritten");
    }
    if (g->error.what == uml::fault::none) return;
    const auto where = uml::path(g->names, g->letters, g->error.where);
    const uml::error e = uml::explain(g->error, where.view());
    require(!e.what.empty() && e.what.view().find('%') == std::string_view::npos, "no sentence");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    constexpr std::string_view labels[] = {"edge", "edge", "edge", "release", "paper"};
    const std::string_view label = labels[in.below(5)];
    uml::config c;
    for (const uml::config_field& f : uml::config_fields)
        if (in.below(3) > 0) c.*f.member = number(in, f);
    c.grey = in.flag();
    if (label == "edge" && c.channel_divisor == 1) c.channel_divisor = 4; // small enough to try many
    const bool taps = in.flag();
    uml::rewrites on = uml::all_rewrites();
    if (in.flag()) on.bits = static_cast<std::uint32_t>(in.below(1 << uml::pass_count));
    const int threads = in.between(0, 33);
    if (in.flag())
        plan(uml::cpu{.threads = threads, .winograd = in.flag()}, label, c, on, taps);
    else
        plan(uml::reference64{}, label, c, {}, taps);
    const auto list = uml::rewrites_from(in.rest().substr(0, 200));
    require(!list || list->bits < std::uint32_t{1} << uml::pass_count, "rewrites");
    return 0;
}
