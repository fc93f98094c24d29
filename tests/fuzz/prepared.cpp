// Any bytes as prepared weights, and good ones with some bytes replaced, their digest made right or not: what is
// accepted runs, and says how sure it is, without reading past anything.
#include "fuzz/input.hpp"
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/model/prepare.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace {

using uml_test::tiny;
constexpr uml::cpu target{};

const uml::prepared_weights& good() {
    static const auto made = [] {
        auto d = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config);
        d.labelled("tiny", uml_test::tiny_config);
        d.metadata["uml.classes"] = R"(["a", "b", "c"])";
        d.metadata["uml.screening"] = R"({"image_vacuity": 0.5, "pixel_vacuity": 0.25})";
        d.metadata["uml.temperature"] = "2";
        d.metadata["uml.class_set"] = R"({"score": "raps", "coverage": 0.9, "thresholds": [0.5, 0.6, null],
                                          "penalty": 0.1, "free_ranks": 1})";
        d.metadata["uml.mask_set"] = R"({"threshold": 0.25, "miss": 0.1})";
        d.metadata["uml.familiarity"] = R"({"residual": 1, "threshold": 2})";
        d.tensors["uml.familiarity.mean"] = {{12}, std::vector<float>(12, 0.25F)};
        d.tensors["uml.familiarity.scale"] = {{12}, std::vector<float>(12, 0.125F)};
        d.tensors["uml.familiarity.variances"] = {{1}, {1}};
        d.tensors["uml.familiarity.directions"] = {{1, 12}, std::vector<float>(12, 0.28125F), uml::dtype::f16};
        const auto bytes = d.bytes();
        return uml::prepare<tiny, target>(*uml::weights_from(bytes));
    }();
    return *made;
}

void use(std::span<const std::byte> bytes) {
    const auto m = uml::use<tiny, target>(bytes);
    if (!m) return fuzz::require(!m.error().what.empty(), "no sentence");
    auto w = m->make_workspace();
    fuzz::require(w.has_value(), "no workspace");
    const auto pixels = uml_test::pixels(16, 24, 3);
    const auto f = m->run(uml::image_view(pixels.data(), 16, 24, 3), *w);
    for (int k = 0; k < 8; ++k)
        fuzz::require(m->class_name(k).size() <= 63 && m->region_name(k).size() <= 63, "a name");
    fuzz::require(m->card().temperature > 0 && uml::is_finite(m->card().temperature), "temperature");
    if (!f) return fuzz::require(f.error().code == uml::errc::not_finite, "another failure");
    fuzz::require(!f->familiarity || *f->familiarity >= 0, "a distance that is none");
    fuzz::require(f->accepted() == (f->verdict_text().starts_with("accepted")), "a verdict in other words");
    const int set = f->class_set_size();
    fuzz::require(set >= 1 && set <= 3, "as many classes as no set has");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    const int how = in.below(4);
    std::span<const std::byte> from = good().bytes();
    if (how == 0) {
        const auto rest = in.rest();
        from = {reinterpret_cast<const std::byte*>(rest.data()), rest.size()};
    }
    const int cut = how == 1 ? in.below(8192) : 0, more = how == 1 ? in.below(128) : 0;
    const std::size_t kept = from.size() - std::min(from.size(), static_cast<std::size_t>(cut));
    const std::size_t all = kept + static_cast<std::size_t>(more);
    auto memory = uml::memory_block::allocate(static_cast<std::int64_t>(all) + 64, "a copy");
    fuzz::require(memory.has_value(), "memory");
    std::byte* const first = memory->data();
    std::memset(first, 0, all);
    if (kept > 0) std::memcpy(first, from.data(), kept);
    // Mostly in what stands before the weights; whole numbers too, since bytes alone seldom make one that means
    // something.
    const std::size_t before = how == 0 ? 0 : std::min(all, std::size_t{4096});
    while (how != 0 && !in.empty() && before > 8) {
        const auto at = static_cast<std::size_t>(in.below(static_cast<int>(before - 8)));
        const int value = in.byte(), bytes = 1 << in.below(4);
        std::memset(first + at, in.flag() ? 0 : value, static_cast<std::size_t>(bytes));
        first[at] = static_cast<std::byte>(value);
    }
    using uml::prepared_detail::header;
    header h;
    if (how == 3 && all > sizeof h) { // by a person who knows the digest
        std::memcpy(&h, first, sizeof h);
        if (h.classes < 16 && h.regions < 16 && h.bytes_before_weights() <= all) {
            h.check = h.digest_of({first, all});
            std::memcpy(first, &h, sizeof h);
        }
    }
    // Of exactly these bytes, so that a sanitizer sees one read beyond them.
    use({first, all});
    return 0;
}
