// Prepared weights: the same answer as the ordinary path, and a refusal of all that was made for something else.
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/model/prepare.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace {

using uml_test::tiny;

uml::weights_file labelled_file(const std::vector<std::byte>& bytes) { return *uml::weights_from(bytes); }

std::vector<std::byte> labelled_bytes() {
    auto d = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config);
    d.labelled("tiny", uml_test::tiny_config);
    d.metadata["uml.classes"] = R"(["a", "b", "c"])";
    d.metadata["uml.screening"] = R"({"image_vacuity": 0.5, "pixel_vacuity": 0.25})";
    d.metadata["uml.temperature"] = "2";
    d.metadata["uml.class_set"] = R"({"score": "raps", "coverage": 0.9, "thresholds": [0.5, 0.6, null], "penalty": 0.1,
                                      "free_ranks": 1})";
    d.metadata["uml.mask_set"] = R"({"threshold": 0.25, "miss": 0.1})";
    return d.bytes();
}

/// Bytes that begin at a multiple of 64.
struct aligned_bytes {
    explicit aligned_bytes(std::span<const std::byte> from)
        : memory(*uml::memory_block::allocate(static_cast<std::int64_t>(from.size()) + 64, "a copy")),
          size(from.size()) {
        std::memcpy(memory.data(), from.data(), size);
    }
    [[nodiscard]] std::span<std::byte> span() const { return {memory.data(), size}; }
    uml::memory_block memory;
    std::size_t size;
};

template <class net, auto target = uml::cpu{}> uml::errc refusal(std::span<const std::byte> bytes) {
    const auto m = uml::use<net, target>(bytes);
    return m ? uml::errc::none : m.error().code;
}

} // namespace

template <auto value> struct on { static constexpr auto target = value; };
TEST_CASE_TEMPLATE("a model on prepared weights answers as a loaded one, bit by bit", B, on<uml::reference{}>,
                   on<uml::reference64{}>, on<uml::cpu{}>, on<uml::cpu{.threads = 2, .winograd = false}>) {
    const auto bytes = labelled_bytes();
    const auto file = labelled_file(bytes);
    const auto loaded = uml::load<tiny>(file, B::target);
    const auto prepared = uml::prepare<tiny, B::target>(file);
    REQUIRE(loaded);
    REQUIRE(prepared);
    const auto used = uml::use<tiny, B::target>(prepared->bytes());
    REQUIRE(used);
    CHECK(used->class_name(1) == "b");
    CHECK(used->class_name(3).empty());
    CHECK(used->region_name(0).empty());
    CHECK(used->card().network == "tiny");
    CHECK(used->card().temperature == 2);
    CHECK(used->card().configuration == uml_test::tiny_config);
    CHECK(used->screening().image_vacuity == 0.5F);
    CHECK(used->screening().pixel_vacuity == 0.25F);
    const auto &set = used->card().class_set, &same = loaded->card().class_set;
    CHECK(set.score == uml::trust::set_score::raps);
    CHECK(set.coverage == 0.9);
    CHECK(set.penalty == 0.1);
    CHECK(set.free_ranks == 1);
    CHECK(set.levels == 3);
    CHECK(std::ranges::equal(set.thresholds, same.thresholds));
    CHECK(used->card().mask_set.threshold == 0.25);
    CHECK(used->card().mask_set.miss == 0.1);
    const auto pixels = uml_test::pixels(16, 24, 3);
    const uml::image_view picture(pixels.data(), 16, 24, 3);
    auto a = loaded->make_workspace(), b = used->make_workspace();
    const auto expected = loaded->run(picture, *a), answer = used->run(picture, *b);
    REQUIRE(expected);
    REQUIRE(answer);
    CHECK(uml_test::numbers_of(*expected) == uml_test::numbers_of(*answer));
    // The same file gives the same bytes.
    const auto again = uml::prepare<tiny, B::target>(file);
    REQUIRE(again);
    CHECK(std::memcmp(again->bytes().data(), prepared->bytes().data(), prepared->size) == 0);
}

TEST_CASE("prepared weights serve any number of threads") {
    const auto bytes = labelled_bytes();
    const auto prepared = uml::prepare<tiny>(labelled_file(bytes));
    REQUIRE(prepared);
    CHECK(refusal<tiny, uml::cpu{.threads = 4}>(prepared->bytes()) == uml::errc::none);
}

TEST_CASE("prepared weights of something else are refused") {
    const auto bytes = labelled_bytes();
    const auto prepared = uml::prepare<tiny>(labelled_file(bytes));
    REQUIRE(prepared);
    const auto good = prepared->bytes();
    constexpr uml::config larger{.height = 24, .width = 24, .regions = 2, .classes = 3};
    CHECK(refusal<uml::network<uml_test::tiny_network, larger>>(good) == uml::errc::wrong_network);
    CHECK(refusal<tiny, uml::reference{}>(good) == uml::errc::wrong_network);
    CHECK(refusal<tiny>({}) == uml::errc::malformed);
    CHECK(refusal<tiny>(bytes) == uml::errc::malformed); // the weights file itself
    CHECK(refusal<tiny>(good.first(good.size() - 1)) == uml::errc::malformed);

    const aligned_bytes copy(good);
    CHECK(refusal<tiny>(copy.span()) == uml::errc::none);
    const auto with_byte = [&](std::size_t at, unsigned char value) {
        const auto old = copy.span()[at];
        copy.span()[at] = std::byte{value};
        const uml::errc e = refusal<tiny>(copy.span());
        copy.span()[at] = old;
        return e;
    };
    using header = uml::prepared_detail::header;
    CHECK(with_byte(0, 'U') == uml::errc::malformed);
    CHECK(with_byte(offsetof(header, byte_order), 1) == uml::errc::unsupported);
    CHECK(with_byte(offsetof(header, layout), 0) == uml::errc::wrong_network);
    CHECK(with_byte(offsetof(header, classes), 4) == uml::errc::malformed);
    CHECK(with_byte(offsetof(header, classes) + 3, 255) == uml::errc::malformed);
    using uml::prepared_detail::promises;
    for (const std::size_t at : {offsetof(header, temperature) + 6, offsetof(header, image_vacuity) + 3,
                                 offsetof(header, check), sizeof(header) + offsetof(promises, coverage) + 7,
                                 sizeof(header) + sizeof(promises) + 2, sizeof(header) + sizeof(promises) + 63})
        CHECK(with_byte(at, 'x') == uml::errc::malformed); // any byte before the weights

    // Rules that no file can have, under a digest that is right.
    const auto with_rule = [&](std::size_t at, auto value) {
        const aligned_bytes other(good);
        std::memcpy(other.span().data() + at, &value, sizeof value);
        header h;
        std::memcpy(&h, other.span().data(), sizeof h);
        h.check = h.digest_of(other.span());
        std::memcpy(other.span().data(), &h, sizeof h);
        return refusal<tiny>(other.span());
    };
    constexpr std::size_t rules = sizeof(header);
    CHECK(with_rule(rules + offsetof(promises, levels), std::int32_t{3}) == uml::errc::none);
    CHECK(with_rule(rules + offsetof(promises, levels), std::int32_t{0}) == uml::errc::none);
    for (const std::int32_t levels : {-1, 2, 4, 64, 1 << 30})
        CHECK(with_rule(rules + offsetof(promises, levels), levels) == uml::errc::malformed);
    for (const std::int32_t score : {-1, 3})
        CHECK(with_rule(rules + offsetof(promises, score), score) == uml::errc::malformed);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const double wrong : {-1.0, infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
        CHECK(with_rule(offsetof(header, temperature), wrong) == uml::errc::malformed);
        for (const std::size_t at : {offsetof(promises, penalty), offsetof(promises, coverage),
                                     offsetof(promises, mask_threshold), offsetof(promises, mask_miss)})
            CHECK(with_rule(rules + at, wrong) == uml::errc::malformed);
    }
    for (const double wrong : {0.0, -0.0, 1e-4, 1001.0, 1e300})
        CHECK(with_rule(offsetof(header, temperature), wrong) == uml::errc::malformed);
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (const float wrong : {nan, -0.1F, 1.1F, std::numeric_limits<float>::infinity()})
        for (const std::size_t at : {offsetof(header, image_vacuity), offsetof(header, pixel_vacuity)})
            CHECK(with_rule(at, wrong) == uml::errc::malformed);
    for (const std::size_t at :
         {offsetof(promises, coverage), offsetof(promises, mask_threshold), offsetof(promises, mask_miss)})
        CHECK(with_rule(rules + at, 1.01) == uml::errc::malformed);
    CHECK(with_rule(rules + offsetof(promises, penalty), 1e7) == uml::errc::malformed);
    CHECK(with_rule(rules + offsetof(promises, free_ranks), std::int32_t{-1}) == uml::errc::malformed);
    for (const double wrong : {-0.5, infinity, std::numeric_limits<double>::quiet_NaN()}) {
        CHECK(with_rule(rules + offsetof(promises, thresholds) + 2 * sizeof(double), wrong) == uml::errc::malformed);
        CHECK(with_rule(rules + offsetof(promises, thresholds) + 3 * sizeof(double), wrong) ==
              uml::errc::none); // unused
    }
    for (const float wrong : {nan, 1e7F, -1e7F}) {
        CHECK(with_rule(rules + offsetof(promises, black), wrong) == uml::errc::malformed);
        CHECK(with_rule(rules + offsetof(promises, white), wrong) == uml::errc::malformed);
    }
    CHECK(with_rule(rules + offsetof(promises, black), 255.F) == uml::errc::malformed); // as white
    for (const std::int32_t filter : {-1, 6})
        CHECK(with_rule(rules + offsetof(promises, filter), filter) == uml::errc::malformed);

    std::memmove(copy.span().data() + 1, good.data(), good.size() - 1);
    CHECK(refusal<tiny>(copy.span().subspan(1)) == uml::errc::invalid_argument);
}

TEST_CASE("no flipped bit before the weights is taken") {
    const auto bytes = labelled_bytes();
    const auto prepared = uml::prepare<tiny>(labelled_file(bytes));
    REQUIRE(prepared);
    const aligned_bytes copy(prepared->bytes());
    uml::prepared_detail::header h;
    std::memcpy(&h, copy.span().data(), sizeof h);
    const auto before = static_cast<std::size_t>(h.bytes_before_weights());
    REQUIRE(before == 960);
    int taken = 0;
    for (std::size_t i = 0; i < before; ++i)
        for (int bit = 0; bit < 8; ++bit) {
            copy.span()[i] ^= std::byte{1} << bit;
            taken += refusal<tiny>(copy.span()) == uml::errc::none ? 1 : 0;
            copy.span()[i] ^= std::byte{1} << bit;
        }
    CHECK(taken == 0);
    CHECK(refusal<tiny>(copy.span()) == uml::errc::none);
}

TEST_CASE("weights that cannot be loaded cannot be prepared") {
    auto d = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config);
    d.tensors.erase(d.tensors.begin());
    const auto bytes = d.bytes();
    const auto p = uml::prepare<tiny>(labelled_file(bytes));
    REQUIRE_FALSE(p);
    CHECK(p.error().code == uml::errc::missing_tensor);
}
