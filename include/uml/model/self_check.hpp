// The self-check: a picture and some expected numbers in the weights file, so that a wrong build, kernel or file shows
// at once.
#pragma once

#include "uml/io/metadata.hpp"
#include "uml/model/model.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace self_check_detail {

/// ||out - expected|| and ||expected||, summed number by number.
struct distance {
    double least, most; ///< what an expected number may be: infinity is as near to infinity as to anything
    double off = 0, size = 0;
    int count = 0;
    bool plausible = true;
    void add(double out, double expected) {
        ++count;
        plausible = plausible && expected >= least && expected <= most;
        off += (out - expected) * (out - expected);
        size += expected * expected;
    }
    [[nodiscard]] bool within(double limit) const { return std::sqrt(off) <= limit * std::sqrt(size); }
};

/// Outputs as a list of numbers: a function, so that the code that compares them is compiled once for all models.
struct numbers {
    const void* from;
    std::int64_t count;
    double (*at)(const void* from, std::int64_t i);
};

/// Compares the numbers `values` of the file with those at the places `indices`, or with all of them in order. False if
/// what the file says cannot be read, or is not of all of them.
[[nodiscard, gnu::cold]] inline bool compare(const json::value& check, const char* values, const char* indices,
                                             const numbers& out, distance& d) {
    const auto expected = check.find(values);
    const auto where = indices ? check.find(indices) : std::nullopt;
    if (!expected || (indices && !where)) return false;
    auto expected_items = expected->items();
    auto e = expected_items.begin();
    const auto add = [&](std::optional<std::int64_t> i) {
        if (!i || *i < 0 || *i >= out.count || !(e != expected_items.end())) return false;
        const auto number = (*e).number();
        if (!number) return false;
        d.add(out.at(out.from, *i), *number);
        ++e;
        return true;
    };
    if (indices) {
        for (const auto item : where->items())
            if (!add(item.integer())) return false;
    } else {
        for (std::int64_t i = 0; e != expected_items.end(); ++i)
            if (!add(i)) return false;
    }
    return d.count > 0 && !(e != expected_items.end()) && (indices || d.count == out.count);
}

/// What the file stores: a picture and expected numbers.
struct stored_check {
    buffer<std::byte> pixels{};
    image_view picture{};
    std::optional<json::value> expected{}; ///< empty: nothing is stored for a picture of this shape
};

/// `own`: the shape of the model's input. Errors: errc::malformed, out_of_memory.
[[nodiscard, gnu::cold]] inline result<stored_check> read_check(const weights_file& file, const shape& own) {
    stored_check s;
    const tensor_entry* input = file.find("uml.selfcheck.input");
    if (!file.metadata("uml.selfcheck") || input == nullptr) return result<stored_check>(std::move(s));
    if (input->type != dtype::u8 || input->dimensions != 3)
        return fail(errc::malformed, {file.source(), ": self-check: the input is not 8-bit height x width x channels"});
    const auto h = input->shape()[0], w = input->shape()[1], c = input->shape()[2];
    const auto is = [](std::uint64_t n, int wanted) { return n == static_cast<std::uint64_t>(wanted); };
    if (!is(h, own.h) || !is(w, own.w) || !(c == 1 || is(c, own.c))) return result<stored_check>(std::move(s));
    auto expected = metadata_json(file, "uml.selfcheck");
    if (!expected) return expected.error();
    if (!s.pixels.resize(static_cast<std::size_t>(input->bytes)))
        return fail(errc::out_of_memory, "no memory for the self-check");
    if (auto r = file.read_bytes(*input, s.pixels.bytes()); !r) return r.error();
    s.picture = image_view(reinterpret_cast<const std::uint8_t*>(s.pixels.data()), own.h, own.w, static_cast<int>(c));
    s.expected = *expected;
    return result<stored_check>(std::move(s));
}

/// The limit for this file: training says what single precision loses on it, since logits of a barely trained network
/// may be small differences of large numbers. Nothing if what it says is no share of 1.
[[nodiscard, gnu::cold]] inline std::optional<double> limit_for(const json::value& check, double limit) {
    constexpr double other_order = 4; // sums taken in another order lose more or less than training's
    const auto said = check.find("float32_error");
    if (!said) return limit;
    const auto error = said->number();
    if (!error || !(*error >= 0 && *error < 1)) return std::nullopt;
    constexpr double most = 1e-2; // a file cannot switch its check off
    return std::max(limit, std::min(most, other_order * *error));
}

/// Errors: errc::self_check, malformed.
[[nodiscard, gnu::cold]] inline result<void> compare_all(const weights_file& file, const json::value& expected,
                                                         const numbers& class_alpha, const numbers& region_logits,
                                                         const numbers& pixel_vacuity, double limit) {
    constexpr auto largest = static_cast<double>(std::numeric_limits<float>::max());
    distance alpha{.least = 0, .most = largest}, logits{.least = -largest, .most = largest},
        vacuity{.least = 0, .most = 1.001};
    const auto own_limit = limit_for(expected, limit);
    const char* unread =
        !own_limit                                                                ? "float32_error"
        : !compare(expected, "cls_alpha", nullptr, class_alpha, alpha)            ? "cls_alpha"
        : !compare(expected, "logit_value", "logit_index", region_logits, logits) ? "logit_index and logit_value"
        : !compare(expected, "mutual_uncertainty_value", "mutual_uncertainty_index", pixel_vacuity, vacuity)
            ? "mutual_uncertainty_index and mutual_uncertainty_value"
            : nullptr;
    if (unread != nullptr)
        return fail(errc::malformed, {file.source(), ": self-check: the expected numbers cannot be read: ", unread});
    if (!alpha.plausible || !logits.plausible || !vacuity.plausible)
        return fail(errc::malformed,
                    {file.source(),
                     ": self-check: the expected numbers cannot be a network's: alpha are not below 0, vacuity is not "
                     "above 1, and none is beyond single precision"});
    const char* wrong = !alpha.within(*own_limit)     ? "class alpha"
                        : !logits.within(*own_limit)  ? "region logits"
                        : !vacuity.within(*own_limit) ? "pixel vacuity"
                                                      : nullptr;
    if (wrong == nullptr) return {};
    return fail(errc::self_check, {file.source(), ": self-check: ", wrong,
                                   " differ from the stored values by more than the precision allows"});
}

} // namespace self_check_detail

/// Runs the file's self-check, if it has one for a picture of the model's height, width and channels.
/// Errors: errc::self_check, not_finite, malformed, out_of_memory, invalid_argument for more threads than the backend
/// takes.
template <class M>
[[nodiscard, gnu::cold]] result<void> run_self_check(const M& m, const weights_file& file, executor threads = {}) {
    using namespace self_check_detail;
    const auto stored = read_check(file, m.program().nodes.front().out);
    if (!stored) return stored.error();
    if (!stored->expected) return {};
    auto workspace = m.make_workspace(threads);
    if (!workspace) return workspace.error();
    const auto f = m.run(stored->picture, *workspace);
    if (!f) return fail(f.error().code, {file.source(), ": self-check: ", f.error().what.view()});
    // Indices count channels first, as the training side stores tensors.
    using map = std::remove_cvref_t<decltype(f->logits)>;
    const auto of_map = [](const map& values) {
        return numbers{&values, values.pixels() * values.c, [](const void* from, std::int64_t i) {
                           const auto& v = *static_cast<const map*>(from);
                           return static_cast<double>(v.pixel(i % v.pixels())[i / v.pixels()]);
                       }};
    };
    using opinion = std::remove_cvref_t<decltype(f->diagnosis)>;
    const numbers classes{&f->diagnosis, f->diagnosis.classes(), [](const void* from, std::int64_t k) {
                              return static_cast<double>(static_cast<const opinion*>(from)->alpha(static_cast<int>(k)));
                          }};
    if (const auto& kind = m.card().familiarity; kind.self_check && f->familiarity) {
        const double distance = *f->familiarity * static_cast<double>(m.screening().image_distance);
        // Directions of small variance magnify what rounding does to the features.
        const double limit = std::max(1e-3, 1000 * m.relative_limit()) * (1 + *kind.self_check);
        if (!(std::fabs(distance - *kind.self_check) <= limit))
            return fail(errc::self_check,
                        {file.source(),
                         ": self-check: the distance of familiarity differs from the stored one by more than the "
                         "precision allows"});
    }
    // The samples are few and a barely trained network's logits nearly equal: the limit of the normalised error, which
    // is ten times that of the relative one.
    return compare_all(file, *stored->expected, classes, of_map(f->logits), of_map(f->vacuity),
                       10 * m.relative_limit());
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
