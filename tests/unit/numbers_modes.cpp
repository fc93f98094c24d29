// Whatever the program around it has chosen (rounding, denormals, interrupts, the x87's precision) changes no bit.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/picture.hpp"
#include "uml/threads/pool.hpp"

#include <doctest/doctest.h>

#include <cfenv>
#include <string>
#include <vector>
#if defined(__linux__)
    #include <sys/wait.h>
    #include <unistd.h>
#endif

#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)

namespace {

template <class B> using model = uml::model<uml_test::edge, B>;

template <class B> auto answer(const model<B>& m, const uml::executor& e = {}) {
    auto w = m.make_workspace(e);
    REQUIRE(w);
    const auto p = uml_test::pixels(m.height(), m.width(), 1, 3);
    const auto f = m.run(uml::image_view(p.data(), m.height(), m.width(), 1), *w);
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
constexpr int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
constexpr uml::config small{.height = 16, .width = 16, .channels_in = 1, .channel_divisor = 8};

template <class B> void any_rounding(const B& where, const uml::config& c) {
    const auto m = uml_test::load_edge(where, c);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto expected = answer(*m);
    for (const int mode : modes) {
        CAPTURE(mode);
        const rounding other(mode);
        CHECK(answer(*m) == expected);
        const auto again = uml_test::load_edge(where, c);
        REQUIRE_MESSAGE(again, again.error().what.c_str());
        CHECK(answer(*again) == expected);
        CHECK(std::fegetround() == mode);
    }
}

} // namespace

TEST_CASE("another rounding mode changes no bit of what is loaded and answered, and is there again afterwards") {
    any_rounding(uml::cpu{}, uml_test::edge_config);
    any_rounding(uml::reference{}, small);
    any_rounding(uml::reference64{}, small);
}

TEST_CASE("pictures are resized, and maps brought back, to the same bits in another rounding mode, in as much memory") {
    const auto p = uml_test::pixels(29, 31, 1, 3);
    const uml::image_view frame(p.data(), 29, 31, 1);
    const auto made = [&](uml::resampling filter) {
        std::vector<std::byte> scratch(static_cast<std::size_t>(*uml::fit_bytes(frame, 12, 17, 1, {.filter = filter})));
        std::vector<float> fitted(12 * 17), back(29 * 31);
        const auto where = uml::fit(frame, uml::pixel_layout::grey, uml::image_span(fitted.data(), 12, 17, 1), scratch,
                                    {.filter = filter});
        REQUIRE(where);
        scratch.resize(static_cast<std::size_t>(uml::back_bytes(*where, 1)));
        const uml::tensor_view<const float> map{fitted.data(), 12, 17, 1, 1};
        REQUIRE(uml::map_back(map, *where, uml::image_span(back.data(), 29, 31, 1), scratch));
        fitted.insert(fitted.end(), back.begin(), back.end());
        return fitted;
    };
    for (const auto filter : {uml::resampling::nearest, uml::resampling::bilinear, uml::resampling::lanczos}) {
        const auto expected = made(filter);
        for (const int mode : modes) {
            CAPTURE(mode);
            const rounding other(mode);
            CHECK(made(filter) == expected);
            CHECK(std::fegetround() == mode);
        }
    }
    // 3 * (4 / 3) is more than 4 where it is rounded up: a tap more on each side.
    volatile int to = 300; // for the compiler to round nothing
    const rounding up(FE_UPWARD);
    CHECK(uml::picture_detail::side{400, to, uml::resampling::lanczos}.most_taps() == 9);
}

TEST_CASE("threads that were started in another rounding mode give the same bits") {
    const auto m = uml_test::load_edge(uml::cpu{.threads = 3});
    REQUIRE(m);
    const auto expected = answer(*m);
    auto d = uml_test::draft::of<uml::edge_network>(uml_test::edge_config, 5);
    d.labelled("edge", uml_test::edge_config);
    const auto bytes = d.bytes();
    const rounding other(FE_UPWARD);
    uml::thread_pool pool(3); // its threads have the mode of who starts them
    CHECK(answer(*m, pool) == expected);
    uml::load_options o;
    o.threads = pool;
    const auto again = uml::load<uml_test::edge>(std::span<const std::byte>(bytes), uml::cpu{.threads = 3}, o);
    REQUIRE(again);
    CHECK(answer(*again, pool) == expected);
}

#endif

#if (defined(__x86_64__) || defined(__SSE2_MATH__)) && defined(__GNUC__)
TEST_CASE("a program that flushes denormals to zero gets the same bits") {
    const auto m = uml_test::load_edge(uml::cpu{});
    const auto slow = uml_test::load_edge(uml::reference{}, small);
    REQUIRE(m);
    REQUIRE(slow);
    const auto expected = answer(*m), of_slow = answer(*slow);
    const unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040u);
    const auto numbers = answer(*m), numbers_of_slow = answer(*slow);
    const auto again = uml_test::load_edge(uml::cpu{});
    const unsigned after = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before);
    CHECK((after & 0x8040u) == 0x8040u);
    CHECK(numbers == expected);
    CHECK(numbers_of_slow == of_slow);
    REQUIRE(again);
    CHECK(answer(*again) == expected);
}
#endif

#if defined(__i386__) && defined(__GNUC__)
TEST_CASE("a program that makes the x87 round to 24 bits gets the same bits") {
    const auto slow = uml_test::load_edge(uml::reference64{}, small);
    REQUIRE(slow);
    const auto expected = answer(*slow);
    std::uint16_t before = 0;
    __asm__ volatile("fnstcw %0" : "=m"(before));
    const auto narrow = static_cast<std::uint16_t>(before & ~0x0300u);
    __asm__ volatile("fldcw %0" : : "m"(narrow));
    const auto numbers = answer(*slow);
    std::uint16_t after = 0;
    __asm__ volatile("fnstcw %0" : "=m"(after));
    __asm__ volatile("fldcw %0" : : "m"(before));
    CHECK(after == narrow);
    CHECK(numbers == expected);
}
#endif

#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__i386__))
TEST_CASE("a program that is interrupted by overflow, invalid operations and denormals is not by the library's") {
    // Weights that overflow, and a file whose numbers do: what would interrupt, if it could.
    auto d = uml_test::draft::of<uml::edge_network>(small);
    d.labelled("edge", small);
    d.metadata["uml.screening"] = R"({"image_vacuity": 1e-320, "pixel_vacuity": 1e-50})";
    for (auto& [name, tensor] : d.tensors)
        if (name.ends_with("running_var"))
            for (float& v : tensor.values) v = 1e-30F;
    const auto bytes = d.bytes();
    uml::load_options o;
    o.configuration = small;
    using net = uml::network<uml::edge_network>;
    const auto run = [&]<class B>(const B& where) {
        const auto m = uml::load<net>(std::span<const std::byte>(bytes), where, o);
        REQUIRE_MESSAGE(m, m.error().what.c_str());
        auto w = m->make_workspace();
        const auto p = uml_test::pixels(16, 16, 1, 3);
        const auto f = m->run(uml::image_view(p.data(), 16, 16, 1), *w);
        return f ? std::string("an answer") : std::string(f.error().what.view());
    };
    const auto expected = run(uml::cpu{}), of_slow = run(uml::reference{});
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        feclearexcept(FE_ALL_EXCEPT); // what tests before it have raised
        feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW);
        const bool same = run(uml::cpu{}) == expected && run(uml::reference{}) == of_slow;
        _exit(same && fegetexcept() == (FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("what loading and running raise is not left to the program, which may interrupt itself for it later") {
    constexpr int raised = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW;
    auto d = uml_test::draft::of<uml::edge_network>(small);
    for (auto& [name, tensor] : d.tensors)
        if (name.ends_with("running_var"))
            for (float& v : tensor.values) v = 1e-30F;
    const auto bytes = d.labelled("edge", small).bytes();
    const auto p = uml_test::pixels(16, 16, 1, 3);
    const auto check = [&]<class B>(const B& where) {
        REQUIRE(feclearexcept(FE_ALL_EXCEPT) == 0);
        const auto m = uml::load<uml::networks::edge<small>>(std::span<const std::byte>(bytes), where);
        CHECK(fetestexcept(raised) == 0);
        REQUIRE(m);
        auto w = m->make_workspace();
        REQUIRE(feraiseexcept(FE_DIVBYZERO) == 0); // the program's own stays
        (void)m->run(uml::image_view(p.data(), 16, 16, 1), *w);
        CHECK(fetestexcept(raised) == FE_DIVBYZERO);
    };
    check(uml::cpu{});
    check(uml::reference64{}); // on the x87, in a build for 32 bits without SSE
    feclearexcept(FE_ALL_EXCEPT);
}
#endif
