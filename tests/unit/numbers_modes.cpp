// Whatever the program around it has chosen, rounding and denormals change nothing that counts.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"

#include <doctest/doctest.h>

#include <cfenv>
#include <cmath>

namespace {

using model = uml::model<uml_test::edge, uml::cpu>;

auto answer(const model& m) {
    auto w = m.make_workspace();
    REQUIRE(w);
    const auto p = uml_test::pixels(64, 64, 1, 3);
    const auto f = m.run(uml::image_view(p.data(), 64, 64, 1), *w);
    REQUIRE(f);
    return uml_test::numbers_of(*f);
}

/// Until the end of the scope.
struct rounding {
    explicit rounding(int mode) { std::fesetround(mode); }
    rounding(const rounding&) = delete;
    rounding& operator=(const rounding&) = delete;
    ~rounding() { std::fesetround(FE_TONEAREST); }
};

} // namespace

#if defined(__x86_64__) || defined(__aarch64__)
TEST_CASE("cpu: another rounding mode changes no bit of an answer, and is there again afterwards") {
    const auto m = uml_test::load_edge(uml::cpu{});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto expected = answer(*m);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        CAPTURE(mode);
        const rounding other(mode);
        CHECK(answer(*m) == expected);
        CHECK(std::fegetround() == mode);
    }
}
#endif

TEST_CASE("a model that was loaded in another rounding mode is as good") {
    const auto m = uml_test::load_edge(uml::cpu{});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto expected = answer(*m);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        CAPTURE(mode);
        const auto other = [&] {
            const rounding during(mode);
            return uml_test::load_edge(uml::cpu{});
        }();
        REQUIRE_MESSAGE(other, other.error().what.c_str());
        const auto numbers = answer(*other);
        REQUIRE(numbers.size() == expected.size());
        double off = 0, size = 0;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const double want = static_cast<double>(expected[i]), d = static_cast<double>(numbers[i]) - want;
            off += d * d;
            size += want * want;
        }
        CHECK(std::sqrt(off / size) < 1e-5);
    }
}

#if defined(__x86_64__) && defined(__GNUC__)
TEST_CASE("cpu: a program that flushes denormals to zero gets the same bits") {
    const auto m = uml_test::load_edge(uml::cpu{});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto expected = answer(*m);
    const unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040u);
    const auto numbers = answer(*m);
    const auto again = uml_test::load_edge(uml::cpu{});
    __builtin_ia32_ldmxcsr(before);
    CHECK(numbers == expected);
    REQUIRE(again);
    CHECK(answer(*again) == expected);
}
#endif
