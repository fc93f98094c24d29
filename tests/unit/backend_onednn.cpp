// The onednn backend: as exact as its precision, for every number of threads, inside its arena.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/onednn.hpp"
#include "uml/backend/reference.hpp"
#include "uml/threads/openmp.hpp"

#include <doctest/doctest.h>

#include <cfenv>
#include <cmath>
#include <string_view>
#if defined(__unix__)
    #include <sys/wait.h>
    #include <unistd.h>
#endif

namespace {

using uml::onednn;
using uml_test::edge_config;

constexpr onednn rounded(int threads) { return {.threads = threads, .precision = uml::precision::bf16}; }

/// The segmentation logits and the class evidence of one picture, as doubles.
template <class Net = uml_test::edge, class B> std::vector<double> answer(const B& where, int threads = 1) {
    const auto m = uml_test::load_edge<Net>(where);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    auto w = m->make_workspace(uml::openmp(threads));
    REQUIRE_MESSAGE(w, w.error().what.c_str());
    const auto pixels = uml_test::pixels(edge_config.height, edge_config.width, 1);
    std::vector<double> all;
    for (int twice = 0; twice < 2; ++twice) { // the second run must not depend on the first
        const auto f = m->run(uml::image_view(pixels.data(), edge_config.height, edge_config.width, 1), *w);
        REQUIRE(f);
        all.clear();
        for (int k = 0; k < f->diagnosis.classes(); ++k) all.push_back(static_cast<double>(f->diagnosis.alpha(k)));
        for (std::int64_t p = 0; p < f->logits.pixels(); ++p)
            for (int k = 0; k < f->logits.c; ++k) all.push_back(static_cast<double>(f->logits.pixel(p)[k]));
    }
    return all;
}

double difference(const std::vector<double>& got, const std::vector<double>& want) {
    REQUIRE(got.size() == want.size());
    double off = 0, size = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        off += (got[i] - want[i]) * (got[i] - want[i]);
        size += want[i] * want[i];
    }
    return std::sqrt(off / size);
}

} // namespace

TEST_CASE("onednn: f32 agrees with the oracle on any number of threads") {
    if (!onednn{}.available()) return;
    const auto want = answer(uml::reference64{});
    for (int threads = 1; threads <= 4; ++threads) {
        CAPTURE(threads);
        const onednn where{.threads = 4};
        CHECK(difference(answer(where, threads), want) < where.relative_limit());
    }
}

TEST_CASE("onednn: bf16 rounds, and no more than it may") {
    if (!rounded(1).available()) return;
    const auto want = answer(uml::reference64{});
    for (int threads = 1; threads <= 2; ++threads) {
        const double d = difference(answer(rounded(2), threads), want);
        CHECK(d < rounded(2).relative_limit());
        CHECK(d > 1e-5);
    }
}

TEST_CASE("onednn: a network that is fixed while compiling is the same in either precision") {
    using fixed = uml::networks::edge<edge_config>;
    CHECK(answer<fixed>(onednn{}) == answer(onednn{}));
    if (rounded(1).available()) CHECK(answer<fixed>(rounded(2)) == answer(rounded(2)));
}

TEST_CASE("onednn: a program that is planned for f32 has the kernels of bf16, in which it may be loaded") {
    using compiled = uml::static_program<uml::edge_network, edge_config, onednn{}>;
    constexpr uml::kernels::kernel_set there = uml::host::called_kernels<onednn, compiled>;
    CHECK(there != uml::kernels::all_kernels);
    const auto made = uml::dynamic_program::replan(rounded(2), compiled::view());
    REQUIRE(made);
    for (std::size_t i = 0; i < made->view().nodes.size(); ++i) {
        CAPTURE(i);
        const auto s = uml::host::planned(made->view().at(i), rounded(2).how());
        CHECK((there | uml::host::operations_of<onednn>::table[s.n.kind].kernels(s)) == there);
    }
}

TEST_CASE("onednn: bf16 gives the same bits again on as many threads") { // on more, oneDNN may cut sums otherwise
    if (!rounded(1).available()) return;
    for (int threads = 1; threads <= 4; ++threads) {
        CAPTURE(threads);
        CHECK(answer(rounded(4), threads) == answer(rounded(4), threads));
    }
}

TEST_CASE("onednn: in bf16 the arena is at most 0.60 of that of f32, the same for static and dynamic programs") {
    constexpr uml::config c{.height = 256, .width = 256};
    using release = uml::network<uml::release_network, c>;
    constexpr std::int64_t half = uml::arena_bytes<release, rounded(2)>,
                           whole = uml::arena_bytes<release, onednn{.threads = 2}>;
    static_assert(half * 100 <= whole * 60);
    const auto made = uml::dynamic_program::make(rounded(2), [&](uml::graph& g) {
        uml::describe<uml::release_network>(g, c, onednn::passes, uml::output_set::answer);
    });
    REQUIRE(made);
    CHECK(made->view().sizes.arena == half);
    int wide = 0, precise = 0;
    for (const uml::node& n : made->view().nodes) {
        wide += n.type == uml::dtype::bf16;
        precise += n.precise;
        if (n.precise || n.result || n.out.c <= 8) CHECK(n.type == uml::dtype::f32);
    }
    CHECK(wide > 100);
    CHECK(precise > 0);
}

TEST_CASE("onednn: products are oneDNN's, the arena says so") {
    const auto bytes = [](auto backend) {
        const auto made = uml::dynamic_program::make(backend, [&](uml::graph& g) {
            uml::describe<uml::edge_network>(g, edge_config, decltype(backend)::engine::passes,
                                             uml::output_set::answer);
        });
        REQUIRE(made);
        return made->view().sizes.arena;
    };
    CHECK(bytes(onednn{.threads = 2, .scratch = 1 << 20}) > bytes(uml::cpu{.threads = 2}));
}

TEST_CASE("onednn: a budget of scratch memory that is too small is an error, with both numbers") {
    if (!onednn{}.available()) return;
    const auto engine = uml::onednn_detail::make_engine();
    REQUIRE(engine);
    const uml::onednn_detail::product_shape s{64, 64, 64, 64, 64, 0, true};
    const auto form = uml::onednn_detail::weights_desc(*engine, s);
    REQUIRE(form);
    std::vector<std::byte> memory(1 << 20);
    const auto floats = reinterpret_cast<float*>(memory.data());
    uml::onednn_detail::operands at{floats, memory.data(), nullptr, floats, floats, 1 << 16};
    REQUIRE(uml::onednn_detail::make_ready(*engine, s, *form, at));
    at.scratch_bytes = -1; // even where oneDNN asks for none
    const auto refused = uml::onednn_detail::make_ready(*engine, s, *form, at);
    REQUIRE(!refused);
    CHECK(refused.error().code == uml::errc::too_small);
    const std::string_view what = refused.error().what.view();
    CHECK(what.find("oneDNN wants") != what.npos);
    CHECK(what.find("gives -1") != what.npos);
}

TEST_CASE("onednn: weights fit what is planned for them, in the form for any number of threads") {
    const auto engine = uml::onednn_detail::make_engine();
    REQUIRE(engine);
    for (const dnnl_data_type_t type : {dnnl_f32, dnnl_bf16})
        for (const std::int64_t rows : {4, 64, 256, 4096})
            for (const std::int64_t columns : {16, 24, 40, 64, 72, 112, 128, 208, 256, 512})
                for (const int threads : {1, 2, 3, 4, 5, 6, 8, 12, 16}) {
                    const uml::onednn_detail::team own(threads);
                    const uml::onednn_detail::product_shape s{rows, 128, columns, 128, columns, 0, true, type, type};
                    const auto form = uml::onednn_detail::weights_desc(*engine, s);
                    if (!form) continue; // a type that this processor has not
                    CAPTURE(rows);
                    CAPTURE(columns);
                    CAPTURE(threads);
                    CHECK(form->bytes() <= s.weights_bytes());
                }
}

TEST_CASE("onednn: a smaller team than the workspace's is an error, never a part of the answer") {
    if (!onednn{}.available()) return;
    const auto m = uml_test::load_edge(onednn{.threads = 2});
    REQUIRE(m);
    const auto pixels = uml_test::pixels(edge_config.height, edge_config.width, 1);
    auto one = m->make_workspace(uml::openmp(1)), two = m->make_workspace(uml::openmp(2));
    REQUIRE((one && two));
    const auto run = [&](auto& w) {
        const auto f = m->run(uml::image_view(pixels.data(), edge_config.height, edge_config.width, 1), *w);
        return f ? uml_test::numbers_of(*f) : std::vector{-static_cast<float>(f.error().code)};
    };
    const std::vector refused{-static_cast<float>(uml::errc::device)};
    const auto by_one = run(one), by_two = run(two);
    REQUIRE(by_two.size() > 100);
    std::vector<float> inside_one, inside_two;
    bool made = true;
#pragma omp parallel num_threads(2)
#pragma omp single
    {
        inside_one = run(one), inside_two = run(two);
        made = static_cast<bool>(m->make_workspace(uml::openmp(2)));
    }
    CHECK(inside_one == by_one);
    CHECK(inside_two == refused);
    CHECK_FALSE(made);
    const int levels = omp_get_max_active_levels();
    omp_set_max_active_levels(0);
    CHECK(run(two) == refused);
    const auto w = m->make_workspace(uml::openmp(2));
    REQUIRE_FALSE(w);
    CHECK(w.error().what.view() ==
          "OpenMP gives the calling thread no team of 2, for which oneDNN's operations are made: the call comes from a "
          "parallel region or a forked process, or the limit of threads or of active levels is less");
    CHECK(run(one) == by_one);
    omp_set_max_active_levels(levels);
    omp_set_dynamic(1); // which may make teams smaller at any time
    CHECK(run(two) == by_two);
    CHECK(omp_get_dynamic() == 1);
    omp_set_dynamic(0);
}

TEST_CASE("onednn: threads that began in another rounding mode change no bit, and are in it afterwards") {
    if (!onednn{}.available()) return;
    const auto f32 = answer(onednn{.threads = 3}, 3), bf16 = answer(rounded(3), 3);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        CAPTURE(mode);
        // LLVM's OpenMP gives a team the mode of the thread that asks for it: then there are no others.
        int others = 0, others_before = 0;
#pragma omp parallel num_threads(3)
        std::fesetround(mode);
        std::fesetround(FE_TONEAREST); // of this one alone
#pragma omp parallel num_threads(3) reduction(+ : others_before)
        others_before += std::fegetround() == mode ? 1 : 0;
        CHECK(answer(onednn{.threads = 3}, 3) == f32);
        CHECK(answer(rounded(3), 3) == bf16);
#pragma omp parallel num_threads(3) reduction(+ : others)
        others += std::fegetround() == mode ? 1 : 0;
        CHECK(others == others_before);
#if !defined(__clang__)
        CHECK(others == 2);
#endif
#pragma omp parallel num_threads(3)
        std::fesetround(FE_TONEAREST);
    }
}

#if defined(__unix__)
TEST_CASE("onednn: a forked process has no team, and one thread as ever") {
    if (!onednn{}.available()) return;
    const auto by_one = answer(onednn{}), by_two = answer(onednn{.threads = 2}, 2);
    const auto kept = uml_test::load_edge(onednn{.threads = 2});
    REQUIRE(kept);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        alarm(20); // ends a child that waits for threads that it has not
        const bool same = answer(onednn{}) == by_one && answer(onednn{.threads = 2}, 1) == by_one;
        const auto m = uml_test::load_edge(onednn{.threads = 2});
        const auto w = m->make_workspace(uml::openmp(2)), v = kept->make_workspace(uml::openmp(2));
        _exit(same && !w && !v && w.error().code == uml::errc::device ? 0 : 1);
    }
    int status = 1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(answer(onednn{.threads = 2}, 2) == by_two);
}
#endif

TEST_CASE("onednn: more threads than the backend has are refused") {
    const auto m = uml_test::load_edge(onednn{.threads = 2});
    REQUIRE(m);
    const auto w = m->make_workspace(uml::openmp(3));
    REQUIRE(!w);
    CHECK(w.error().code == uml::errc::invalid_argument);
}

TEST_CASE("onednn: the sentences of oneDNN's refusals") {
    const auto r = uml::onednn_detail::checked(dnnl_unimplemented, "a product");
    REQUIRE(!r);
    CHECK(r.error().code == uml::errc::unsupported);
    CHECK(r.error().what.view() == "oneDNN, a product: not implemented for this processor");
    CHECK(uml::onednn_detail::checked(dnnl_out_of_memory, "x").error().code == uml::errc::out_of_memory);
    CHECK(uml::onednn_detail::checked(dnnl_success, "x"));
}
