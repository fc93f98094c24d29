// Makes prepared weights: the other half of prepared.hpp, for a machine with a heap.
#pragma once

#include "uml/model/load.hpp"
#include "uml/model/prepared.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Owns the bytes that `use` takes. Move only.
struct prepared_weights {
    memory_block memory;
    std::size_t size = 0;
    [[nodiscard]] std::span<const std::byte> bytes() const { return {memory.data(), size}; }
};

/// Folds and packs a file's weights for the backend `target`, and runs its self-check. The same file gives the same
/// bytes. Errors: those of load.
template <class net, auto target = typename backend_unsaid<net>::type{}>
requires net::is_static [[nodiscard, gnu::cold]] result<prepared_weights> prepare(const weights_file& file) {
    using namespace prepared_detail;
    using B = std::remove_cv_t<decltype(target)>;
    static_assert(sizeof(usable<B>) > 0);
    const arithmetic_mode mode(denormals::kept);
    auto card = read_card(file);
    if (!card) return card.error();
    if constexpr (std::is_same_v<std::remove_cv_t<decltype(net::configuration)>, config>)
        adapt_to_size(file, *card, net::configuration);
    header h;
    h.weights = uml::prepared_bytes<net, target>;
    h.temperature = card->temperature;
    h.classes = static_cast<std::uint32_t>(card->classes.size());
    h.regions = static_cast<std::uint32_t>(card->regions.size());
    h.image_vacuity = card->screening.image_vacuity;
    h.pixel_vacuity = card->screening.pixel_vacuity;
    const familiarity_model& m = card->familiarity.model;
    if (m.dimensions() > UINT16_MAX) return fail(errc::unsupported, "prepare: statistics of more than 65535 features");
    h.features = static_cast<std::uint16_t>(m.dimensions());
    h.directions = static_cast<std::uint16_t>(m.variances.size());
    h.layout =
        layout_of(static_program<typename net::description, net::configuration, target>::view(), prepared_form<B>);

    const std::size_t before = h.weights_at(), total = before + static_cast<std::size_t>(h.weights);
    auto memory = memory_block::allocate(static_cast<std::int64_t>(total), "prepared weights");
    if (!memory) return memory.error();
    std::byte* const first = memory->data();
    std::memset(first, 0, total);
    std::memcpy(first, &h, sizeof h);
    const promises promised(card->class_set, card->mask_set, card->input, m);
    std::memcpy(first + sizeof h, &promised, sizeof promised);
    auto* name = reinterpret_cast<label*>(first + sizeof h + sizeof promised);
    *name++ = label(card->network);
    for (const label& l : card->classes.span()) *name++ = l;
    for (const label& l : card->regions.span()) *name++ = l;
    std::byte* at = first + h.bytes_before_statistics();
    const auto put = [&](auto numbers) {
        if (!numbers.empty()) std::memcpy(at, numbers.data(), numbers.size_bytes());
        at += numbers.size_bytes();
    };
    put(m.mean), put(m.scale), put(m.variances), put(m.directions);
    h.check = h.digest_of({first, before});
    std::memcpy(first, &h, sizeof h);
    load_options o;
    o.memory = {first + before, static_cast<std::size_t>(h.weights)};
    if (const auto packed = load<net>(file, target, o); !packed) return packed.error();
    return prepared_weights{*std::move(memory), total};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
