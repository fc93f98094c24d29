// Prepared weights: folded and packed for one network and backend on one machine, used in place on another. Neither a
// heap nor a file is needed to use them.
#pragma once

#include "uml/core/digest.hpp"
#include "uml/model/model.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace prepared_detail {

/// The rules of class and mask sets and of pictures, in numbers without gaps.
struct promises {
    double penalty = 0, coverage = 0, mask_threshold = 0, mask_miss = 0;
    std::int32_t score = 0, free_ranks = 0, levels = 0, filter = 0;
    double thresholds[trust::class_set_rule::most_classes] = {};
    float black = 0, white = 255;
    std::int32_t unknown_input = 0, reserved = 0;
    float residual = 1, distance = 0; ///< of familiarity
    double padding[7] = {};

    promises() = default;
    promises(const trust::class_set_rule& classes, const trust::mask_set_rule& mask, const input_rule& input,
             const familiarity_model& kind)
        : penalty(classes.penalty), coverage(classes.coverage), mask_threshold(mask.threshold), mask_miss(mask.miss),
          score(static_cast<std::int32_t>(classes.score)), free_ranks(classes.free_ranks),
          levels(static_cast<std::int32_t>(classes.levels)), filter(static_cast<std::int32_t>(input.filter)),
          black(input.levels[0]), white(input.levels[1]), unknown_input(input.unknown.empty() ? 0 : 1),
          residual(kind.residual), distance(kind.threshold) {
        std::copy(std::begin(classes.thresholds), std::end(classes.thresholds), thresholds);
    }
    [[nodiscard]] trust::class_set_rule class_set() const {
        trust::class_set_rule r{static_cast<trust::set_score>(score), penalty, free_ranks, coverage,
                                static_cast<std::size_t>(levels),     {}};
        std::copy(std::begin(thresholds), std::end(thresholds), r.thresholds);
        return r;
    }
    [[nodiscard]] input_rule input() const {
        input_rule r{static_cast<resampling>(filter), {black, white}, {}};
        if (unknown_input != 0) r.unknown << "a member";
        return r;
    }
    [[nodiscard]] trust::mask_set_rule mask_set() const { return {mask_threshold, mask_miss}; }
    /// Whether the rules are such as a file can have, for a network of that many classes.
    [[nodiscard]] bool possible(int all_classes) const {
        const auto from_to = [](auto x, double least, double most) {
            return is_finite(x) && static_cast<double>(x) >= least && static_cast<double>(x) <= most;
        };
        if (!from_to(penalty, 0, 1e6) || !from_to(coverage, 0, 1) || !from_to(mask_threshold, 0, 1) ||
            !from_to(mask_miss, 0, 1) || free_ranks < 0)
            return false;
        if (!from_to(black, -1e6, 1e6) || !from_to(white, -1e6, 1e6) || !(black < white) || filter < 0 ||
            filter > static_cast<std::int32_t>(resampling::lanczos))
            return false;
        if ((levels != 0 && levels != 1 && levels != all_classes) || levels < 0 ||
            levels > static_cast<std::int32_t>(trust::class_set_rule::most_classes) || score < 0 ||
            score > static_cast<std::int32_t>(trust::set_score::raps))
            return false;
        for (std::int32_t i = 0; i < levels; ++i)
            if (!from_to(thresholds[i], 0, trust::class_set_rule::everything)) return false;
        return true;
    }
};
static_assert(sizeof(promises) % 64 == 0);

/// What prepared weights begin with. Behind it stand the promises and the names of the network, the classes and the
/// regions, the statistics of familiarity (mean, scale, variances in f32, directions in f16), then the weights, all
/// from multiples of 64 bytes.
struct header {
    char magic[8] = {'u', 'm', 'l', 'p', 'r', 'e', 'p', '4'};
    std::uint64_t layout = 0; ///< layout_of the program
    std::int64_t weights = 0; ///< bytes of the weights
    double temperature = 1;
    std::uint32_t byte_order = 0x01020304;
    std::uint32_t classes = 0, regions = 0; ///< how many have names
    float image_vacuity = 0, pixel_vacuity = 0;
    std::uint16_t features = 0, directions = 0; ///< of the statistics of familiarity
    std::uint64_t check = 0;                    ///< digest of everything before the weights, with zeros here

    /// The digest that belongs into `check`; `all` begins with this header.
    [[nodiscard]] std::uint64_t digest_of(std::span<const std::byte> all) const {
        digest d;
        header plain = *this;
        plain.check = 0;
        const auto* own = reinterpret_cast<const unsigned char*>(&plain);
        for (std::size_t i = 0; i < sizeof plain; ++i) d.add_byte(own[i]);
        for (const std::byte b : all.subspan(sizeof plain, weights_at() - sizeof plain))
            d.add_byte(static_cast<unsigned char>(b));
        return d.value;
    }
    [[nodiscard]] constexpr std::size_t bytes_before_statistics() const {
        return sizeof(header) + sizeof(promises) + (std::size_t{1} + classes + regions) * sizeof(label);
    }
    [[nodiscard]] constexpr std::size_t numbers() const { return std::size_t{2} * features + directions; }
    /// In 64 bits: the header is read before anything is known of it.
    [[nodiscard]] constexpr std::uint64_t bytes_before_weights() const {
        const std::uint64_t bytes = numbers() * sizeof(float) + std::uint64_t{directions} * features * sizeof(f16);
        return bytes_before_statistics() + (bytes + 63) / 64 * 64;
    }
    /// The same, of a header whose bytes are there.
    [[nodiscard]] constexpr std::size_t weights_at() const {
        const std::uint64_t bytes = bytes_before_weights();
        return static_cast<std::size_t>(bytes);
    }
    /// Whether screening and temperature are such as a file can have.
    [[nodiscard]] constexpr bool possible() const {
        const auto share = [](float x) { return is_finite(x) && x >= 0 && x <= 1; };
        return is_finite(temperature) && model_card::possible_temperature(temperature) && share(image_vacuity) &&
               share(pixel_vacuity);
    }
};
static_assert(sizeof(header) == 64 && sizeof(label) == 64);

/// Stands for all that the numbers of prepared weights depend on but the weights file: version of the library, backend
/// (the name of its prepared form), operations, and the place of everything.
[[nodiscard, gnu::cold]] inline std::uint64_t layout_of(const program_view& p, std::string_view form) {
    digest d;
    d.add(UML_VERSION_STRING);
    d.add(form);
    for (const node& n : p.nodes) {
        for (const std::int64_t x :
             {static_cast<std::int64_t>(n.kind), static_cast<std::int64_t>(n.act), static_cast<std::int64_t>(n.inputs),
              static_cast<std::int64_t>(n.out.c), static_cast<std::int64_t>(n.out.h),
              static_cast<std::int64_t>(n.out.w), static_cast<std::int64_t>(n.win.kernel),
              static_cast<std::int64_t>(n.win.stride), static_cast<std::int64_t>(n.win.pad),
              static_cast<std::int64_t>(n.win.dilation), static_cast<std::int64_t>(n.groups),
              static_cast<std::int64_t>(n.arg), static_cast<std::int64_t>(std::bit_cast<std::int32_t>(n.value)),
              static_cast<std::int64_t>(n.weight), static_cast<std::int64_t>(n.weight2), n.packed})
            d.add(x);
        for (int i = 0; i < n.inputs; ++i) d.add(n.in[i]);
    }
    for (const parameter& q : p.parameters) {
        for (const int x :
             {static_cast<int>(q.kind), q.bias ? 1 : 0, static_cast<int>(q.a), static_cast<int>(q.b),
              static_cast<int>(q.kernel), static_cast<int>(q.count), static_cast<int>(q.out), static_cast<int>(q.in)})
            d.add(x);
        if (is_leaf(q.kind)) d.add(p.name_of(q.name));
    }
    d.add(p.sizes.packed);
    return d.value;
}

[[nodiscard, gnu::cold]] inline result<header> read_header(std::span<const std::byte> bytes, std::uint64_t layout,
                                                           std::int64_t weights) {
    header h;
    if (bytes.size() < sizeof h || std::memcmp(bytes.data(), h.magic, sizeof h.magic) != 0)
        return fail(errc::malformed, "prepared weights: these bytes are none");
    std::memcpy(&h, bytes.data(), sizeof h);
    if (h.byte_order != header{}.byte_order)
        return fail(errc::unsupported, "prepared weights: made for machines of the other byte order");
    if (h.layout != layout || h.weights != weights)
        return fail(
            errc::wrong_network,
            "prepared weights: made for another network, backend or version of this library than this program's");
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % memory_block::alignment != 0)
        return fail(errc::invalid_argument, "prepared weights: they do not begin at a multiple of 64 bytes");
    constexpr std::uint32_t most_names = 1u << 16;
    if (h.classes > most_names || h.regions > most_names ||
        bytes.size() != h.bytes_before_weights() + static_cast<std::uint64_t>(weights))
        return fail(errc::malformed,
                    {"prepared weights: ", std::uint64_t{bytes.size()}, " bytes are not what their header says"});
    if (h.check != h.digest_of(bytes))
        return fail(errc::malformed, "prepared weights: their header or the names behind it are damaged");
    return h;
}

/// The card of the network, without its configuration and statistics. `all_classes`, `all_regions`: of the network.
[[nodiscard, gnu::cold]] inline result<void> fill_card(std::span<const std::byte> prepared, const header& h,
                                                       int all_classes, int all_regions, model_card& card) {
    promises promised;
    std::memcpy(&promised, prepared.data() + sizeof(header), sizeof promised);
    const std::span names(reinterpret_cast<const label*>(prepared.data() + sizeof(header) + sizeof promised),
                          std::size_t{1} + h.classes + h.regions);
    for (const label& name : names)
        if (name.letters[label::capacity] != 0) return fail(errc::malformed, "prepared weights: a name has no end");
    const auto all_or_none = [](std::uint32_t names_there, int all) { // of what the network does not answer, any
        return names_there == 0 || all == 0 || names_there == static_cast<std::uint32_t>(all);
    };
    if (!all_or_none(h.classes, all_classes) || !all_or_none(h.regions, all_regions))
        return fail(errc::malformed, {"prepared weights: names of ", h.classes, " classes and ", h.regions,
                                      " regions, the network has ", all_classes, " and ", all_regions});
    if (!h.possible() || !promised.possible(all_classes))
        return fail(errc::malformed,
                    "prepared weights: a temperature, threshold, level or rule of sets that no weights can have");
    card.network << names[0].view();
    card.classes = label_list::borrow(names.subspan(1, h.classes));
    card.regions = label_list::borrow(names.subspan(std::size_t{1} + h.classes, h.regions));
    card.temperature = h.temperature;
    card.screening = {h.image_vacuity, h.pixel_vacuity};
    card.class_set = promised.class_set();
    card.mask_set = promised.mask_set();
    card.input = promised.input();
    card.familiarity.model.residual = promised.residual;
    card.familiarity.model.threshold = promised.distance;
    return {};
}

[[nodiscard, gnu::cold]] inline error other_features() {
    return fail(errc::wrong_network, "prepared weights: statistics of familiarity of other features");
}

/// The statistics of familiarity, for a network of `features` features. The card's other members are read.
[[nodiscard, gnu::cold]] inline result<void> read_statistics(std::span<const std::byte> prepared, const header& h,
                                                             int features, model_card& card) {
    if (h.features == 0) return {};
    const auto* const first = reinterpret_cast<const float*>(prepared.data() + h.bytes_before_statistics());
    const std::span all(first, h.numbers());
    const auto* const rows = reinterpret_cast<const f16*>(first + h.numbers());
    familiarity_model& kind = card.familiarity.model;
    kind.mean = all.first(h.features);
    kind.scale = all.subspan(h.features, h.features);
    kind.directions = {rows, std::size_t{h.directions} * h.features};
    kind.variances = all.last(h.directions);
    if (auto r = kind.check(); !r) return r;
    if (features != h.features) return other_features();
    card.screening.image_distance = kind.threshold;
    return {};
}

template <class B> struct usable {
    static_assert(!prepared_form<B>.empty(),
                  "uml: this backend has no prepared weights: specialise prepared_form for it");
};

} // namespace prepared_detail

/// A model on weights that `prepare` or the CMake function `uml_embed_weights` made for the same network, backend and
/// version of this library; `target` is the backend's value. The bytes are used in place and must outlive the model;
/// the weights in them are trusted. No heap. Errors: errc::malformed for other or damaged bytes, wrong_network for
/// another network, backend or version, unsupported for another byte order, invalid_argument where the bytes do not
/// begin at a multiple of 64.
template <class net, auto target = typename backend_unsaid<net>::type{}>
requires net::is_static [[nodiscard]] result<model<net, std::remove_cv_t<decltype(target)>>>
use(std::span<const std::byte> prepared) {
    using namespace prepared_detail;
    using B = std::remove_cv_t<decltype(target)>;
    using program = static_program<typename net::description, net::configuration, target>;
    static_assert(sizeof(usable<B>) > 0);
    constexpr program_view p = program::view();
    constexpr answer_nodes answer = answer_nodes::of(p);
    const auto h = read_header(prepared, layout_of(p, prepared_form<B>), p.sizes.packed);
    if (!h) return h.error();
    model_parts<B> parts{.where = {target},
                         .program = dynamic_program::of(p),
                         .code = B::engine::template code_of<program>(),
                         .weights = {},
                         .card = {},
                         .answer = answer};
    const auto channels = [&](id n) { return n == no_id ? 0 : p.nodes[static_cast<std::size_t>(n)].out.c; };
    if (auto r = fill_card(prepared, *h, channels(answer.class_alpha), channels(answer.logits), parts.card); !r)
        return r.error();
    if constexpr (std::is_same_v<std::remove_cv_t<decltype(net::configuration)>, config>)
        parts.card.configuration = net::configuration;
    if constexpr (answer.features != no_id) {
        if (auto r = read_statistics(prepared, *h, channels(answer.features), parts.card); !r) return r.error();
        parts.familiarity = model_detail::familiarity<typename B::engine::scalar>;
    } else if (h->features > 0) {
        return other_features();
    }
    // Only pack() writes to a backend's weights, and it is not called.
    const auto numbers = prepared.subspan(h->weights_at());
    auto weights = parts.where.make_weights(p, {const_cast<std::byte*>(numbers.data()), numbers.size()});
    if (!weights) return weights.error();
    parts.weights = *std::move(weights);
    return result<model<net, B>>(std::in_place, std::move(parts));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
