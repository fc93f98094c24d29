// Several pictures at once: the answers of one after the other, each by one thread.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/model/batch.hpp"
#include "uml/threads/pool.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using B = uml::cpu;
using model = uml::model<uml_test::edge, B>;
constexpr int n = 64, count = 5;

struct pictures {
    std::vector<std::vector<float>> pixels;
    std::vector<uml::image_view> views;

    pictures() {
        for (unsigned i = 0; i < count; ++i) pixels.push_back(uml_test::pixels(n, n, 1, i));
        for (const auto& p : pixels) views.emplace_back(p.data(), n, n, 1);
    }
};

std::vector<model::workspace> workspaces(const model& m, int wanted) {
    std::vector<model::workspace> all;
    for (int i = 0; i < wanted; ++i) {
        auto w = m.make_workspace();
        REQUIRE(w);
        all.push_back(*std::move(w));
    }
    return all;
}

} // namespace

TEST_CASE("a batch gives each picture the bits that it has alone, on any number of threads") {
    const auto m = uml_test::load_edge(B{});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const pictures p;
    auto own = workspaces(*m, 3);
    std::vector<std::vector<float>> alone, together(count);
    for (const auto& view : p.views) alone.push_back(uml_test::numbers_of(*m->run(view, own[0])));
    REQUIRE(alone[0] != alone[1]);
    for (const int width : {1, 2, 3}) {
        CAPTURE(width);
        uml::thread_pool pool(width);
        together.assign(count, {});
        const auto done = [&](int i, const auto& f) {
            together[static_cast<std::size_t>(i)] = uml_test::numbers_of(f);
        };
        CHECK(uml::run_batch(*m, p.views, own, pool, done));
        CHECK(together == alone);
    }
    CHECK(uml::run_batch(*m, {}, own, uml::executor{}, [](int, const auto&) { FAIL("no picture"); }));
}

TEST_CASE("a batch that cannot be run says why, and nothing has run") {
    const auto m = uml_test::load_edge(B{});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    pictures p;
    auto own = workspaces(*m, 1);
    uml::thread_pool pool(2);
    const auto never = [](int, const auto&) { FAIL("it ran"); };
    const auto few = uml::run_batch(*m, p.views, own, pool, never);
    REQUIRE_FALSE(few);
    CHECK(few.error().code == uml::errc::too_small);
    CHECK(few.error().what == "batch: 1 workspaces for 2 threads");
    p.views[3] = uml::image_view(p.pixels[3].data(), n / 2, n, 1);
    const auto wrong = uml::run_batch(*m, p.views, own, uml::executor{}, never);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == uml::errc::wrong_shape);
    CHECK(wrong.error().what ==
          "number 3 of the batch: picture: 32 x 64 pixels (height x width), the network takes 64 x 64");
}
