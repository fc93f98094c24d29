// Watching a run: each operation once, in order; ending it between two operations; where the time goes.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/model/batch.hpp"
#include "uml/profile.hpp"
#include "uml/threads/pool.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

namespace {

struct seen {
    std::vector<int> begun, ended;
    std::vector<std::string> layers;
    int cancel_after = -1;

    uml::run_watch watch() {
        return {{this,
                 [](void* self, const uml::operation_view& o) {
                     auto& own = *static_cast<seen*>(self);
                     own.begun.push_back(o.number);
                     own.layers.emplace_back(std::string(o.kind()) + " " + std::string(o.layer().view()));
                 },
                 [](void* self, const uml::operation_view& o) { static_cast<seen*>(self)->ended.push_back(o.number); }},
                {this, [](const void* self) {
                     const auto& own = *static_cast<const seen*>(self);
                     return static_cast<int>(own.begun.size()) == own.cancel_after;
                 }}};
    }
};

template <class B> void check_watch(const B& where) {
    const auto m = uml_test::load_edge(where);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto pixels = uml_test::pixels(64, 64, 1);
    const uml::image_view picture(pixels.data(), 64, 64, 1);
    const auto alone = uml_test::numbers_of(*m->run(picture, *w));
    seen all;
    const auto f = m->run(picture, *w, all.watch());
    REQUIRE(f);
    CHECK(uml_test::numbers_of(*f) == alone);
    CHECK(all.begun == all.ended);
    CHECK(std::is_sorted(all.begun.begin(), all.begun.end(), std::less_equal<>())); // strictly: each once
    CHECK(all.layers[0] == "input ");
    CHECK(std::find_if(all.layers.begin(), all.layers.end(), [](const std::string& l) {
              return l.starts_with("conv ") && l.find("layer1.0.conv1") != std::string::npos;
          }) != all.layers.end());

    seen half;
    half.cancel_after = 3;
    const auto ended = m->run(picture, *w, half.watch());
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code == uml::errc::cancelled);
    const std::string next = std::to_string(all.begun[3]);
    CHECK(std::string(ended.error().what.view())
              .starts_with("cancelled before operation " + next + " of " + std::to_string(m->program().nodes.size()) +
                           ", "));
    CHECK(half.begun == std::vector<int>(all.begun.begin(), all.begun.begin() + 3));
    CHECK(half.ended == half.begun);
    CHECK(uml_test::numbers_of(*m->run(picture, *w)) == alone); // the workspace goes on
}

} // namespace

TEST_CASE("an observer sees every operation once and in order, and a run ends between two of them") {
    check_watch(uml::reference{});
    check_watch(uml::cpu{});
}

TEST_CASE("a profiler adds up what each operation takes") {
    const auto m = uml_test::load_edge(uml::cpu{});
    REQUIRE(m);
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto pixels = uml_test::pixels(64, 64, 1);
    const uml::image_view picture(pixels.data(), 64, 64, 1);
    std::vector<uml::profiler::entry> entries(m->program().nodes.size());
    uml::profiler times(entries);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 2; ++i) REQUIRE(m->run(picture, *w, {.observer = times.observer()}));
    const std::chrono::nanoseconds whole = std::chrono::steady_clock::now() - start;
    std::int64_t sum = 0;
    int most = 0;
    for (const auto& e : times.entries()) {
        CHECK((e.runs == 0 || e.runs == 2));
        CHECK((e.runs == 0) == (e.nanoseconds == 0));
        sum += e.nanoseconds, most = std::max(most, e.runs);
    }
    CHECK(most == 2);
    CHECK(sum > whole.count() / 4);
    CHECK(sum <= whole.count());

    uml::profiler few({entries.data(), 1}); // the others are not counted, and nothing behind is written
    const auto last = entries.back();
    REQUIRE(m->run(picture, *w, {.observer = few.observer()}));
    CHECK(entries.back().nanoseconds == last.nanoseconds);
}

TEST_CASE("a token ends runs and batches until it is reset") {
    const auto m = uml_test::load_edge(uml::cpu{});
    REQUIRE(m);
    std::vector<std::remove_cvref_t<decltype(*m)>::workspace> own;
    for (int i = 0; i < 2; ++i) own.push_back(*m->make_workspace());
    const auto pixels = uml_test::pixels(64, 64, 1);
    const std::vector<uml::image_view> pictures(5, uml::image_view(pixels.data(), 64, 64, 1));
    uml::cancel_token token;
    token.cancel();
    CHECK(m->run(pictures[0], own[0], {.cancel = token.when_asked()}).error().code == uml::errc::cancelled);
    uml::thread_pool pool(2);
    int done = 0;
    const auto never = [&](int, const auto&) { ++done; };
    const auto r = uml::run_batch(*m, pictures, own, pool, never, token.when_asked());
    REQUIRE_FALSE(r);
    CHECK(r.error().code == uml::errc::cancelled);
    CHECK(std::string(r.error().what.view()).find(" of the batch: cancelled before operation 0 of ") !=
          std::string::npos);
    CHECK(done == 0);
    token.reset();
    std::vector<int> found(5);
    CHECK(uml::run_batch(
        *m, pictures, own, pool, [&](int i, const auto&) { ++found[static_cast<std::size_t>(i)]; },
        token.when_asked()));
    CHECK(found == std::vector<int>(5, 1));
}
