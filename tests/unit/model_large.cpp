// A picture of 2048 x 2048 pixels in exactly the memory that the plan says.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"

#include <doctest/doctest.h>

#include <cmath>

TEST_CASE("2048 x 2048 runs in the bytes that were planned, and touches none beside them") {
    constexpr int n = 2048;
    const auto m = uml_test::load_edge(uml::cpu{}, {.height = n,
                                                    .width = n,
                                                    .regions = 2,
                                                    .classes = 3,
                                                    .channels_in = 1,
                                                    .channel_divisor = 16,
                                                    .stem_stride = 2});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    constexpr std::size_t edge = 4096;
    const std::byte untouched{0xa5};
    const auto bytes = static_cast<std::size_t>(m->arena_bytes());
    std::vector<std::byte> memory(bytes + 2 * edge + 64, untouched);
    const std::size_t past = reinterpret_cast<std::uintptr_t>(memory.data()) % 64;
    const std::span<std::byte> arena = std::span(memory).subspan(edge + (past == 0 ? 0 : 64 - past), bytes);

    auto w = m->make_workspace({}, arena);
    REQUIRE_MESSAGE(w, w.error().what.c_str());
    const auto picture = uml_test::pixels(n, n, 1);
    const auto f = m->run(uml::image_view(picture.data(), n, n, 1), *w);
    REQUIRE(f);
    CHECK(f->diagnosis.vacuity() > 0);
    CHECK(std::isfinite(f->logits.pixel(f->logits.pixels() - 1)[0]));
    const auto clean = [&](const std::byte* begin, const std::byte* end) {
        return std::all_of(begin, end, [&](std::byte b) { return b == untouched; });
    };
    CHECK(clean(memory.data(), arena.data()));
    CHECK(clean(arena.data() + arena.size(), memory.data() + memory.size()));

    auto less = m->make_workspace({}, arena.first(bytes - 64));
    REQUIRE_FALSE(less);
    CHECK(less.error().code == uml::errc::too_small);
}
