// Any text as the metadata of a weights file: configuration, names, thresholds, rules of sets, self-check. A file that
// is accepted has a card in range, and a network that the planner made for it within the budget.
#include "fuzz/input.hpp"
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/networks/network.hpp"

#include <cmath>
#include <map>

namespace {

using fuzz::require;

constexpr const char* keys[] = {"uml.config",      "uml.classes",   "uml.regions",  "uml.screening",
                                "uml.temperature", "uml.class_set", "uml.mask_set", "uml.network",
                                "uml.selfcheck",   "uml.format",    "uml.input",    "uml.familiarity"};

template <class M> void look_at(const M& m) {
    const uml::model_card& card = m.card();
    require(card.temperature > 0 && uml::is_finite(card.temperature), "temperature", card.temperature);
    require(card.classes.size() == 0 || card.classes.size() == static_cast<std::size_t>(m.classes()), "class names");
    require(card.regions.size() == 0 || card.regions.size() == static_cast<std::size_t>(m.regions()), "region names");
    for (const float vacuity : {card.screening.image_vacuity, card.screening.pixel_vacuity})
        require(vacuity >= 0 && vacuity <= 1, "screening", static_cast<double>(vacuity));
    require(card.class_set.levels <= card.class_set.most_classes, "levels");
    require(m.height() >= 8 && m.width() >= 8 && m.arena_bytes() > 0, "sizes");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    static const auto tiny = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config);
    uml_test::draft d = tiny;
    d.labelled("tiny", uml_test::tiny_config);
    if (in.flag()) d.bytes_of["uml.selfcheck.input"] = {{16, 24, 3}, std::vector<std::uint8_t>(16 * 24 * 3, 100)};
    const bool known = in.below(4) == 0; // a network of the library's, of which the file has no tensors
    while (!in.empty()) {
        const char* key = keys[in.below(static_cast<int>(std::size(keys)))];
        d.metadata[key] = in.text();
    }
    const auto bytes = d.bytes();
    const auto file = uml::weights_from(bytes);
    if (!file) return require(!file.error().what.empty(), "no sentence"), 0;
    uml::load_options options;
    options.max_arena_bytes = 1 << 24;
    if (known) {
        const auto m = uml::load<uml::network<uml::dynamic>>(*file, uml::reference{}, options);
        require(!m && !m.error().what.empty(), "a network without tensors");
        return 0;
    }
    const auto m = uml::load<uml::network<uml_test::tiny_network>>(*file, uml::reference{}, options);
    if (m)
        look_at(*m);
    else
        require(!m.error().what.empty(), "no sentence");
    return 0;
}
