// The self-check: a picture and some expected numbers in the weights file, so that a wrong build, kernel or file shows
// at once.
#pragma once

#include "uml/io/json_value.hpp"
#include "uml/io/safetensors.hpp"
#include "uml/model/model.hpp"

#include <cmath>

namespace uml::inline UML_VERSION_NAMESPACE {

namespace self_check_detail {

/// ||out - expected|| and ||expected||, summed number by number.
struct distance {
    double off = 0, size = 0;
    int count = 0;
    void add(double out, double expected) {
        ++count;
        off += (out - expected) * (out - expected);
        size += expected * expected;
    }
    [[nodiscard]] bool within(double limit) const { return std::sqrt(off) <= limit * std::sqrt(size); }
};

/// Compares numbers `values` with what `at(i)` gives for the i-th of `indices` (or for i itself).
template <class F>
[[nodiscard]] bool compare(const json::value& check, const char* values, const char* indices, F at, distance& d) {
    const auto expected = check.find(values);
    const auto where = indices ? check.find(indices) : std::nullopt;
    if (!expected || (indices && !where)) return false;
    auto expected_items = expected->items();
    auto e = expected_items.begin();
    if (!indices) {
        for (std::int64_t i = 0; e != expected_items.end(); ++e, ++i) {
            const auto number = (*e).number(), out = at(i);
            if (!number || !out) return false;
            d.add(*out, *number);
        }
        return d.count > 0;
    }
    for (const auto item : where->items()) {
        const auto index = item.integer();
        if (!index || !(e != expected_items.end())) return false;
        const auto number = (*e).number(), out = at(*index);
        if (!number || !out) return false;
        d.add(*out, *number);
        ++e;
    }
    return d.count > 0 && !(e != expected_items.end());
}

} // namespace self_check_detail

/// Runs the file's self-check, if it has one for a picture of the model's height, width and channels.
/// Errors: errc::self_check, malformed, out_of_memory.
template <class M> [[nodiscard]] result<void> run_self_check(const M& m, const weights_file& file) {
    using namespace self_check_detail;
    const auto stored = file.metadata("uml.selfcheck");
    const tensor_entry* input = file.find("uml.selfcheck.input");
    if (!stored || input == nullptr) return {};
    const auto refuse = [&](std::string_view rule) {
        return fail(errc::malformed, file.source(), ": self-check: ", rule);
    };
    if (input->type != dtype::u8 || input->dimensions != 3)
        return refuse("the input is not 8-bit height x width x channels");
    const auto h = input->shape()[0], w = input->shape()[1], c = input->shape()[2];
    const auto as_model = [](std::uint64_t n, int own) { return n == static_cast<std::uint64_t>(own); };
    if (!as_model(h, m.height()) || !as_model(w, m.width()) || !(c == 1 || as_model(c, m.channels()))) return {};
    const auto check = json::parse(*stored, file.source());
    if (!check) return check.error();
    buffer<std::byte> pixels;
    if (!pixels.resize(static_cast<std::size_t>(input->bytes)))
        return fail(errc::out_of_memory, "no memory for the self-check");
    if (auto r = file.read_bytes(*input, pixels.span()); !r) return r;
    auto workspace = m.make_workspace();
    if (!workspace) return workspace.error();
    const image_view picture(reinterpret_cast<const std::uint8_t*>(pixels.data()), static_cast<int>(h),
                             static_cast<int>(w), static_cast<int>(c));
    const auto f = m.run(picture, *workspace);
    if (!f) return f.error();
    // Indices count channels first, as the training side stores tensors.
    const auto in_map = [](const auto& map) {
        return [&map](std::int64_t i) -> std::optional<double> {
            if (i < 0 || i >= map.pixels() * map.c) return std::nullopt;
            return static_cast<double>(map.pixel(i % map.pixels())[i / map.pixels()]);
        };
    };
    const auto of_class = [&](std::int64_t k) -> std::optional<double> {
        if (k >= f->diagnosis.classes()) return std::nullopt;
        return static_cast<double>(f->diagnosis.alpha(static_cast<int>(k)));
    };
    distance alpha, logits, vacuity;
    if (!compare(*check, "cls_alpha", nullptr, of_class, alpha) ||
        !compare(*check, "logit_value", "logit_index", in_map(f->logits), logits) ||
        !compare(*check, "mutual_uncertainty_value", "mutual_uncertainty_index", in_map(f->vacuity), vacuity))
        return refuse("the expected numbers cannot be read");
    // The samples are few and a barely trained network's logits nearly equal: the limit of the normalised error, which
    // is ten times that of the relative one.
    const double limit = 10 * M::self_check_limit;
    const char* wrong = !alpha.within(limit)     ? "class alpha"
                        : !logits.within(limit)  ? "region logits"
                        : !vacuity.within(limit) ? "pixel vacuity"
                                                 : nullptr;
    if (wrong == nullptr) return {};
    return fail(errc::self_check, file.source(), ": self-check: ", wrong,
                " differ from the stored values by more than the precision allows");
}

} // namespace uml::inline UML_VERSION_NAMESPACE
